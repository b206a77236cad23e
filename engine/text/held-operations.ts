/**
 * Whether operations that arrive again are the ones that are here.
 *
 * Of a document that was saved without history some can no longer be told: the content of
 * tombstones, and who deleted them. There only what is known is compared.
 */
import type { Batch, DeleteOp, InsertOp, OpId } from '../../proto/batch.ts';
import type { TextState } from './text-state.ts';

/** Whether every operation of the batch is here with the same content, origins and targets. */
export function holdsBatch(state: TextState, batch: Batch): boolean {
  return batch.ops.every((op) =>
    op.type === 'insert'
      ? holdsInsertion(state, batch.replica, op)
      : holdsDeletion(state, batch.replica, op),
  );
}

/** Number of the operation with this id, -1 for null; -2 if it is not here. */
function numberOf({ numbers }: TextState, id: OpId | null): number {
  if (id === null) return -1;
  const author = numbers.find(id.replica);
  const number = author === null ? -1 : numbers.numberOf(author, id.timestamp);
  return number < 0 ? -2 : number;
}

function holdsInsertion(state: TextState, replica: number, op: InsertOp): boolean {
  const { left, right, text } = op;
  let origin = numberOf(state, left);
  if (origin === -2 || (origin >= 0 && !state.isCharacter(origin))) return false;
  let bound = -1;
  if (right === 'same') {
    if (left?.replica !== replica || left.timestamp !== op.timestamp - 1) return false;
    bound = state.rightOf(origin);
  } else bound = numberOf(state, right);
  for (let passed = 0; passed < text.length; passed++) {
    const id = { timestamp: op.timestamp + passed, replica };
    const number = numberOf(state, id);
    if (number < 0 || !state.isCharacter(number)) return false;
    if (state.leftOf(number) !== origin || state.rightOf(number) !== bound) return false;
    const isForgotten = state.since.includes(id) && state.units.at(number) === 0;
    if (!isForgotten && state.units.at(number) !== text.charCodeAt(passed)) return false;
    origin = number;
  }
  return true;
}

function holdsDeletion(state: TextState, replica: number, op: DeleteOp): boolean {
  const author = state.numbers.find(replica);
  if (author === null) return false;
  for (let k = 0; k < op.count; k++) {
    const offset = op.reversed ? op.count - 1 - k : k;
    const target = { timestamp: op.target.timestamp + offset, replica: op.target.replica };
    const number = numberOf(state, { timestamp: op.timestamp + k, replica });
    if (number < 0 || state.isCharacter(number)) return false;
    const hit = numberOf(state, target);
    const here = state.deletions.targetOf(author.index, number);
    // A deletion that is not recorded was forgotten with the history; it made a tombstone.
    if (here >= 0 ? here !== hit : !isTombstone(state, hit)) return false;
  }
  return true;
}

function isTombstone({ spans }: TextState, number: number): boolean {
  const span = number < 0 ? -1 : spans.find(number);
  return span >= 0 && spans.isDeleted(span);
}
