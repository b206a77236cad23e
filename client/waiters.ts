/** Promises for a condition of a session, checked after each of its steps. */

/** An AbortSignal, as far as it is used here. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface Waiter {
  readonly done: () => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class Waiters {
  readonly #waiters = new Set<Waiter>();

  /** Settles with the first of: `done`, an end (given here or to `check`), the signal's abort. */
  async wait(
    done: () => boolean,
    ended: Error | null,
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    if (signal?.aborted) throw signal.reason;
    if (ended !== null) throw ended;
    let onAbort = (): void => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const waiter = { done, resolve, reject };
        this.#waiters.add(waiter);
        onAbort = () => {
          this.#waiters.delete(waiter);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', onAbort);
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Resolves those whose condition holds; with an end, rejects the others. */
  check(ended: Error | null): void {
    for (const waiter of this.#waiters) {
      if (waiter.done()) waiter.resolve();
      else if (ended !== null) waiter.reject(ended);
      else continue;
      this.#waiters.delete(waiter);
    }
  }

  rejectAll(reason: Error): void {
    for (const { reject } of this.#waiters) reject(reason);
    this.#waiters.clear();
  }
}
