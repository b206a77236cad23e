/**
 * Edits that the server makes for somebody who holds no replica: an HTTP caller says what to do to
 * the text at an LSN, or which version it shall be again, and gets a batch for the log.
 *
 *   fold at the base ── edits ───────────────────────┐
 *                                                    ├─▶ splices ─▶ batch of a replica of its own
 *   fold at the head ── what makes it the past one ──┘
 *
 * The batch is the first and the last of its replica, and depends on the fold and the request
 * alone: whoever derives it again at the same row gets the same bytes. Its base is the fold's row,
 * so that it merges with what came later as the edit of any client does.
 *
 * Text that a restore brings back comes as new characters: a deletion is for ever, and whoever was
 * typing beside the old ones keeps their place. What both versions have is left alone.
 */
import { type Batch, batchOperations, joinBatches } from '../../proto/batch.ts';
import { splicesMax } from '../../proto/limits.ts';
import { assert, must } from '../assert.ts';
import type { VersionVector } from '../causal/version-vector.ts';
import type { TextChange } from '../text/text-change.ts';
import type { Fold } from './fold.ts';

/** `index` and `length` in UTF-16 units, in the text that the edit before left. */
export type ServerEdit =
  | { readonly type: 'insert'; readonly index: number; readonly text: string }
  | { readonly type: 'delete'; readonly index: number; readonly length: number }
  | {
      readonly type: 'replace';
      readonly index: number;
      readonly length: number;
      readonly text: string;
    }
  | { readonly type: 'append'; readonly text: string };

/** What cannot be done to this text; nothing was changed. */
export class EditRefusedError extends Error {
  readonly code: 'bad-range' | 'too-large';

  constructor(
    message: string,
    options: { readonly code: EditRefusedError['code']; readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'EditRefusedError';
    this.code = options.code;
  }
}

export interface ServerEditOptions {
  /** A replica that the fold does not know. */
  readonly replica: number;
  /** Inserted and deleted units in one batch: bounds the work of everybody who folds it. */
  readonly operationsMax: number;
}

/**
 * The edits as one batch at the fold's row; null if they change nothing. The fold stays as it is.
 * Throws EditRefusedError.
 */
export function composeEdits(
  fold: Fold,
  edits: readonly ServerEdit[],
  options: ServerEditOptions,
): Batch | null {
  if (edits.length > splicesMax) {
    const message = `${edits.length} edits, ${splicesMax} is the limit`;
    throw new EditRefusedError(message, { code: 'too-large' });
  }
  const splices: TextChange[] = [];
  let { length } = fold.sequence;
  for (const edit of edits) {
    const splice = spliceOf(edit, length);
    splices.push(splice);
    length += splice.inserted.length - splice.deleted;
  }
  return compose(fold, splices, options);
}

/**
 * What makes the fold's text that of `past`, an earlier version of it, as one batch at the fold's
 * row; null if it is already. The fold stays as it is. Throws EditRefusedError.
 */
export function composeRestore(
  fold: Fold,
  past: VersionVector,
  options: ServerEditOptions,
): Batch | null {
  const { sequence } = fold;
  return compose(fold, sequence.changesBetween(sequence.versionVector, past), options);
}

/** How many units a batch inserts and deletes. */
export function countsOf(batch: Batch): { readonly inserted: number; readonly deleted: number } {
  const inserted = batch.ops.reduce(
    (sum, op) => sum + (op.type === 'insert' ? op.text.length : 0),
    0,
  );
  return { inserted, deleted: batchOperations(batch) - inserted };
}

function spliceOf(edit: ServerEdit, length: number): TextChange {
  switch (edit.type) {
    case 'insert':
      return { index: edit.index, deleted: 0, inserted: edit.text };
    case 'delete':
      return { index: edit.index, deleted: edit.length, inserted: '' };
    case 'replace':
      return { index: edit.index, deleted: edit.length, inserted: edit.text };
    case 'append':
      return { index: length, deleted: 0, inserted: edit.text };
  }
}

function compose(
  { committed, lsn, sequence }: Fold,
  splices: readonly TextChange[],
  { replica, operationsMax }: ServerEditOptions,
): Batch | null {
  assert(committed.get(replica) === 0, `replica ${replica} has written already`);
  const operations = splices.reduce(
    (sum, { deleted, inserted }) => sum + deleted + inserted.length,
    0,
  );
  if (operations > operationsMax) {
    const message = `${operations} units inserted and deleted, ${operationsMax} is the limit`;
    throw new EditRefusedError(message, { code: 'too-large' });
  }
  // Where a splice may begin is looked up in those before it: quadratic, if not for the pieces.
  const copy = sequence.copy();
  let whole: Batch | null = null;
  for (let start = 0; start < splices.length; start += splicesMax) {
    const piece = edited(() => copy.edit(replica, splices.slice(start, start + splicesMax), lsn));
    if (piece === null) continue;
    whole = whole === null ? piece : must(joinBatches(whole, piece), 'a piece that goes on');
  }
  return whole;
}

/** A RangeError of `Sequence.edit` is about the splices, and nothing has changed. */
function edited(edit: () => Batch | null): Batch | null {
  try {
    return edit();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EditRefusedError(error.message, { code: 'bad-range', cause: error });
  }
}
