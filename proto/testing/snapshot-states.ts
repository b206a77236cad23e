/**
 * fast-check arbitrary of snapshot states that keep every rule of the columns. The operations are
 * made one after the other by authors who know of each other or not; the spans then stand in any
 * order and have any older origins, so that they need not be a document: some as typing leaves
 * them, which the format predicts, others that it must tell.
 */
import fc from 'fast-check';
import { DeletionRuns } from '../deletion-runs.ts';
import { OperationTimes } from '../operation-times.ts';
import {
  flagDeleted,
  flagLeftChild,
  type SnapshotState,
  type StretchColumns,
} from '../snapshot-state.ts';
import { binding, replicaId, uint } from './arbitraries.ts';

const max = Number.MAX_SAFE_INTEGER;

const step = fc.record({
  author: fc.nat(),
  isDeletion: fc.boolean(),
  isDeleted: fc.boolean(),
  isAware: fc.boolean(),
  gap: fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 5 })),
  length: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 300 })),
  /** Where the span stands in the document; how a deletion picks its targets. */
  place: fc.nat(),
  offset: fc.nat(),
  reversed: fc.boolean(),
  origins: fc.option(fc.tuple(fc.nat(), fc.nat(), fc.boolean())),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Operations with running timestamps of one author. */
interface Made {
  readonly author: number;
  readonly first: number;
  readonly length: number;
  readonly step: Step;
  /** What a deletion hits, and from which of its characters on. */
  readonly target: Made | null;
  readonly offset: number;
}

function make(steps: readonly Step[], authors: number, clock: number): Made[] {
  const lasts = Array.from({ length: authors }, () => 0);
  const made: Made[] = [];
  for (const each of steps) {
    const author = each.author % authors;
    const known = each.isAware ? Math.max(clock, ...lasts) : (lasts[author] ?? 0);
    const first = known + 1 + each.gap;
    let { length } = each;
    let target: Made | null = null;
    let offset = 0;
    if (each.isDeletion) {
      const hit = made.filter(
        (other) => other.target === null && other.step.isDeleted && !other.step.isDeletion,
      );
      const older = hit.filter((other) => other.first + other.length <= first);
      target = older[each.place % Math.max(older.length, 1)] ?? null;
      if (target === null) continue;
      offset = each.offset % target.length;
      length = Math.min(length, target.length - offset);
    }
    if (first > max - length) break;
    made.push({ author, first, length, step: each, target, offset });
    lasts[author] = first + length - 1;
  }
  return made;
}

function stretchesOf(ordered: readonly Made[]): StretchColumns {
  const stretches: { author: number; first: number; length: number }[] = [];
  for (const { author, first, length } of ordered) {
    const last = stretches.at(-1);
    if (last?.author === author && last.first + last.length === first) last.length += length;
    else stretches.push({ author, first, length });
  }
  return {
    author: Int32Array.from(stretches, (each) => each.author),
    first: Float64Array.from(stretches, (each) => each.first),
    length: Int32Array.from(stretches, (each) => each.length),
  };
}

/** Well-formed text of so many units, with characters of one to four bytes. */
function textOf(units: number, seed: number): string {
  const characters = ['e', ' ', 'é', '€', '😀', '\n', '\ufeff'];
  let text = '';
  for (let at = seed; text.length < units; at = (at * 7 + 3) % 1_000_003) {
    const next = characters[at % characters.length] ?? 'x';
    text += text.length + next.length <= units ? next : 'x';
  }
  return text;
}

type Columns = Pick<SnapshotState, 'stretches' | 'spans' | 'deletions'>;

function columnsOf(made: readonly Made[], history: 'full' | 'none'): Columns {
  const ordered = made.toSorted((a, b) => a.author - b.author || a.first - b.first);
  const stretches = stretchesOf(ordered);
  const numbers = new Map<Made, number>();
  let number = 0;
  for (const each of ordered) {
    numbers.set(each, number);
    number += each.length;
  }
  const numberOf = (each: Made): number => numbers.get(each) ?? -1;
  const characters = made.filter(({ target }) => target === null);
  const document = characters.toSorted((a, b) => a.step.place - b.step.place || a.first - b.first);
  const times = new OperationTimes(stretches);
  const runs = new DeletionRuns(times, 1);
  for (const each of history === 'full' ? ordered : []) {
    const { target, offset, length } = each;
    if (target === null) continue;
    const lowest = numberOf(target) + offset;
    runs.add(numberOf(each), lowest, length, each.step.reversed && length > 1 ? 'down' : 'up');
  }
  const origins = document.map((span, at) => originsOf(document, at, span, numberOf));
  return {
    stretches,
    spans: {
      start: Int32Array.from(document, numberOf),
      length: Int32Array.from(document, ({ length }) => length),
      left: Int32Array.from(origins, ({ left }) => left),
      right: Int32Array.from(origins, ({ right }) => right),
      flags: Uint8Array.from(document, ({ step }, at) => {
        const isLeftChild = origins[at]?.isLeftChild === true;
        return (step.isDeleted ? flagDeleted : 0) | (isLeftChild ? flagLeftChild : 0);
      }),
    },
    deletions: runs.finish(),
  };
}

interface SpanOrigins {
  readonly left: number;
  readonly right: number;
  readonly isLeftChild: boolean;
}

/** Those that the step picks among the older characters, else the nearest ones. */
function originsOf(
  document: readonly Made[],
  at: number,
  span: Made,
  numberOf: (each: Made) => number,
): SpanOrigins {
  const isOlder = (other: Made): boolean => other.first + other.length <= span.first;
  if (span.step.origins === null) {
    const left = document.slice(0, at).findLast(isOlder);
    const right = document.slice(at + 1).find((other) => other.first < span.first);
    const leftLast = left === undefined ? 0 : left.first + left.length - 1;
    return {
      left: left === undefined ? -1 : numberOf(left) + left.length - 1,
      right: right === undefined ? -1 : numberOf(right),
      isLeftChild: right !== undefined && right.first > leftLast,
    };
  }
  const [leftPick, rightPick, isLeftChild] = span.step.origins;
  const older = document.filter(isOlder);
  const pick = (value: number): number => {
    const other = older[value % (older.length + 1)];
    return other === undefined ? -1 : numberOf(other) + (value % other.length);
  };
  const right = pick(rightPick);
  return { left: pick(leftPick), right, isLeftChild: isLeftChild && right !== -1 };
}

export const snapshotState: fc.Arbitrary<SnapshotState> = fc
  .record({
    numbers: fc.record({ epoch: uint, lsn: uint, at: uint, operations: uint }),
    entries: fc.uniqueArray(
      fc.record({ id: replicaId, since: uint, binding: fc.option(binding, { nil: undefined }) }),
      { minLength: 1, maxLength: 4, selector: (entry) => entry.id },
    ),
    steps: fc.array(step, { maxLength: 20 }),
    clock: fc.oneof(fc.constant(0), uint),
    history: fc.constantFrom('full' as const, 'none' as const),
    seed: fc.nat(),
    voidSpecs: fc.array(fc.tuple(uint, uint), { maxLength: 4 }),
  })
  .map(({ numbers, entries, steps, clock, history, seed, voidSpecs }) => {
    const columns = columnsOf(make(steps, entries.length, clock), history);
    const units = [0, 0];
    for (const [span, length] of columns.spans.length.entries()) {
      const kind = (columns.spans.flags[span] ?? 0) & flagDeleted;
      units[kind] = (units[kind] ?? 0) + length;
    }
    const voided = voidSpecs
      .filter(() => numbers.lsn > 0)
      .map(([at, position]) => ({ lsn: 1 + (at % numbers.lsn), position }))
      .sort((a, b) => a.lsn - b.lsn);
    return {
      ...numbers,
      replicas: entries.map(({ id, since, binding: bound }) => {
        const entry = { id, last: max, since: Math.min(since, numbers.lsn) };
        return bound === undefined ? entry : { ...entry, binding: bound };
      }),
      voided,
      ...columns,
      visible: textOf(units[0] ?? 0, seed),
      hidden: history === 'full' ? textOf(units[1] ?? 0, seed + 1) : null,
    };
  });
