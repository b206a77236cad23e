/** When things are back to normal, from windows made by hand; what an ear makes of frames. */
import { expect, test } from 'vitest';
import type { ServerFrame } from '../../proto/server-frame.ts';
import { Ear } from './ear.ts';
import { Histogram, type HistogramData } from './histogram.ts';
import { outageFigures } from './measure.ts';

/** A histogram of nothing but this. */
function only(ms: number): HistogramData {
  const histogram = new Histogram();
  histogram.add(ms);
  return histogram.toJSON();
}

/** Half seconds: two before the outage, two in it, the rest after it. At the own node: 20 ms. */
function normalAfter(...medians: readonly number[]): number | null {
  const heard = { otherWindows: medians.map(only), sameWindows: medians.map(() => only(20)) };
  const outage = { kind: 'kill', seconds: 1 } as const;
  return outageFigures(outage, [5_000, 6_000, 7_000], [heard]).normalAfterSeconds;
}

test('things are normal again where two seconds are', () => {
  const calm = [30, 30, 30, 30];
  expect(normalAfter(30, 30, 900, 900, ...calm, 900)).toBe(0);
  expect(normalAfter(30, 30, 900, 900, 500, ...calm)).toBe(0.5);
  expect(normalAfter(30, 30, 900, 900, 30, 500, ...calm)).toBe(1);
  expect(normalAfter(...calm, ...calm)).toBe(0);
  expect(normalAfter(...calm, 900, 30, 30, 30)).toBeNull();
});

/** A frame with a row: who is new in it, and (name, first, text) of its batches. */
function frame(
  introduced: readonly number[],
  ...batches: readonly (readonly [number, number, string])[]
): ServerFrame {
  const row = {
    ...{ at: 1, epoch: 0, introduced },
    batches: batches.map(([replica, first, text]) => {
      const insert = { type: 'insert', timestamp: first, left: null, right: null, text } as const;
      return { replica, first, gap: 0, base: 0, ops: [insert] };
    }),
  };
  const rest = {
    ack: null,
    welcome: null,
    presence: null,
    error: null,
    heartbeat: null,
    snapshotPiece: null,
    rights: null,
  };
  return { channel: 0, rows: [row], ...rest, window: null, patch: null };
}

test('an ear knows every key by its author, and what it hears twice', () => {
  const ear = new Ear(() => 0);
  ear.hear(frame([77], [1, 1, 'ab']));
  ear.hear(frame([88], [2, 1, 'x'], [1, 3, 'c']));
  ear.hear(frame([], [1, 2, 'bcd']));
  const heard = ear.receipts.map(({ replica, timestamp }) => `${timestamp}.${replica}`);
  expect(heard).toEqual(['1.77', '2.77', '1.88', '3.77', '4.77']);
  expect([ear.lsn, ear.doubled]).toEqual([3, 2]);
});
