/** A replacement in the visible text, and lists of them without needless parts. */

export interface TextChange {
  /** UTF-16 units before the change, in the text that the change before left. */
  readonly index: number;
  /** UTF-16 units taken out at `index`. */
  readonly deleted: number;
  /** What stands there instead. */
  readonly inserted: string;
}

/**
 * Collects changes; those that touch become one. A single change, the common case, is one object
 * and an array of one.
 */
export class ChangeList {
  #isEmpty = true;
  /** The last change, to which the next one may be joined. */
  #index = 0;
  #deleted = 0;
  #inserted = '';
  /** All before it; null: none. */
  #before: TextChange[] | null = null;

  add(index: number, deleted: number, inserted: string): void {
    if (this.#isEmpty) {
      this.#isEmpty = false;
      this.#set(index, deleted, inserted);
    } else if (index === this.#index + this.#inserted.length) {
      this.#deleted += deleted;
      this.#inserted += inserted;
    } else if (this.#inserted === '' && inserted === '' && index + deleted === this.#index) {
      this.#index = index;
      this.#deleted += deleted;
    } else {
      this.#before ??= [];
      this.#before.push(this.#last());
      this.#set(index, deleted, inserted);
    }
  }

  /** The last change; null: there is none. */
  get last(): TextChange | null {
    return this.#isEmpty ? null : this.#last();
  }

  addAll(changes: readonly TextChange[]): void {
    for (const { index, deleted, inserted } of changes) this.add(index, deleted, inserted);
  }

  /** The changes; the list is empty afterwards. */
  finish(): readonly TextChange[] {
    if (this.#isEmpty) return [];
    const before = this.#before;
    const last = this.#last();
    this.clear();
    if (before === null) return [last];
    before.push(last);
    return before;
  }

  clear(): void {
    this.#isEmpty = true;
    this.#inserted = '';
    this.#before = null;
  }

  #set(index: number, deleted: number, inserted: string): void {
    this.#index = index;
    this.#deleted = deleted;
    this.#inserted = inserted;
  }

  #last(): TextChange {
    return { index: this.#index, deleted: this.#deleted, inserted: this.#inserted };
  }
}

/** The text after the changes. */
export function applyChanges(text: string, changes: readonly TextChange[]): string {
  return changes.reduce(
    (before, { index, deleted, inserted }) =>
      before.slice(0, index) + inserted + before.slice(index + deleted),
    text,
  );
}
