/**
 * Moving a client's document onto another state of the server: which of its own operations go
 * along, and what changes in the text that a person sees.
 */
import { type Batch, batchLast } from '../../proto/batch.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import type { Welcome } from '../../proto/server-frame.ts';
import { cutsPair } from '../../proto/text.ts';
import { VersionVector } from '../causal/version-vector.ts';
import type { TextChange } from '../text/text-change.ts';
import { Fold } from './fold.ts';
import { foldOf } from './fold-snapshot.ts';
import type { Outbox } from './outbox.ts';
import type { StoredReplica } from './replica-options.ts';

/** A server's state with what a client takes along; `fits`: false, and the replica has to end. */
export interface TakenOver {
  readonly fold: Fold;
  /** Own operations that the server lacks. */
  readonly own: Batch[];
  readonly fits: boolean;
}

/** Moves what is in the outbox; null: the welcome is damaged, and nothing was moved. */
export function takeOver(
  welcome: Welcome,
  from: {
    readonly old: Fold;
    readonly replica: number;
    readonly outbox: Outbox;
    readonly restored: StoredReplica | null;
  },
): TakenOver | null {
  const { old, replica, outbox, restored } = from;
  const { through } = welcome;
  const fold = stateOf(welcome);
  if (fold === null) return null;
  outbox.settle(through);
  const sameHistory = old.epoch === fold.epoch && through >= old.committed.get(replica);
  const unsettled = outbox.takeAll();
  const isKept = sameHistory || restored !== null;
  const own = carriedOver(unsettled, { isKept, old, replica, through, lsn: fold.lsn });
  // The store knew of ids that the log has lost: they must not be given again.
  const last = restored?.last ?? 0;
  const fits = integrateAll(fold, own) && fold.sequence.versionVector.get(replica) >= last;
  return { fold, own, fits };
}

/** The state that a welcome carries; null if it is damaged, or if it continues a cursor instead. */
function stateOf(welcome: Welcome): Fold | null {
  if (welcome.snapshot === null) {
    return welcome.cursor.lsn === 0 ? new Fold(welcome.cursor.epoch) : null;
  }
  try {
    return foldOf(welcome.snapshot);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return null;
  }
}

/**
 * What a client takes along to the state at `lsn`: the same history has all but `unsettled`; to
 * another one, everything of its own after `through` is offered again.
 */
function carriedOver(
  unsettled: readonly Batch[],
  onto: {
    readonly isKept: boolean;
    readonly old: Fold;
    readonly replica: number;
    readonly through: number;
    readonly lsn: number;
  },
): Batch[] {
  const { isKept, old, replica, through, lsn } = onto;
  if (!isKept) return ownOperations(old, replica, through, lsn);
  return unsettled.map((batch) => ({ ...batch, base: Math.min(batch.base, lsn) }));
}

/**
 * Own operations after `through` as the text holds them, acknowledged ones included, to be offered
 * to another history: their base is `base`, because the LSNs that they had mean nothing there.
 */
function ownOperations(old: Fold, replica: number, through: number, base: number): Batch[] {
  const known = new VersionVector();
  for (const [author, last] of old.sequence.versionVector.entries()) {
    known.observe(author, author === replica ? through : last);
  }
  const own = old.sequence.batchesSince(known).filter((batch) => batch.replica === replica);
  return own.map((batch) => ({ ...batch, base }));
}

/** Integrates the batches in order; false as soon as one does not fit (the fold is then spoilt). */
function integrateAll(fold: Fold, batches: readonly Batch[]): boolean {
  let { clock } = fold;
  return batches.every((batch) => {
    // Ahead of all that is here, it would be refused: what was typed before it is missing.
    if (batch.first > clock + 1 || fold.sequence.obstacle(batch) !== null) return false;
    fold.sequence.integrate(batch);
    clock = Math.max(clock, batchLast(batch));
    return true;
  });
}

/**
 * One splice that turns `before` into `after`; none if they are equal. Never cuts a surrogate pair.
 */
export function difference(before: string, after: string): readonly TextChange[] {
  if (before === after) return [];
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let end = 0;
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  ) {
    end++;
  }
  if (cutsPair(before, start)) start--;
  if (cutsPair(before, before.length - end)) end--;
  const deleted = before.length - end - start;
  return [{ index: start, deleted, inserted: after.slice(start, after.length - end) }];
}

/** What the batches would have inserted, in their order: all that is left of them for a person. */
export function insertedTexts(batches: readonly Batch[]): string[] {
  return batches.flatMap(({ ops }) => ops.flatMap((op) => (op.type === 'insert' ? [op.text] : [])));
}
