/**
 * Concurrent traces from a seed, for who has no file: some authors on a slow network type into one
 * text, each a prefix of a common log and its own transactions ahead of the others.
 *
 * The text at the end does not come from the engine that the trace is to test. All characters ever
 * typed stand in one list; a transaction sees those that its author knew. Where two authors who do
 * not know of each other could type at the same place, every algorithm has its own answer: such an
 * insertion is not made. All others have one right place in the list, and the end is what nobody
 * deleted.
 */
import { gzipSync } from 'node:zlib';
import { must } from '../../engine/assert.ts';
import { Random } from '../../engine/random.ts';
import type { Patch } from './trace.ts';

export interface SyntheticOptions {
  readonly seed: number;
  /** At least 2. */
  readonly authors: number;
  /** At least 1. */
  readonly transactions: number;
}

/** What `fixtures/traces/synthetic.json.gz` is made with. */
export const syntheticDefaults: SyntheticOptions = { seed: 1, authors: 3, transactions: 600 };

/** A code point of the text. */
interface Character {
  readonly text: string;
  readonly author: number;
  /** Position of its transaction among its author's. */
  readonly sequence: number;
  readonly deletedBy: { readonly author: number; readonly sequence: number }[];
}

interface Author {
  /** Entries of the log that it has seen. */
  seen: number;
  /** By author: how many transactions it knows; its own are those it typed. */
  readonly known: number[];
  /** Typed, not in the log yet: their number. */
  waiting: number;
  /** Where it typed last, among the characters that it sees. */
  caret: number;
}

interface SyntheticTransaction {
  readonly parents: readonly number[];
  numChildren: number;
  readonly agent: number;
  readonly patches: readonly Patch[];
}

const letters = [...'eeettaaoinshrdlucm    .,\n', 'é', '漢', '👍', '🎈'];

/** The trace as gzipped JSON in the format of `trace.ts`; the same options, the same JSON. */
export function syntheticTrace(options: SyntheticOptions): Buffer {
  const { transactions, endContent } = new Typing(options).run();
  const file = {
    kind: 'concurrent',
    endContent,
    numAgents: options.authors,
    txns: transactions,
  };
  return gzipSync(JSON.stringify(file), { level: 9 });
}

class Typing {
  readonly #options: SyntheticOptions;
  readonly #random: Random;
  readonly #characters: Character[] = [];
  readonly #authors: readonly Author[];
  /** Author of each entry. */
  readonly #log: number[] = [];
  readonly #transactions: SyntheticTransaction[] = [];
  /** By author: its transactions' indexes and what each knew. */
  readonly #lines: readonly { readonly index: number; readonly known: readonly number[] }[][];

  constructor(options: SyntheticOptions) {
    this.#options = options;
    this.#random = new Random(options.seed, 'synthetic-trace');
    const names = Array.from({ length: options.authors }, (_, author) => author);
    this.#lines = names.map(() => []);
    this.#authors = names.map(() => {
      return { seen: 0, known: names.map(() => 0), waiting: 0, caret: 0 };
    });
  }

  run(): { transactions: readonly SyntheticTransaction[]; endContent: string } {
    this.#type(0, [[0, 0, 'synthetic\n']]);
    this.#commit(0);
    for (const author of this.#authors.keys()) this.#receive(author, 1);
    while (this.#transactions.length < this.#options.transactions) {
      const author = this.#random.below(this.#authors.length);
      const step = this.#random.below(100);
      if (step === 0) this.#typeAlone(author);
      else if (step < 50) this.#edit(author);
      else if (step < 75) this.#commit(author);
      else this.#receive(author, 6);
    }
    const alive = this.#characters.filter(({ deletedBy }) => deletedBy.length === 0);
    const endContent = alive.map(({ text }) => text).join('');
    return { transactions: this.#transactions, endContent };
  }

  /** The author's oldest transaction that is not in the log goes there. */
  #commit(author: number): void {
    const own = must(this.#authors[author], 'an author');
    if (own.waiting === 0) return;
    own.waiting--;
    this.#log.push(author);
  }

  /** Everybody has seen everything before and after one author types for a while. */
  #typeAlone(author: number): void {
    this.#rest();
    const end = Math.min(this.#transactions.length + 30, this.#options.transactions);
    while (this.#transactions.length < end) this.#edit(author);
    this.#rest();
  }

  /** The network carries everything to everybody. */
  #rest(): void {
    for (const [author, { waiting }] of this.#authors.entries()) {
      for (let i = 0; i < waiting; i++) this.#commit(author);
    }
    for (const author of this.#authors.keys()) this.#receive(author, Infinity);
  }

  /** The author sees some more of the log. */
  #receive(author: number, entriesMax: number): void {
    const own = must(this.#authors[author], 'an author');
    const unseen = this.#log.slice(own.seen);
    const more = entriesMax < unseen.length ? this.#random.between(1, entriesMax) : unseen.length;
    for (const by of unseen.slice(0, more)) {
      own.seen++;
      if (by !== author) own.known[by] = must(own.known[by], 'an author') + 1;
    }
  }

  #edit(author: number): void {
    const own = must(this.#authors[author], 'an author');
    const { length } = this.#visible(own.known);
    // Mostly typing on; sometimes elsewhere.
    if (this.#random.below(12) === 0) own.caret = this.#random.below(length + 1);
    const at = Math.min(own.caret, length);
    const kind = this.#random.below(10);
    if (kind < 3 && at > 0) {
      const count = Math.min(at, this.#random.below(5) === 0 ? this.#random.between(2, 5) : 1);
      this.#type(author, [[at - count, count, kind === 0 ? this.#word(2) : '']]);
    } else this.#type(author, [[at, 0, this.#word(kind === 9 ? 8 : 1)]]);
  }

  #word(codePointsMax: number): string {
    const length = this.#random.between(1, codePointsMax);
    return Array.from({ length }, () => this.#random.pick(letters)).join('');
  }

  /** Records the transaction, unless others may be typing where it inserts. */
  #type(author: number, patches: readonly Patch[]): void {
    const own = must(this.#authors[author], 'an author');
    const line = must(this.#lines[author], 'an author');
    if (patches.some((patch) => this.#collides(own.known, patch))) {
      own.caret = this.#random.below(this.#visible(own.known).length + 1);
      return;
    }
    const parents = this.#heads(own.known);
    for (const parent of parents) must(this.#transactions[parent], 'a parent').numChildren++;
    const index = this.#transactions.push({ parents, numChildren: 0, agent: author, patches }) - 1;
    const sequence = line.push({ index, known: [...own.known] }) - 1;
    own.waiting++;
    for (const patch of patches) this.#apply(own, author, sequence, patch);
    own.known[author] = sequence + 1;
  }

  /** Positions in the list of the characters that are visible to who knows this. */
  #visible(known: readonly number[]): number[] {
    const knows = (by: { author: number; sequence: number }): boolean =>
      by.sequence < must(known[by.author], 'an author');
    return this.#characters.flatMap((character, place) =>
      knows(character) && !character.deletedBy.some(knows) ? [place] : [],
    );
  }

  /**
   * Whether, between the nearest characters on both sides that nobody has deleted, there is one
   * that the author does not know: then where the two go depends on the algorithm.
   */
  #collides(known: readonly number[], [position, deleted, inserted]: Patch): boolean {
    if (inserted === '') return false;
    const visible = this.#visible(known);
    const stays = (place: number): boolean => this.#characters[place]?.deletedBy.length === 0;
    const left = visible.slice(0, position).findLast(stays) ?? -1;
    const right = visible.slice(position + deleted).find(stays) ?? this.#characters.length;
    return this.#characters
      .slice(left + 1, right)
      .some(({ author, sequence }) => sequence >= (known[author] ?? 0));
  }

  #apply(own: Author, author: number, sequence: number, [position, deleted, text]: Patch): void {
    const visible = this.#visible(own.known);
    for (const place of visible.slice(position, position + deleted)) {
      this.#characters[place]?.deletedBy.push({ author, sequence });
    }
    const before = visible[position - 1];
    const inserted = [...text].map((unit) => ({ text: unit, author, sequence, deletedBy: [] }));
    this.#characters.splice(before === undefined ? 0 : before + 1, 0, ...inserted);
    own.caret = position + inserted.length;
  }

  /** The latest transactions among the known ones, without those that another one knows. */
  #heads(known: readonly number[]): number[] {
    const lasts = known.flatMap((count, author) => {
      const last = this.#lines[author]?.[count - 1];
      return last === undefined ? [] : [{ author, count, ...last }];
    });
    return lasts
      .filter(({ author, count }) =>
        lasts.every(({ known: others }) => (others[author] ?? 0) < count),
      )
      .map(({ index }) => index)
      .toSorted((a, b) => a - b);
  }
}
