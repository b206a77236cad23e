/** Types at random places, words of a few letters; one who wears a text takes pieces out again. */
import { must } from '../../engine/assert.ts';
import { Document } from '../../engine/index.ts';
import { Random } from '../../engine/random.ts';
import { type Batch, renameBatch } from '../../proto/batch.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';

/** Units of the longest word, and of the longest piece that is taken out. */
const insertedMax = 20;
const deletedMax = 10;

export class Author {
  readonly #copy = Document.create({ replica: 1 });
  readonly #random = new Random(1);
  readonly #wears: boolean;
  /** Characters. */
  deleted = 0;

  /** `wears`: with deletions, a third of all operations. */
  constructor({ wears }: { readonly wears: boolean }) {
    this.#wears = wears;
  }

  /** Of the text. */
  get length(): number {
    return this.#copy.length;
  }

  /** The next edit, of exactly so many operations, as its author sends it. */
  edit(operations: number): Batch {
    const splices = [];
    let length = this.#copy.length;
    for (let left = operations; left > 0; ) {
      const index = this.#random.between(0, length);
      const inserted = this.#word(Math.min(left, this.#random.between(1, insertedMax)));
      left -= inserted.length;
      const deletedAtMost = this.#wears ? this.#random.between(0, deletedMax) : 0;
      const deleted = Math.min(left, length - index, deletedAtMost);
      left -= deleted;
      this.deleted += deleted;
      length += inserted.length - deleted;
      splices.push({ index, deleted, inserted });
    }
    const { batches } = decodeUpdate(this.#copy.edit(splices));
    return renameBatch(must(batches[0], 'an edit is a batch'), () => 0);
  }

  #word(length: number): string {
    const letters = Array.from({ length }, () => 97 + this.#random.between(0, 25));
    return String.fromCharCode(...letters);
  }
}
