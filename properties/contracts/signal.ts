/** Lets a test wait for what it is told instead of for time to pass. */
export class Signal {
  readonly #waiting: (() => void)[] = [];

  /** Something has changed: everybody looks again. */
  tell(): void {
    for (const look of this.#waiting.splice(0)) look();
  }

  /** Looks at once, and whenever something has changed. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
