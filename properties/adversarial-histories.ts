/**
 * Histories that make a careless list slow: very many insertions at one place, two long branches
 * that never met, a text of tombstones. Built operation by operation without the engine, with the
 * text that must come out, in any size.
 */
import type { Random } from '../engine/random.ts';
import type { Batch, InsertOp, OpId } from '../proto/batch.ts';

export interface AdversarialHistory {
  /** What everybody had seen; must come first. */
  readonly base: Batch;
  /** Concurrent to each other; each in the order of writing. */
  readonly branches: readonly (readonly Batch[])[];
  /** The text in the end. */
  readonly text: string;
}

const firstReplica = 1;

/**
 * `count` replicas insert one character each into the same gap of `[]`, or at the end of an empty
 * place behind it.
 */
export function crowd(place: 'inside' | 'end', count: number, random: Random): AdversarialHistory {
  const replicas = shuffledNumbers(count, random).map((number) => number + 10);
  const [open, close] = [idOf(1, firstReplica), idOf(2, firstReplica)];
  const origins = place === 'inside' ? { left: open, right: close } : { left: close, right: null };
  const branches = replicas.map((replica) => [
    inserted(idOf(3, replica), origins, unitOf(replica)),
  ]);
  const units = replicas.toSorted((a, b) => a - b).map(unitOf);
  const text = place === 'inside' ? `[${units.join('')}]` : `[]${units.join('')}`;
  return { base: baseBatch('[]'), branches, text };
}

/**
 * Two replicas type `count` characters each between `[` and `]`, a batch per character: onwards, or
 * always at the same place, so that each character stands before the one typed last.
 */
export function twoBranches(
  directions: readonly ['forward' | 'backward', 'forward' | 'backward'],
  count: number,
): AdversarialHistory {
  const branches = directions.map((direction, position) => {
    const replica = position + 2;
    return Array.from({ length: count }, (_, k) => {
      const id = idOf(3 + k, replica);
      const before = k === 0 ? null : idOf(2 + k, replica);
      const origins = {
        left: direction === 'forward' && before !== null ? before : idOf(1, firstReplica),
        right: direction === 'backward' && before !== null ? before : idOf(2, firstReplica),
      };
      return inserted(id, origins, unitOf(k + position));
    });
  });
  const texts = directions.map((direction, position) => {
    const units = Array.from({ length: count }, (_, k) => unitOf(k + position));
    return (direction === 'forward' ? units : units.reverse()).join('');
  });
  return { base: baseBatch('[]'), branches, text: `[${texts.join('')}]` };
}

/**
 * Two replicas take turns to type `count` characters between `[` and `]`, so that no two neighbours
 * are of one author, and delete all of them; `others` replicas that saw nothing of it insert one
 * character each at the same place.
 */
export function tombstones(count: number, others: number): AdversarialHistory {
  const [open, close] = [idOf(1, firstReplica), idOf(2, firstReplica)];
  const typed = Array.from({ length: count }, (_, k) => {
    const author = 2 + (k % 2);
    const left = k === 0 ? open : idOf(2 + k, 2 + ((k - 1) % 2));
    // A replica's timestamps skip those of the other one.
    const gap = k === 0 ? 2 : k === 1 ? 3 : 1;
    return { ...inserted(idOf(3 + k, author), { left, right: close }, unitOf(k)), gap };
  });
  const first = 3 + count;
  const erased: Batch = {
    ...{ replica: 4, first, gap: first - 1, base: 0 },
    ops: typed.map((batch, k) => ({
      type: 'delete',
      timestamp: first + k,
      target: idOf(batch.first, batch.replica),
      count: 1,
      reversed: false,
    })),
  };
  const late = Array.from({ length: others }, (_, k) => [
    inserted(idOf(3, 10 + k), { left: open, right: close }, unitOf(k)),
  ]);
  const units = Array.from({ length: others }, (_, k) => unitOf(k));
  return {
    base: baseBatch('[]'),
    branches: [count === 0 ? [] : [...typed, erased], ...late],
    text: `[${units.join('')}]`,
  };
}

function baseBatch(text: string): Batch {
  return inserted(idOf(1, firstReplica), { left: null, right: null }, text);
}

/** The replica's operations before have the timestamps of its branch, without a hole. */
function inserted(
  id: OpId,
  { left, right }: Pick<InsertOp, 'left' | 'right'>,
  text: string,
): Batch {
  const { timestamp, replica } = id;
  const follows = left?.replica === replica || (right !== 'same' && right?.replica === replica);
  const gap = follows ? 0 : timestamp - 1;
  return {
    ...{ replica, first: timestamp, gap, base: 0 },
    ops: [{ type: 'insert', timestamp, left, right, text }],
  };
}

function idOf(timestamp: number, replica: number): OpId {
  return { timestamp, replica };
}

/** One of 20,000 characters outside of ASCII, so that neighbours are told apart. */
function unitOf(number: number): string {
  return String.fromCharCode(0x4e00 + (number % 20_000));
}

function shuffledNumbers(count: number, random: Random): number[] {
  const numbers = Array.from({ length: count }, (_, k) => k);
  for (let k = count - 1; k > 0; k--) {
    const other = random.below(k + 1);
    [numbers[k], numbers[other]] = [numbers[other] ?? 0, numbers[k] ?? 0];
  }
  return numbers;
}
