/**
 * A scenario run twice: nothing is reported that cannot be seen again. Two runs with the same hash
 * did the same; of two that did not, the first event at which they part is looked for, since that
 * is where to look for the clock, the chance or the order that crept in.
 */
import type { SimResult } from '../result.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { checkpointEvery } from '../trace/trace.ts';
import type { Jobs } from './jobs.ts';
import type { Ended } from './sim-thread.ts';
import type { Ran } from './thread-messages.ts';
import { traceLine } from './trace-line.ts';

export type Twice =
  /** With its events. */
  | { readonly type: 'same'; readonly ran: Ran }
  | { readonly type: 'different'; readonly message: string }
  | Ended;

/** `earlierHash`: of a third run, somewhere else, if there was one. */
export async function runTwice(
  jobs: Jobs,
  of: Scenario | number,
  earlierHash: string | null,
): Promise<Twice> {
  // One without events and one with them: keeping them must change nothing.
  const first = await jobs.run(of, { trace: false });
  if ('type' in first) return first;
  const second = await jobs.run(of, { trace: true });
  if ('type' in second) return second;
  if (first.result.traceHash !== second.result.traceHash) {
    const third = await jobs.run(of, { trace: true });
    if ('type' in third) return third;
    return { type: 'different', message: difference(first.result, second.result, third.result) };
  }
  const { seed, traceHash } = second.result;
  if (earlierHash === null || earlierHash === traceHash) return { type: 'same', ran: second };
  const message = `seed ${seed} gave ${earlierHash} in the batch and now gives ${traceHash}`;
  return { type: 'different', message };
}

/** Where runs of one scenario part. */
function difference(first: SimResult, second: SimResult, third: SimResult): string {
  const head = `seed ${first.seed} is not repeatable: ${first.traceHash}, then ${second.traceHash}`;
  const checkpoint = firstUnequal(first.checkpoints, second.checkpoints, (a, b) => a === b);
  const from = checkpoint * checkpointEvery;
  const where = `they part between the events ${from + 1} and ${from + checkpointEvery}`;
  return `${head}\n  ${where}\n${firstUnequalEvent(second, third)}`;
}

function firstUnequalEvent(second: SimResult, third: SimResult): string {
  if (second.traceHash === third.traceHash) {
    return '  two runs that keep their events are equal: keeping them changes something';
  }
  const at = firstUnequal(second.trace, third.trace, (a, b) => {
    return a.t === b.t && a.lane === b.lane && a.kind === b.kind && a.what === b.what;
  });
  const lines = [second, third].map(({ trace }) => {
    const event = trace[at];
    return `    ${event === undefined ? 'nothing' : traceLine(event)}`;
  });
  return `  of two runs more the first unequal event is\n${lines.join('\n')}`;
}

/** The first place at which two lists differ, or one ends. */
function firstUnequal<T>(
  a: readonly T[],
  b: readonly T[],
  isEqual: (a: T, b: T) => boolean,
): number {
  const most = Math.min(a.length, b.length);
  for (let index = 0; index < most; index++) {
    const [left, right] = [a[index], b[index]];
    if (left === undefined || right === undefined || !isEqual(left, right)) return index;
  }
  return most;
}
