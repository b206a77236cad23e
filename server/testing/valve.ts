/**
 * The gate of a TCP proxy (tcp-proxy.ts) as a valve: open at first, closed and opened by a test.
 * What comes to a closed one waits there, in order, and nothing of it is lost.
 */
import type { Direction, Gate } from './proxy-pair.ts';

export class Valve {
  readonly #closed = new Set<Direction>();
  readonly #waiting: { readonly direction: Direction; readonly pass: () => void }[] = [];
  #changed: () => void = () => {};

  /** For `startTcpProxy`. */
  readonly gate: Gate = (direction) => {
    if (!this.#closed.has(direction)) return Promise.resolve();
    return new Promise<void>((pass) => {
      this.#waiting.push({ direction, pass });
      this.#changed();
    });
  };

  /** From now on nothing passes in this direction. */
  close(direction: Direction): void {
    this.#closed.add(direction);
  }

  /** Lets everything pass, what waits first. */
  open(): void {
    this.#closed.clear();
    for (const { pass } of this.#waiting.splice(0)) pass();
  }

  /** Resolves when something waits to pass in this direction. */
  async held(direction: Direction): Promise<void> {
    while (!this.#waiting.some((each) => each.direction === direction)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}
