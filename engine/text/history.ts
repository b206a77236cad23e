/**
 * What the state says about the past: the text at a version, what changed between two, and who
 * wrote what. Reads the state and leaves it as it is. Each answer is one walk over the spans in
 * document order: O(spans + operation numbers), whatever the versions.
 */
import { textOfUnits } from '../../proto/text.ts';
import { VersionVector } from '../causal/version-vector.ts';
import { PastState } from './past-state.ts';
import { ChangeList, type TextChange } from './text-change.ts';
import type { TextState } from './text-state.ts';

/** Neighbouring units of the text that one replica wrote one after the other. */
export interface AuthoredRange {
  /** UTF-16 units before it. */
  readonly index: number;
  /** Its UTF-16 units. */
  readonly length: number;
  readonly replica: number;
  /** Of the first unit; the k-th has `timestamp + k`. */
  readonly timestamp: number;
}

/** RangeError unless every operation of `since` is in the version. */
export function checkSince({ since }: TextState, version: VersionVector): void {
  if (since.meet(version).equals(since)) return;
  throw new RangeError(
    'the version is from before the document was saved without history: that past is not known',
  );
}

/** RangeError unless the version can be told: all of it is here, and the past from there on. */
function checkVersion(state: TextState, version: VersionVector): void {
  const order = version.compare(state.numbers.versionVector);
  if (order === 'after' || order === 'concurrent') {
    throw new RangeError('the version has operations that are not here');
  }
  checkSince(state, version);
}

/** The version that has the operations with timestamps up to this one, as far as they are here. */
export function versionAt({ numbers }: TextState, timestamp: number): VersionVector {
  const version = new VersionVector();
  for (const author of numbers.authors) {
    const bound = numbers.bound(author, timestamp);
    if (bound > 0) version.observe(author.replica, numbers.timestampOf(author, bound - 1));
  }
  return version;
}

/** The text that has exactly the operations in `version`. RangeError: see `checkVersion`. */
export function textAt(state: TextState, version: VersionVector): string {
  checkVersion(state, version);
  const { numbers, units } = state;
  const { end } = numbers;
  const content = units.isNarrow ? new Uint8Array(end) : new Uint16Array(end);
  let length = 0;
  for (const [start, next] of shownRuns(state, PastState.at(state, version))) {
    units.copy(start, next, content, length);
    length += next - start;
  }
  return textOfUnits(content, 0, length);
}

/** See Sequence. RangeError: see `checkVersion`. */
export function changesBetween(
  state: TextState,
  from: VersionVector,
  to: VersionVector,
): readonly TextChange[] {
  checkVersion(state, from);
  checkVersion(state, to);
  const { spans, tree, units } = state;
  const before = PastState.at(state, from);
  const after = PastState.at(state, to);
  const changes = new ChangeList();
  let index = 0;
  for (const span of tree.order()) {
    const end = spans.end(span);
    for (let number = spans.start(span); number < end; ) {
      const next = after.runEnd(number, before.runEnd(number, end, span), span);
      if (before.isShown && !after.isShown) changes.add(index, next - number, '');
      else if (after.isShown) {
        if (!before.isShown) changes.add(index, 0, units.text(number, next));
        index += next - number;
      }
      number = next;
    }
  }
  return changes.finish();
}

/** See Sequence. RangeError: see `checkVersion`. */
export function authorship(state: TextState, version: VersionVector): AuthoredRange[] {
  checkVersion(state, version);
  const { numbers } = state;
  const ranges: AuthoredRange[] = [];
  let index = 0;
  for (const [start, end] of shownRuns(state, PastState.at(state, version))) {
    for (let number = start; number < end; ) {
      const author = numbers.authorOf(number);
      const length = Math.min(end - number, numbers.runningFrom(author, number));
      const timestamp = numbers.timestampOf(author, number);
      addRange(ranges, { index, length, replica: author.replica, timestamp });
      index += length;
      number += length;
    }
  }
  return ranges;
}

/** Adds a range that stands after the others, to the last one if it goes on with it. */
function addRange(ranges: AuthoredRange[], next: AuthoredRange): void {
  const last = ranges.at(-1);
  const goesOn =
    last !== undefined &&
    last.replica === next.replica &&
    last.timestamp + last.length === next.timestamp;
  if (goesOn) ranges[ranges.length - 1] = { ...last, length: last.length + next.length };
  else ranges.push(next);
}

/** Numbers [start, end) of what shows, in document order. */
function* shownRuns(
  { spans, tree }: TextState,
  past: PastState,
): Generator<readonly [start: number, end: number]> {
  for (const span of tree.order()) {
    const end = spans.end(span);
    for (let number = spans.start(span); number < end; ) {
      const next = past.runEnd(number, end, span);
      if (past.isShown) yield [number, next];
      number = next;
    }
  }
}
