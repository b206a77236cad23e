/**
 * A writer and a reader of one document. The writer types at the end, one character each time, so
 * that the length at the reader tells which edits have arrived.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '../../client/connect-node.ts';
import type { SyncSession } from '../../client/sync-session.ts';

/** Whoever has not arrived after this is missing. */
const patienceMs = 10_000;

export class HonestPair {
  readonly #writer: SyncSession;
  readonly #reader: SyncSession;
  /** When each character was typed, by its index. */
  readonly #typedMs = new Map<number, number>();
  #arrived = 0;
  #latenciesMs: number[] = [];

  constructor(url: string, documentId: string) {
    this.#writer = connect({ url, documentId });
    this.#reader = connect({ url, documentId });
    this.#reader.on('change', () => this.#note());
  }

  async ready(): Promise<void> {
    await Promise.all([this.#writer.synced(), this.#reader.synced()]);
    this.#arrived = this.#reader.length;
  }

  /** Types at a fixed rate, whatever comes back; tells how long each took to arrive. */
  async type({ forMs, everyMs }: { readonly forMs: number; readonly everyMs: number }): Promise<{
    readonly latenciesMs: readonly number[];
    readonly missing: number;
  }> {
    this.#latenciesMs = [];
    const begin = performance.now();
    const phaseMs = Math.random() * everyMs;
    for (let n = 0; n * everyMs < forMs; n++) {
      await wait(Math.max(0, begin + phaseMs + n * everyMs - performance.now()));
      this.#typedMs.set(this.#writer.length, performance.now());
      this.#writer.insert(this.#writer.length, 'x');
    }
    const giveUpMs = performance.now() + patienceMs;
    while (this.#typedMs.size > 0 && performance.now() < giveUpMs) await wait(5);
    const missing = this.#typedMs.size;
    this.#typedMs.clear();
    return { latenciesMs: this.#latenciesMs, missing };
  }

  close(): void {
    this.#writer.close();
    this.#reader.close();
  }

  #note(): void {
    const now = performance.now();
    for (; this.#arrived < this.#reader.length; this.#arrived++) {
      const typedMs = this.#typedMs.get(this.#arrived);
      if (typedMs === undefined) continue;
      this.#latenciesMs.push(now - typedMs);
      this.#typedMs.delete(this.#arrived);
    }
  }
}
