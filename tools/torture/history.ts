/**
 * What happened in a run, as JSON Lines: frames in hex, edits, acknowledgements, faults. Written as
 * it goes on; kept only if something was found.
 */
import { createWriteStream, mkdirSync, rmSync, type WriteStream, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { finished } from 'node:stream/promises';

const root = join(import.meta.dirname, '..', '..');

export class History {
  readonly folder: string;
  readonly #startMs = performance.now();
  #stream: WriteStream | null = null;
  #era = 0;

  /** In a folder of its own below .cache/torture. */
  constructor(name: string) {
    this.folder = join(root, '.cache', 'torture', name);
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
  }

  /** For people, from where they are. */
  get place(): string {
    return relative(process.cwd(), this.folder);
  }

  /** What was found to be in order is not kept. */
  async nextEra(): Promise<void> {
    await this.#end();
    if (this.#era > 0) rmSync(this.#path(), { force: true });
    this.#era++;
    this.#stream = createWriteStream(this.#path());
  }

  note(type: string, what: Readonly<Record<string, unknown>>): void {
    const ms = Math.round(performance.now() - this.#startMs);
    this.#stream?.write(`${JSON.stringify({ ms, type, ...what })}\n`);
  }

  /** A file beside it. */
  keep(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  async close(options: { readonly isKept: boolean }): Promise<void> {
    await this.#end();
    if (!options.isKept) rmSync(this.folder, { recursive: true, force: true });
  }

  #path(): string {
    return join(this.folder, `history-${this.#era}.jsonl`);
  }

  async #end(): Promise<void> {
    const stream = this.#stream;
    this.#stream = null;
    if (stream === null) return;
    stream.end();
    await finished(stream);
  }
}
