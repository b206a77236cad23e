/**
 * Listeners, and a queue of what they are still to be told. Events are told one after the other, in
 * the order in which they came about, and never inside the call that brought them about: a listener
 * may call anything.
 */

type Listeners<Events> = { readonly [Type in keyof Events]: Set<(event: Events[Type]) => void> };

export class Emitter<Events> {
  readonly #listeners: Listeners<Events>;
  readonly #onFault: (error: unknown) => void;
  readonly #queue: (() => void)[] = [];
  #flushing = false;

  /** `onFault` takes what a listener threw; the others are still called. */
  constructor(listeners: Listeners<Events>, onFault: (error: unknown) => void) {
    this.#listeners = listeners;
    this.#onFault = onFault;
  }

  /** Returns what ends it. The same function may listen several times. */
  on<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void): () => void {
    const own = (event: Events[Type]): void => listener(event);
    this.#listeners[type].add(own);
    return () => void this.#listeners[type].delete(own);
  }

  /** Notes an event; `flush` tells it. */
  push<Type extends keyof Events>(type: Type, event: Events[Type]): void {
    this.#queue.push(() => {
      for (const listener of [...this.#listeners[type]]) {
        try {
          listener(event);
        } catch (error) {
          this.#onFault(error);
        }
      }
    });
  }

  /** Tells what was noted, and what listeners bring about meanwhile. */
  flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    for (let tell = this.#queue.shift(); tell !== undefined; tell = this.#queue.shift()) tell();
    this.#flushing = false;
  }
}
