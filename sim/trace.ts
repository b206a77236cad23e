/**
 * What happened in a run, as a rolling hash: two runs with the same hash did the same, event for
 * event.
 *
 * Every event is described by one canonical line; the hash takes it in. The lines themselves are
 * kept only on request: keeping them costs more than the run.
 */

/** 64 bits in two lanes of FNV-1a, each with another prime; finds differences, resists nobody. */
export class Trace {
  #a = 0x811c9dc5;
  #b = 0x050c5d1f;
  #count = 0;
  readonly #lines: string[] | null;

  constructor(options: { readonly keepLines: boolean }) {
    this.#lines = options.keepLines ? [] : null;
  }

  /** Number of events so far. */
  get count(): number {
    return this.#count;
  }

  /** The events so far, oldest first; empty unless they are kept. */
  get lines(): readonly string[] {
    return this.#lines ?? [];
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }

  /** Takes in one event. `detail` is for people: in the kept line, not in the hash. */
  note(line: string, detail?: () => string): void {
    this.#count++;
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < line.length; i++) {
      const unit = line.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x01000193);
      b = Math.imul(b ^ unit, 0x5bd1e995);
      b ^= b >>> 15;
    }
    this.#a = Math.imul(a ^ 10, 0x01000193);
    this.#b = Math.imul(b ^ 10, 0x5bd1e995);
    if (this.#lines === null) return;
    this.#lines.push(`${this.#count} ${line}${detail === undefined ? '' : ` ${detail()}`}`);
  }
}

/** A short name for the content of a message. */
export function contentHash(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
