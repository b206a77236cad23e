/**
 * What the threads of a batch share: which seed is next, where to stop, and who is at what.
 *
 * Threads take seeds one by one, in order. Whoever finds a violation moves the end to its seed, so
 * that the seeds before it are all run and those after it no more: the lowest failing seed is the
 * same for any number of threads. The main thread sees from here that a seed does not end, since a
 * thread in an endless loop answers nothing.
 *
 *   word 0     1     2 + 2 i          3 + 2 i
 *        next  end   seed of thread i   runs that it has begun
 */

const wordsBefore = 2;
const wordsPerThread = 2;

export class Board {
  readonly #words: BigInt64Array;

  constructor(shared: SharedArrayBuffer) {
    this.#words = new BigInt64Array(shared);
  }

  /** The memory of a board for so many threads. */
  static memory(threads: number): SharedArrayBuffer {
    const words = wordsBefore + threads * wordsPerThread;
    return new SharedArrayBuffer(words * BigInt64Array.BYTES_PER_ELEMENT);
  }

  /** Offers the seeds `from` … `end` - 1. */
  offer(from: number, end: number): void {
    Atomics.store(this.#words, 0, BigInt(from));
    Atomics.store(this.#words, 1, BigInt(end));
  }

  /** The next seed; null: there is none. */
  take(): number | null {
    const seed = Atomics.add(this.#words, 0, 1n);
    return seed < Atomics.load(this.#words, 1) ? Number(seed) : null;
  }

  /** Seeds from this one on are not offered any more. */
  endBefore(seed: number): void {
    const wanted = BigInt(seed);
    for (;;) {
      const end = Atomics.load(this.#words, 1);
      if (end <= wanted) return;
      if (Atomics.compareExchange(this.#words, 1, end, wanted) === end) return;
    }
  }

  /** Thread `thread` begins with a run. */
  begin(thread: number, seed: number): void {
    Atomics.store(this.#words, this.#at(thread), BigInt(seed));
    Atomics.add(this.#words, this.#at(thread) + 1, 1n);
  }

  /** The seed that a thread is at, and how many runs it has begun. */
  lookAt(thread: number): { readonly seed: number; readonly runs: number } {
    const seed = Number(Atomics.load(this.#words, this.#at(thread)));
    return { seed, runs: Number(Atomics.load(this.#words, this.#at(thread) + 1)) };
  }

  #at(thread: number): number {
    return wordsBefore + thread * wordsPerThread;
  }
}
