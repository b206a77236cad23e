/**
 * The characters in document order as plain runs under full ids: for hashing, tests and whoever
 * looks at a text from outside.
 *
 * Spans depend on how operations came (whether numbers happened to run on); these runs do not:
 * neighbours with running timestamps of one replica, each the right child of the one before, with
 * the same right origin and state, are always one run.
 */
import type { OpId } from '../../proto/batch.ts';
import { deletedFlag, leftChildFlag } from './span-table.ts';
import type { TextState } from './text-state.ts';

export interface CharacterRun {
  /** Of the first character; the k-th has `timestamp + k`. */
  readonly id: OpId;
  /** UTF-16 units, at least one; tombstones keep theirs. */
  readonly text: string;
  /** Origins of the first character; null = start, or end, of the document. */
  readonly left: OpId | null;
  readonly right: OpId | null;
  /** The first character is a left child of `right`; else it is a right child of `left`. */
  readonly leftChild: boolean;
  readonly deleted: boolean;
}

/** The id of an operation; null for -1. */
export function idOf(state: TextState, number: number): OpId | null {
  if (number < 0) return null;
  const author = state.numbers.authorOf(number);
  return { timestamp: state.numbers.timestampOf(author, number), replica: author.replica };
}

/** All characters, tombstones included. */
export function* characterRuns(state: TextState): Generator<CharacterRun> {
  let open: CharacterRun | null = null;
  for (const span of state.tree.order()) {
    for (const run of runsOfSpan(state, span)) {
      const joined: CharacterRun | null = open === null ? null : join(open, run);
      if (open !== null && joined === null) yield open;
      open = joined ?? run;
    }
  }
  if (open !== null) yield open;
}

/** A span, cut where authors or timestamps do not run on. */
function* runsOfSpan(state: TextState, span: number): Generator<CharacterRun> {
  const { numbers, spans, units } = state;
  const start = spans.start(span);
  const end = spans.end(span);
  const flags = spans.flags(span);
  const right = idOf(state, spans.right(span));
  for (let number = start; number < end; ) {
    const author = numbers.authorOf(number);
    const next = Math.min(end, number + numbers.runningFrom(author, number));
    const isFirst = number === start;
    yield {
      id: { timestamp: numbers.timestampOf(author, number), replica: author.replica },
      text: units.text(number, next),
      left: idOf(state, isFirst ? spans.left(span) : number - 1),
      right,
      leftChild: isFirst && (flags & leftChildFlag) !== 0,
      deleted: (flags & deletedFlag) !== 0,
    };
    number = next;
  }
}

/** Both as one run; null if `next` does not go on with `run`. */
function join(run: CharacterRun, next: CharacterRun): CharacterRun | null {
  const { id, text, right, deleted } = run;
  const goesOn =
    next.id.replica === id.replica &&
    next.id.timestamp === id.timestamp + text.length &&
    next.left?.replica === id.replica &&
    next.left.timestamp === next.id.timestamp - 1 &&
    next.right?.replica === right?.replica &&
    next.right?.timestamp === right?.timestamp &&
    next.deleted === deleted &&
    !next.leftChild;
  return goesOn ? { ...run, text: text + next.text } : null;
}
