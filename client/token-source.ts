/** Where a session's token comes from: a text, or a function that is asked each time. */

/** The function is asked before each connection, and ahead of the token's expiry. */
export type TokenOption = string | (() => string | Promise<string>);

export class TokenSource {
  #token: TokenOption;

  constructor(token: TokenOption) {
    this.#token = token;
  }

  /** null: it has to be asked for. */
  get text(): string | null {
    return typeof this.#token === 'string' ? this.#token : null;
  }

  replace(token: TokenOption): void {
    this.#token = token;
  }

  /** Asks; null when the function fails, as it may while its service is away. Never in the call. */
  ask(answer: (token: string | null) => void): void {
    const token = this.#token;
    Promise.resolve()
      .then(() => (typeof token === 'string' ? token : token()))
      .then(answer, () => answer(null));
  }
}
