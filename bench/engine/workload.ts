/**
 * A workload: who types what, and what each has received by then. Everything that a replay needs is
 * worked out before it is timed.
 *
 *   transactions: 0 ──▶ 2 ──▶ 3      author 0        deliver of 3 = [1]
 *                 1 ────────▶ 3      author 1
 *
 * A replay has one copy of the document per author. Before a transaction its author's copy applies
 * the updates of `deliver`, and is then at exactly the state at which the splices hold. At the end
 * author 0's copy, the reader, applies what it lacks. The same for every library.
 */
import { assert, must } from '../../engine/assert.ts';
import { Random } from '../../engine/random.ts';
import type { TextChange } from '../../engine/text/text-change.ts';
import type { Library, Replica } from './library.ts';

export interface WorkloadTransaction {
  readonly author: number;
  /** Transactions by others, received just before. */
  readonly deliver: readonly number[];
  readonly splices: readonly TextChange[];
}

export interface Workload {
  readonly name: string;
  readonly authors: number;
  readonly transactions: readonly WorkloadTransaction[];
  /** Transactions that author 0 receives after all of its own. */
  readonly deliverLast: readonly number[];
  /**
   * The text at the end; null: two authors type at one place at one time, and where that leads is
   * each algorithm's own decision. Only the engine is measured at those.
   */
  readonly endText: string | null;
  /** UTF-16 units at the end. */
  readonly endLength: number;
}

export interface Replayed {
  /** Author 0's copy, with everything. */
  readonly reader: Replica;
  /** By transaction. */
  readonly updates: readonly Uint8Array[];
}

/** Replica ids of the authors, all of the full 53 bits. */
export function replicaIds(count: number): number[] {
  const random = new Random(1, 'replica-ids');
  const ids = new Set<number>();
  while (ids.size < count) ids.add(2 ** 52 + (random.id() % 2 ** 52));
  return [...ids];
}

/** The id of the copies that only receive. */
export const receiverId = 2 ** 53 - 1;

/** Types the workload; everything in here is timed. */
export function replay(library: Library, workload: Workload, ids: readonly number[]): Replayed {
  const copies = ids.map((id) => library.create(id));
  const updates: Uint8Array[] = [];
  const deliver = (copy: Replica, transactions: readonly number[]) => {
    for (const index of transactions) copy.apply(must(updates[index], 'an earlier transaction'));
  };
  for (const transaction of workload.transactions) {
    const copy = must(copies[transaction.author], 'an author of the workload');
    deliver(copy, transaction.deliver);
    updates.push(copy.edit(transaction.splices));
  }
  const reader = must(copies[0], 'there is an author');
  deliver(reader, workload.deliverLast);
  return { reader, updates };
}

/**
 * Collects transactions and keeps book of what each author has received: all of another author's
 * transactions up to a number, which is all that version vectors can tell.
 */
export class WorkloadBuilder {
  readonly #transactions: WorkloadTransaction[] = [];
  /** By author: its transactions. */
  readonly #byAuthor: number[][];
  /** By author: how many transactions of each author it has. */
  readonly #known: number[][];
  readonly #waiting: number[][];

  constructor(authors: number) {
    const names = Array.from({ length: authors }, (_, author) => author);
    this.#byAuthor = names.map(() => []);
    this.#known = names.map(() => []);
    this.#waiting = names.map(() => []);
  }

  /** The author's next transaction; returns its index. */
  add(author: number, splices: readonly TextChange[]): number {
    const index = this.#transactions.length;
    const deliver = this.#take(author);
    this.#transactions.push({ author, deliver, splices });
    must(this.#byAuthor[author], 'an author').push(index);
    return index;
  }

  /** `author` receives the first `count` transactions of `from`, in whatever it had not yet. */
  receive(author: number, from: number, count: number): void {
    const known = must(this.#known[author], 'an author');
    const theirs = must(this.#byAuthor[from], 'an author');
    assert(author !== from, 'nobody receives from themselves');
    assert(count <= theirs.length, 'what is received has been sent');
    for (let sequence = known[from] ?? 0; sequence < count; sequence++) {
      must(this.#waiting[author], 'an author').push(must(theirs[sequence], 'sent'));
    }
    known[from] = Math.max(known[from] ?? 0, count);
  }

  /** `author` receives all that there is. */
  receiveAll(author: number): void {
    for (const [from, theirs] of this.#byAuthor.entries()) {
      if (from !== author) this.receive(author, from, theirs.length);
    }
  }

  build(name: string, end: { text: string | null; length: number }): Workload {
    this.receiveAll(0);
    return {
      name,
      authors: this.#byAuthor.length,
      transactions: this.#transactions,
      deliverLast: this.#take(0),
      endText: end.text,
      endLength: end.length,
    };
  }

  /** In the order of the transactions, in which parents come first. */
  #take(author: number): number[] {
    const waiting = must(this.#waiting[author], 'an author');
    this.#waiting[author] = [];
    return waiting.sort((a, b) => a - b);
  }
}
