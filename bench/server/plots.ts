/**
 * Pictures of a load as SVG: how latencies are spread (x on a logarithmic scale), and what becomes
 * of figures over time (one panel below the other).
 */
import type { Histogram } from '../cluster/histogram.ts';
import { colours, niceStep } from '../engine/plot.ts';

export interface Spread {
  readonly name: string;
  readonly histogram: Histogram;
}

export interface Panel {
  /** With its unit. */
  readonly name: string;
  readonly values: readonly number[];
}

const width = 720;
const left = 64;
const right = width - 40;
const top = 48;
/** Bars in a factor of ten. */
const binsPerDecade = 20;
const spreadHeight = 360;
const panelHeight = 130;
const marked = [0.5, 0.99] as const;

/** Shares of all, by latency; p50 and p99 are marked. Something must have been measured. */
export function spreadPlot(title: string, spreads: readonly Spread[]): string {
  const binned = spreads.map(({ name, histogram }) => ({ name, histogram, ...binsOf(histogram) }));
  const lows = binned.map(({ bins }) => Math.min(...bins.keys()));
  const highs = binned.map(({ bins }) => Math.max(...bins.keys()));
  const low = Math.floor(Math.min(...lows) / binsPerDecade);
  const high = Math.ceil((Math.max(...highs) + 1) / binsPerDecade);
  const bottom = spreadHeight - 56;
  const highest = Math.max(...binned.flatMap(({ bins }) => [...bins.values()]));
  const atX = (decades: number): number =>
    round(left + ((decades - low) / (high - low)) * (right - left));
  const atY = (share: number): number => round(bottom - (share / highest) * (bottom - top - 20));
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => low + index).map(
    (decade) =>
      `<path d="M${atX(decade)} ${top}V${bottom}" stroke="#d4d4d8"/>` +
      text(atX(decade), bottom + 18, 'middle', String(round(10 ** decade))),
  );
  const shapes = binned.map(({ name, histogram, bins }, index) => {
    const colour = colours[index] ?? '';
    const steps = [...bins].map(([bin, share]) => {
      const [from, to] = [bin / binsPerDecade, (bin + 1) / binsPerDecade];
      return `M${atX(from)} ${bottom}V${atY(share)}H${atX(to)}V${bottom}`;
    });
    const marks = marked.map((share) => {
      const ms = histogram.quantile(share);
      return (
        `<path d="M${atX(Math.log10(ms))} ${top}V${bottom}" stroke="${colour}" ` +
        `stroke-dasharray="4 3"/>`
      );
    });
    const told = marked.map((share) => `p${share * 100} ${round(histogram.quantile(share))} ms`);
    const label = `${name}: ${told.join(', ')}`;
    return [
      `<path d="${steps.join('')}" fill="${colour}" fill-opacity="0.35" stroke="${colour}"/>`,
      ...marks,
      `<g fill="${colour}">${text(right, top + 14 + 18 * index, 'end', label)}</g>`,
    ].join('\n');
  });
  const axis = text((left + right) / 2, spreadHeight - 12, 'middle', 'ms, logarithmic');
  return svg(title, spreadHeight, [...ticks, ...shapes, axis]);
}

/** Every panel has a value for each of the times; `minutes` ascend. */
export function timePlot(
  title: string,
  minutes: readonly number[],
  panels: readonly Panel[],
): string {
  const end = Math.max(...minutes, 1e-9);
  const atX = (minute: number): number => round(left + (minute / end) * (right - left));
  const drawn = panels.map(({ name, values }, index) => {
    const ceiling = top + index * panelHeight;
    const bottom = ceiling + panelHeight - 34;
    const step = niceStep(Math.max(...values, 1e-9) / 3);
    const steps = Math.ceil(Math.max(...values, 1e-9) / step);
    const atY = (value: number): number =>
      round(bottom - (value / (steps * step)) * (bottom - ceiling - 20));
    const grid = Array.from({ length: steps + 1 }, (_, line) => {
      const y = atY(line * step);
      const value = text(left - 8, y + 4, 'end', String(round(line * step)));
      return `<path d="M${left} ${y}H${right}" stroke="#d4d4d8"/>${value}`;
    });
    const path = values.map((value, at) => `${atX(minutes[at] ?? 0)} ${atY(value)}`).join('L');
    const line = `<path d="M${path}" fill="none" stroke="${colours[0]}" stroke-width="1.5"/>`;
    return [...grid, line, text(left, ceiling + 12, 'start', name)].join('\n');
  });
  const height = top + panels.length * panelHeight + 20;
  const step = niceStep(end / 6);
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, index) =>
    text(atX(index * step), height - 28, 'middle', String(round(index * step))),
  );
  const axis = text((left + right) / 2, height - 8, 'middle', 'minutes');
  return svg(title, height, [...drawn, ...ticks, axis]);
}

/** Share of all by bin, a bin being 1 / `binsPerDecade` of a decade from 10^0 on. */
function binsOf(histogram: Histogram): { readonly bins: ReadonlyMap<number, number> } {
  const bins = new Map<number, number>();
  for (const { upToMs, count } of histogram.classes()) {
    const bin = Math.floor(Math.log10(upToMs) * binsPerDecade);
    bins.set(bin, (bins.get(bin) ?? 0) + count / histogram.count);
  }
  return { bins };
}

function text(x: number, y: number, anchor: 'start' | 'middle' | 'end', words: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}

function svg(title: string, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img"
  font-family="system-ui, sans-serif" font-size="13" fill="#3f3f46">
<title>${title}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${left}" y="24" font-size="15" font-weight="600">${title}</text>
${parts.join('\n')}
</svg>
`;
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}
