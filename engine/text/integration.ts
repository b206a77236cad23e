/**
 * Applies batches that were inspected: insertions to the place that FugueMax gives them, deletions
 * to the characters that they hit.
 */

import {
  batchFirst,
  batchName,
  batchOpEnd,
  batchStride,
  kindDeleteReversed,
  kindInsert,
  type OpColumns,
  opKind,
  opLeftName,
  opLeftTimestamp,
  opStride,
  opUnits,
} from '../../proto/op-columns.ts';
import { textOfUnits } from '../../proto/text.ts';
import { must } from '../assert.ts';
import type { Inspection, Obstacle } from './inspection.ts';
import type { Author } from './operation-numbers.ts';
import { Placement } from './placement.ts';
import type { ChangeList } from './text-change.ts';
import type { TextState } from './text-state.ts';

export class Integration {
  readonly #state: TextState;
  readonly #placement: Placement;

  constructor(state: TextState) {
    this.#state = state;
    this.#placement = new Placement(state);
  }

  /**
   * Applies the batch at a position of the columns, which the inspection has found in order just
   * now. Adds what it changes in the visible text.
   */
  apply(
    inspection: Inspection,
    columns: OpColumns,
    position: number,
    changes: ChangeList | null,
  ): void {
    this.#run(inspection, columns, position, changes, 'proven');
  }

  /**
   * Applies it up to the first insertion whose left origin does not stand before its right origin:
   * the obstacle that is returned.
   */
  applyInOrder(
    inspection: Inspection,
    columns: OpColumns,
    position: number,
    changes: ChangeList | null,
  ): Obstacle | null {
    const timestamp = this.#run(inspection, columns, position, changes, 'checked');
    if (timestamp === null) return null;
    const reason = `the left origin at ${timestamp} does not stand before the right one`;
    return { type: 'invalid', reason };
  }

  #run(
    inspection: Inspection,
    columns: OpColumns,
    position: number,
    changes: ChangeList | null,
    order: 'proven' | 'checked',
  ): number | null {
    const { numbers, units } = this.#state;
    const { batches, ops, text } = columns;
    const { count, origins } = inspection;
    const at = position * batchStride;
    const first = batches[at + batchFirst] as number;
    const opStart = columns.opStart(position);
    const opEnd = batches[at + batchOpEnd] as number;
    const replica = columns.replicaOf(batches[at + batchName] as number);
    const author = inspection.author ?? numbers.author(replica);
    const start = numbers.append(author, first, count);
    units.reserve(numbers.end);
    let textAt = columns.textStart(position);
    let number = start;
    for (let op = opStart; op < opEnd; op++) {
      const length = ops[op * opStride + opUnits] as number;
      if (ops[op * opStride + opKind] === kindInsert) {
        const left = origins[(op - opStart) * 2] as number;
        const right = origins[(op - opStart) * 2 + 1] as number;
        if (order === 'checked' && !this.#isOrdered(left, right)) return first + number - start;
        units.write(number, text, textAt, textAt + length);
        const index = this.#insert(number, length, left, right);
        if (changes !== null) {
          const inserted = textOfUnits(text, textAt, textAt + length);
          changes.add(index, 0, inserted);
        }
        textAt += length;
      } else this.#delete(author, number, columns, op, changes);
      number += length;
    }
    return null;
  }

  #isOrdered(left: number, right: number): boolean {
    if (left < 0 || right < 0) return true;
    return this.#state.rank(left) < this.#state.rank(right);
  }

  #insert(number: number, length: number, left: number, right: number): number {
    const placement = this.#placement;
    placement.find(number, left, right);
    const { span, after, side } = placement;
    return this.#state.insert(span, after, number, length, left, right, side);
  }

  /** Deletes the targets, lowest first, and logs the deletions from `number` on. */
  #delete(
    author: Author,
    number: number,
    columns: OpColumns,
    op: number,
    changes: ChangeList | null,
  ): void {
    const { deletions, numbers } = this.#state;
    const { ops } = columns;
    const at = op * opStride;
    const count = ops[at + opUnits] as number;
    const timestamp = ops[at + opLeftTimestamp] as number;
    const direction = ops[at + opKind] === kindDeleteReversed ? 'down' : 'up';
    const replica = columns.replicaOf(ops[at + opLeftName] as number);
    const target = must(numbers.find(replica), 'targets are here');
    const first = numbers.numberOf(target, timestamp);
    const whole = Math.min(numbers.runningFrom(target, first), count);
    this.#deleteRun(first, whole, changes);
    if (whole === count) {
      deletions.add(author.index, number, first, count, direction);
      return;
    }
    const runs: [first: number, count: number][] = [[first, whole]];
    for (let passed = whole; passed < count; ) {
      const next = numbers.numberOf(target, timestamp + passed);
      const units = Math.min(numbers.runningFrom(target, next), count - passed);
      this.#deleteRun(next, units, changes);
      runs.push([next, units]);
      passed += units;
    }
    let own = number;
    for (const [next, units] of direction === 'down' ? runs.reverse() : runs) {
      deletions.add(author.index, own, next, units, direction);
      own += units;
    }
  }

  #deleteRun(first: number, count: number, changes: ChangeList | null): void {
    const { spans, tree } = this.#state;
    const end = first + count;
    for (let number = first; number < end; ) {
      const span = spans.find(number);
      const offset = number - spans.start(span);
      const units = Math.min(spans.length(span) - offset, end - number);
      if (!spans.isDeleted(span)) {
        if (changes !== null) {
          const index = tree.indexOf(span) + offset;
          changes.add(index, units, '');
        }
        this.#state.delete(span, offset, offset + units);
      }
      number += units;
    }
  }
}
