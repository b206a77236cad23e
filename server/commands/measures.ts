/** Sizes and times as people read them. */

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.5 MiB`; bytes are whole. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

const spans = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** `3 h`: the largest unit of which there is one, rounded down. */
export function ageText(ms: number): string {
  const [span, name] = spans.find(([each]) => ms >= each) ?? [1, 'ms'];
  return `${Math.floor(Math.max(ms, 0) / span)} ${name}`;
}

/** `1 row`, `2 rows`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A ratio with one digit after the point; a dash where there is nothing to divide by. */
export function ratioText(part: number, of: number): string {
  return of === 0 ? '–' : (part / of).toFixed(1);
}

/** Lines of two columns, the second one aligned. */
export function table(rows: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
