/**
 * How large a document may become. Judged before an edit goes to the log, and only there: the fold
 * takes every row. What is on its way is not counted, so a document may end a little above the
 * limit, by what all its sessions' windows hold at most.
 *
 * Two sizes: that of the text, which deleting makes smaller, and that of its history, which only
 * grows. An edit that types nothing is taken at any length of the text.
 */
import type { Batch } from '../../proto/batch.ts';
import { batchOperations } from '../../proto/batch.ts';
import type { Limits } from '../limits.ts';
import type { Sequence } from '../text/sequence.ts';

/** Why the batch does not fit any more; null: it does. */
export function fullness(
  sequence: Sequence,
  batch: Batch,
  limits: Pick<Limits, 'documentCharactersMax' | 'documentOperationsMax'>,
): string | null {
  const { documentCharactersMax, documentOperationsMax } = limits;
  if (sequence.operationCount + batchOperations(batch) > documentOperationsMax) {
    return `the history has ${sequence.operationCount} operations of ${documentOperationsMax}`;
  }
  let typed = 0;
  let deleted = 0;
  for (const op of batch.ops) {
    if (op.type === 'insert') typed += op.text.length;
    else deleted += op.count;
  }
  // Replacing text is no growth, though some of what it deletes may be deleted already.
  if (typed <= deleted || sequence.length + typed - deleted <= documentCharactersMax) return null;
  return `the text has ${sequence.length} characters of ${documentCharactersMax}`;
}
