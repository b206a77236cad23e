/** Goal: of a trace, a failure shows what led to it and no more. Method: traces made by hand. */
import { describe, expect, it } from 'vitest';
import { causalSlice, failingEvent, withFaults } from './causal-slice.ts';
import type { TraceEvent } from './trace.ts';

type Made = Pick<TraceEvent, 'lane' | 'kind' | 'cause'> & Partial<TraceEvent>;

function trace(...made: readonly Made[]): TraceEvent[] {
  return made.map((event, index) => ({ n: index + 1, t: 10 * index, what: '', ...event }));
}

const numbers = (events: readonly TraceEvent[]): number[] => events.map(({ n }) => n);

const events = trace(
  { lane: 'c0', kind: 'edits', cause: 0 },
  { lane: 'c1', kind: 'edits', cause: 0 },
  { lane: 'n0', kind: 'receives', cause: 1 },
  { lane: 'nemesis', kind: 'fault', cause: 0, lanes: ['n0'] },
  { lane: 'nemesis', kind: 'fault', cause: 0, lanes: ['n1', 'c1'] },
  { lane: 'n0', kind: 'crashes', cause: 4 },
  { lane: 'n1', kind: 'crashes', cause: 5 },
  { lane: 'log', kind: 'commits', cause: 3 },
  { lane: 'c0', kind: 'receives', cause: 8 },
  { lane: 'nemesis', kind: 'healing', cause: 0 },
);

describe('a causal slice', () => {
  it('goes back to an event that nothing caused, and is told from there', () => {
    expect(numbers(causalSlice(events, 9))).toEqual([1, 3, 8, 9]);
    expect(numbers(causalSlice(events, 1))).toEqual([1]);
  });

  it('of an event that is not there is empty', () => {
    expect(causalSlice(events, 0)).toEqual([]);
    expect(causalSlice(events, 11)).toEqual([]);
    expect(withFaults(events, [])).toEqual([]);
  });

  it('ends where a cause lies in the future', () => {
    const broken = trace({ lane: 'a', kind: 'x', cause: 2 }, { lane: 'b', kind: 'y', cause: 1 });
    expect(numbers(causalSlice(broken, 2))).toEqual([1, 2]);
  });

  it('has beside it the faults of its lanes and of its time only', () => {
    expect(numbers(withFaults(events, causalSlice(events, 9)))).toEqual([1, 3, 4, 6, 8, 9]);
    expect(numbers(withFaults(events, causalSlice(events, 3)))).toEqual([1, 3]);
  });
});

describe('the failing event', () => {
  it('is the one in which the failure was found', () => {
    expect(failingEvent(events, { event: 9, about: [] })).toBe(9);
    expect(failingEvent(events, { event: 8, about: ['c0'] })).toBe(8);
  });

  it('is the last one of those it is about, if it was found elsewhere', () => {
    expect(failingEvent(events, { event: 10, about: ['c1'] })).toBe(2);
    expect(failingEvent(events, { event: 10, about: ['nobody'] })).toBe(10);
  });

  it('is the last of all, if it was found after them', () => {
    expect(failingEvent(events, { event: 99, about: [] })).toBe(10);
    expect(failingEvent(events, { event: 0, about: [] })).toBe(10);
    expect(failingEvent(events, { event: 0, about: ['c1'] })).toBe(2);
    expect(failingEvent([], { event: 0, about: ['c0'] })).toBe(0);
  });
});
