/**
 * What the state says about the past: the text at a version, the operations since one, and whether
 * an operation that arrives again is the one that is here.
 */
import type { Batch, DeleteOp, InsertOp, OpId } from '../../proto/batch.ts';
import { textOfUnits } from '../../proto/text.ts';
import type { VersionVector } from '../causal/version-vector.ts';
import { deletedFlag } from './span-table.ts';
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
    const number = numberOf(state, { timestamp: op.timestamp + passed, replica });
    if (number < 0 || !state.isCharacter(number)) return false;
    if (state.leftOf(number) !== origin || state.rightOf(number) !== bound) return false;
    if (state.units.at(number) !== text.charCodeAt(passed)) return false;
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
    if (number < 0) return false;
    const here = state.deletions.targetOf(author.index, number);
    if (here < 0 || here !== numberOf(state, target)) return false;
  }
  return true;
}

/** The text that has exactly the operations in `version`, all of which are here. */
export function textAtVersion(state: TextState, version: VersionVector): string {
  const { spans, tree, units } = state;
  const past = new PastState(state, version);
  const parts = units.isNarrow ? new Uint8Array(past.capacity) : new Uint16Array(past.capacity);
  let length = 0;
  for (const span of tree.order()) {
    const end = spans.end(span);
    for (let number = spans.start(span); number < end; ) {
      const next = past.runEnd(number, end, (spans.flags(span) & deletedFlag) !== 0);
      if (past.isShown) {
        units.copy(number, next, parts, length);
        length += next - number;
      }
      number = next;
    }
  }
  return textOfUnits(parts, 0, length);
}

/** Which characters a version shows. */
export class PastState {
  readonly #state: TextState;
  /** By author: its operations in the version have numbers below this. */
  readonly #bounds: readonly number[];
  /** By number: 1 where a deletion of the version hit the character. */
  readonly #deleted: Uint8Array;
  /** Of the run that `runEnd` told. */
  isShown = false;

  constructor(state: TextState, version: VersionVector) {
    const { deletions, numbers } = state;
    this.#state = state;
    this.#bounds = numbers.authors.map((author) =>
      numbers.bound(author, version.get(author.replica)),
    );
    this.#deleted = new Uint8Array(numbers.end);
    for (const { index } of numbers.authors) {
      const bound = this.#bounds[index] as number;
      for (let run = 0; run < deletions.count(index); run++) {
        const start = deletions.start(index, run);
        if (start >= bound) break;
        const length = deletions.length(index, run);
        const target = deletions.target(index, run);
        const count = Math.min(length, bound - start);
        const from = deletions.isReversed(index, run) ? target + length - count : target;
        this.#deleted.fill(1, from, from + count);
      }
    }
    for (let at = 0; at < state.buried.length; at += 2) {
      this.#deleted.fill(1, state.buried[at], state.buried[at + 1]);
    }
  }

  /** At least as many units as are shown. */
  get capacity(): number {
    return this.#state.numbers.end;
  }

  /** Whether the version has the operation. */
  includes(number: number): boolean {
    const author = this.#state.numbers.authorOf(number);
    return number < (this.#bounds[author.index] as number);
  }

  /**
   * End of the run from `number` on, at most `end`, that is shown or not as a whole; sets
   * `isShown`. `mayBeDeleted`: false if none of it is deleted now, nor was it ever.
   */
  runEnd(number: number, end: number, mayBeDeleted: boolean): number {
    const { numbers } = this.#state;
    const author = numbers.authorOf(number);
    const bound = this.#bounds[author.index] as number;
    const stop = Math.min(end, numbers.blockEndOf(number));
    if (number >= bound) {
      this.isShown = false;
      return stop;
    }
    const last = Math.min(stop, bound);
    if (!mayBeDeleted) {
      this.isShown = true;
      return last;
    }
    const isDeleted = this.#deleted[number] as number;
    this.isShown = isDeleted === 0;
    let next = number + 1;
    while (next < last && this.#deleted[next] === isDeleted) next++;
    return next;
  }
}
