/**
 * A batch unit by unit, in words that do not depend on how its runs are cut or joined: two batches
 * of one replica agree on a timestamp exactly when the words are equal.
 */
import type { Batch, Op, OpId } from '../../proto/batch.ts';

/** One word per timestamp of the batch, by timestamp. */
export function operationUnits(batch: Batch): ReadonlyMap<number, string> {
  const units = new Map<number, string>();
  for (const op of batch.ops) addUnits(units, op);
  return units;
}

function addUnits(units: Map<number, string>, op: Op): void {
  if (op.type === 'delete') {
    for (let k = 0; k < op.count; k++) {
      const at = op.target.timestamp + (op.reversed ? op.count - 1 - k : k);
      units.set(op.timestamp + k, `delete ${at} ${op.target.replica}`);
    }
    return;
  }
  for (let k = 0; k < op.text.length; k++) {
    const unit = op.text.charCodeAt(k);
    const isFirst = k === 0 && op.right !== 'same';
    const origins = isFirst ? `${word(op.left)} ${word(op.right)}` : 'goes on';
    units.set(op.timestamp + k, `insert ${unit} ${origins}`);
  }
}

function word(origin: OpId | 'same' | null): string {
  if (origin === null || origin === 'same') return `${origin}`;
  return `${origin.timestamp} ${origin.replica}`;
}
