/**
 * Whether two batches of one replica say the same under the same timestamps, however their runs are
 * cut or joined. Costs what the operations do, not what they count.
 */
import { type Batch, type Op, type OpId, opLength } from '../../proto/batch.ts';

/** The operation that has this timestamp; null if it is not in the batch. */
export function operationAt({ ops }: Batch, timestamp: number): Op | null {
  let low = 0;
  let high = ops.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ops[middle]?.timestamp ?? Infinity) <= timestamp) low = middle + 1;
    else high = middle;
  }
  const op = ops[low - 1];
  return op !== undefined && timestamp < op.timestamp + opLength(op) ? op : null;
}

/** Whether the batches agree on the timestamps from … to, which both of them have. */
export function sameOperations(a: Batch, b: Batch, from: number, to: number): boolean {
  for (let at = from; at <= to; ) {
    const [one, other] = [operationAt(a, at), operationAt(b, at)];
    if (one === null || other === null) return false;
    const end = Math.min(endOf(one), endOf(other), to + 1);
    if (!sameStretch(one, other, at, end)) return false;
    at = end;
  }
  return true;
}

function endOf(op: Op): number {
  return op.timestamp + opLength(op);
}

function sameStretch(a: Op, b: Op, start: number, end: number): boolean {
  if (a.type === 'insert' && b.type === 'insert') {
    const text = (op: typeof a): string => op.text.slice(start - op.timestamp, end - op.timestamp);
    return text(a) === text(b) && origins(a, start) === origins(b, start);
  }
  if (a.type !== 'delete' || b.type !== 'delete') return false;
  const same = (at: number): boolean => targetAt(a, at) === targetAt(b, at);
  return a.target.replica === b.target.replica && same(start) && same(end - 1);
}

function origins(op: Extract<Op, { type: 'insert' }>, at: number): string {
  if (at > op.timestamp || op.right === 'same') return 'goes on';
  return `${word(op.left)} ${word(op.right)}`;
}

function word(origin: OpId | null): string {
  return origin === null ? 'edge' : `${origin.timestamp}@${origin.replica}`;
}

function targetAt(op: Extract<Op, { type: 'delete' }>, at: number): number {
  const passed = at - op.timestamp;
  return op.target.timestamp + (op.reversed ? op.count - 1 - passed : passed);
}
