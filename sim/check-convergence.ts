/**
 * G1, convergence: whoever has the same operations has the same text and the same state, at any
 * time.
 *
 * Remembers the text for every version vector that any replica of a document ever had.
 */
import type { SimClient } from './sim-client.ts';
import { check } from './violation.ts';

interface Seen {
  readonly by: string;
  readonly text: string;
  /** null: not taken (it costs more than the text). */
  readonly digest: string | null;
}

/** Of one in this many states the digest is compared too. */
const digestEvery = 8;

export class ConvergenceCheck {
  readonly #seen = new Map<string, Seen>();
  #states = 0;

  /** A client has come to a version, named by `versionKey`, and to a text. */
  arrived(client: SimClient, key: string, text: string): void {
    const { name, document, core } = client;
    const { sequence } = core.fold;
    const seen = this.#seen.get(key);
    if (seen === undefined) {
      this.#states++;
      const digest = this.#states % digestEvery === 0 ? sequence.digest() : null;
      this.#seen.set(key, { by: name, text, digest });
      return;
    }
    if (seen.by === name) return;
    const what = (): string => `${name} and ${seen.by} have the same operations of ${document} but`;
    check(
      seen.text === text,
      'G1',
      () => `${what()} ${JSON.stringify(text)} is not ${JSON.stringify(seen.text)}`,
      name,
      seen.by,
    );
    if (seen.digest === null) return;
    const digest = sequence.digest();
    check(
      seen.digest === digest,
      'G1',
      () => `${what()} ${digest} ≠ ${seen.digest}`,
      name,
      seen.by,
    );
  }
}

/** The document and its version, as one string. */
export function versionKey({ document, core }: SimClient): string {
  let key = document;
  for (const [replica, last] of core.fold.sequence.versionVector.entries()) {
    key += ` ${replica}:${last}`;
  }
  return key;
}
