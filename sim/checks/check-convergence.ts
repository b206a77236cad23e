/**
 * Convergence: whoever has the same operations has the same text and the same state, at any time
 * (S8); characters never change places (S9, the strong list specification: Attiya et al., 2016).
 *
 * Remembers the text for every version vector that any replica of a document ever had, and the
 * order of the characters as somebody saw it last.
 */
import type { OpId } from '../../proto/batch.ts';
import type { Coverage } from './coverage.ts';
import type { LogTruth } from './log-truth.ts';

/** What is asked of a client's state. */
export interface SeenClient {
  readonly name: string;
  readonly document: string;
  readonly core: {
    readonly fold: {
      readonly sequence: {
        readonly length: number;
        idAt(index: number): OpId | null;
        digest(): string;
      };
    };
  };
}

/** What names a client's version. */
interface VersionedClient {
  readonly document: string;
  readonly core: {
    readonly replica: number;
    readonly fold: {
      readonly lsn: number;
      readonly sequence: {
        readonly versionVector: {
          get(replica: number): number;
          entries(): Iterable<readonly [number, number]>;
        };
      };
    };
  };
}

interface Seen {
  readonly by: string;
  readonly text: string;
  /** null: not taken (it costs more than the text). */
  readonly digest: string | null;
}

/** Of one in this many states the digest, and the order, are compared too. */
const deepEvery = 16;

export class ConvergenceCheck {
  readonly #coverage: Coverage;
  readonly #seen = new Map<string, Seen>();
  /** Places of the characters in the last order that was looked at, by document and id. */
  readonly #orders = new Map<string, Map<string, number>>();
  #states = 0;

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  /** A client has come to a version, named by `versionKey`, and to a text. */
  arrived(client: SeenClient, key: string, text: string): void {
    const { name, core } = client;
    const { sequence } = core.fold;
    const seen = this.#seen.get(key);
    if (seen === undefined) {
      this.#states++;
      const isDeep = this.#states % deepEvery === 0;
      this.#seen.set(key, { by: name, text, digest: isDeep ? sequence.digest() : null });
      if (isDeep) this.#compareOrder(client);
      return;
    }
    if (seen.by === name) return;
    const what = (): string =>
      `${name} and ${seen.by} have the same operations of ${client.document} but`;
    const texts = (): string => `${what()} ${JSON.stringify(text)} ≠ ${JSON.stringify(seen.text)}`;
    this.#coverage.always('S8', seen.text === text, texts, name, seen.by);
    if (seen.digest === null) return;
    const isSame = sequence.digest() === seen.digest;
    this.#coverage.always('S8', isSame, () => `${what()} other states`, name, seen.by);
  }

  /** A tab was closed: what nobody else had seen of it may come again under the same ids. */
  forgetOrder(document: string): void {
    this.#orders.delete(document);
  }

  #compareOrder({ name, document, core }: SeenClient): void {
    const { sequence } = core.fold;
    const before = this.#orders.get(document) ?? new Map<string, number>();
    const now = new Map<string, number>();
    let highest = -1;
    let isKept = true;
    for (let index = 0; index < sequence.length; index++) {
      const id = sequence.idAt(index);
      if (id === null) continue;
      const key = `${id.timestamp}.${id.replica}`;
      now.set(key, index);
      const place = before.get(key);
      if (place === undefined) continue;
      if (place < highest) isKept = false;
      highest = Math.max(highest, place);
    }
    this.#orders.set(document, now);
    const flipped = (): string => `characters of ${document} change places at ${name}`;
    this.#coverage.always('S9', isKept, flipped, name);
  }
}

/**
 * The document and its version, as one string. Where the log never lost a row, the rows and what a
 * client has of its own beyond them say it (S11 checks that); else the whole vector does.
 */
export function versionKey(
  { document, core }: VersionedClient,
  truth: Pick<LogTruth, 'lost' | 'throughAt'>,
): string {
  const { replica, fold } = core;
  if (truth.lost === 0) {
    const own = fold.sequence.versionVector.get(replica);
    const isAhead = own > truth.throughAt(replica, fold.lsn);
    return `${document} ${fold.lsn}${isAhead ? ` ${replica}:${own}` : ''}`;
  }
  return vectorKey(document, core.fold.sequence.versionVector.entries());
}

/** The document and a whole version vector, as one string. */
export function vectorKey(document: string, entries: Iterable<readonly [number, number]>): string {
  let key = document;
  for (const [replica, last] of entries) key += ` ${replica}:${last}`;
  return key;
}
