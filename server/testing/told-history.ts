/**
 * A document with a past that the test knows: people who type at the same time, each seeing what
 * the others wrote now or later, and the text after every row, folded the plain way.
 */
import { must } from '../../engine/assert.ts';
import type { LogPort } from '../../engine/driver/ports.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { Sequence } from '../../engine/text/sequence.ts';
import type { TextChange } from '../../engine/text/text-change.ts';
import type { Batch } from '../../proto/batch.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import { appendTo } from './log-access.ts';
import { execute } from './test-database.ts';

/** Adds a row, and tells where. */
export type Append = (
  document: string,
  epoch: number,
  body: Uint8Array,
) => Promise<{ readonly lsn: number; readonly at: number }>;

/** As a node does it. */
export function appendThrough(log: LogPort): Append {
  return async (document, epoch, body) => {
    const result = await appendTo(log, document, body, epoch);
    if (result.outcome !== 'committed') throw new Error(`append: ${result.outcome}`);
    return result;
  };
}

/** With times of the test's choice; never below the one before. */
export function appendAt(url: string, timeOf: (lsn: number) => number): Append {
  let lsn = 0;
  return async (document, epoch, body) => {
    lsn++;
    const at = timeOf(lsn);
    const head = `'${document}', ${epoch}, 'live', ${lsn}, ${at}`;
    const hex = Buffer.from(body).toString('hex');
    await execute(
      url,
      `INSERT INTO document_head (document, epoch, state, lsn, at) VALUES (${head})
         ON CONFLICT (document) DO UPDATE SET lsn = excluded.lsn, at = excluded.at;
       INSERT INTO log_row (document, lsn, epoch, at, body)
         VALUES ('${document}', ${lsn}, ${epoch}, ${at}, '\\x${hex}')`,
    );
    return { lsn, at };
  };
}

/** The document after a row. */
export interface ToldRow {
  readonly lsn: number;
  readonly at: number;
  readonly text: string;
}

class Person {
  readonly replica: number;
  readonly name: string;
  readonly sequence = new Sequence();
  /** What others wrote and this person has not seen. */
  readonly unseen: Batch[] = [];
  hasWritten = false;

  constructor(replica: number, name: string) {
    this.replica = replica;
    this.name = name;
  }

  see(): void {
    for (const batch of this.unseen.splice(0)) this.sequence.integrate(batch);
  }
}

export class ToldHistory {
  readonly document: string;
  readonly fold: Fold;
  /** Row 0 is the empty document. */
  readonly rows: ToldRow[] = [{ lsn: 0, at: 0, text: '' }];
  readonly #append: Append;
  readonly #people: readonly Person[];

  constructor(append: Append, document: string, names: readonly string[], epoch = 1) {
    this.document = document;
    this.#append = append;
    this.fold = new Fold(epoch);
    this.#people = names.map((name, i) => new Person(101 + i, name));
  }

  get text(): string {
    return this.fold.sequence.text;
  }

  /** The text of the last row with `at` ≤ time. */
  textAt(time: number): string {
    return must(
      this.rows.findLast(({ at }) => at <= time),
      'row 0',
    ).text;
  }

  replicaOf(name: string): number {
    return must(
      this.#people.find((person) => person.name === name),
      name,
    ).replica;
  }

  /**
   * One splice by one person as one row, seen by the others when they `see`; `heldMs` as in a
   * batch.
   */
  async write(
    name: string,
    splice: (person: Person) => TextChange,
    heldMs?: number,
  ): Promise<void> {
    const person = must(
      this.#people.find((other) => other.name === name),
      name,
    );
    const batch = must(person.sequence.edit(person.replica, [splice(person)], 0), 'a change');
    const binding = { secretHash: new Uint8Array(32).fill(person.replica), principal: name };
    const bound = person.hasWritten ? batch : { ...batch, binding };
    const sent = heldMs === undefined ? bound : { ...bound, heldMs };
    person.hasWritten = true;
    for (const other of this.#people) if (other !== person) other.unseen.push(batch);
    const body = encodeUpdate({ batches: [sent] });
    const { lsn, at } = await this.#append(this.document, this.fold.epoch, body);
    this.fold.apply({ lsn, at, batches: [sent] });
    this.rows.push({ lsn, at, text: this.text });
  }

  /** So many rows by anybody, anywhere, as `next` (0 … 1) decides. */
  async writeAny(count: number, next: () => number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const person = must(this.#people[Math.floor(next() * this.#people.length)], 'somebody');
      if (next() < 0.7) person.see();
      await this.write(person.name, ({ sequence: { length } }) => {
        const index = Math.floor(next() * (length + 1));
        const deleted = next() < 0.3 ? Math.min(length - index, Math.floor(next() * 4)) : 0;
        const letter = String.fromCharCode(97 + Math.floor(next() * 26));
        return { index, deleted, inserted: deleted > 0 ? '' : letter.repeat(1 + (i % 3)) };
      });
    }
  }
}
