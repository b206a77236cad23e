/** A replacement in the visible text, and lists of them without needless parts. */

export interface TextChange {
  /** UTF-16 units before the change, in the text that the change before left. */
  readonly index: number;
  /** UTF-16 units taken out at `index`. */
  readonly deleted: number;
  /** What stands there instead. */
  readonly inserted: string;
}

/** Adds `next` to `changes`, as a part of the last one if they touch. */
export function addChange(changes: TextChange[], next: TextChange): void {
  const last = changes.at(-1);
  const joined = last === undefined ? null : joinChanges(last, next);
  if (joined === null) changes.push(next);
  else changes[changes.length - 1] = joined;
}

/** The text after the changes. */
export function applyChanges(text: string, changes: readonly TextChange[]): string {
  return changes.reduce(
    (before, { index, deleted, inserted }) =>
      before.slice(0, index) + inserted + before.slice(index + deleted),
    text,
  );
}

function joinChanges(a: TextChange, b: TextChange): TextChange | null {
  const deleted = a.deleted + b.deleted;
  if (b.index === a.index + a.inserted.length) {
    return { index: a.index, deleted, inserted: a.inserted + b.inserted };
  }
  if (a.inserted === '' && b.inserted === '' && b.index + b.deleted === a.index) {
    return { index: b.index, deleted, inserted: '' };
  }
  return null;
}
