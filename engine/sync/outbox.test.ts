/**
 * The outbox: what a resend may change (cuts and joins) and what it may not (ids, bases, content).
 */
import { expect, it } from 'vitest';
import { batchLast } from '../../proto/batch.ts';
import { Outbox } from './outbox.ts';
import { Typist } from './testing/gateway-script.ts';

it('typing goes into one batch until it is sent', () => {
  const anna = new Typist(11);
  const outbox = new Outbox();
  outbox.push(anna.type(0, 'a'), { sentThrough: 0, wallMs: 0 });
  outbox.push(anna.type(1, 'b'), { sentThrough: 0, wallMs: 0 });
  expect(outbox.batches).toHaveLength(1);
  outbox.push(anna.type(2, 'c'), { sentThrough: 2, wallMs: 0 });
  expect(outbox.batches).toHaveLength(2);
  expect(outbox.operations).toBe(3);
});

it('batches of different bases stay apart', () => {
  const anna = new Typist(11);
  const outbox = new Outbox();
  outbox.push(anna.type(0, 'a', 0), { sentThrough: 0, wallMs: 0 });
  outbox.push(anna.type(1, 'b', 1), { sentThrough: 0, wallMs: 0 });
  expect(outbox.batches.map(({ base }) => base)).toEqual([0, 1]);
});

it('pieces are cut to size, never inside a surrogate pair', () => {
  const outbox = new Outbox();
  outbox.push(new Typist(11).type(0, 'ab😀cd'), { sentThrough: 0, wallMs: 0 });
  const ends: number[] = [];
  for (let sent = 0; ; ) {
    const piece = outbox.next(sent, { operationsMax: 3, wallMs: 0 });
    if (piece === null) break;
    sent = batchLast(piece);
    ends.push(sent);
  }
  expect(ends).toEqual([4, 6]);
});

it('an acknowledgement inside a batch leaves the rest of it', () => {
  const outbox = new Outbox();
  outbox.push(new Typist(11).type(0, 'abcd'), { sentThrough: 0, wallMs: 0 });
  expect(outbox.settle(3)).toBe(3);
  expect(outbox.operations).toBe(1);
  expect(outbox.next(3, { operationsMax: 10, wallMs: 0 })?.first).toBe(4);
  expect(outbox.settle(3)).toBe(0);
  expect(outbox.settle(4)).toBe(1);
  expect(outbox.next(0, { operationsMax: 10, wallMs: 0 })).toBeNull();
});

it('a place to cut is found at once, however much is deleted by however many operations', () => {
  const outbox = new Outbox();
  const long = 200_000;
  const many = 20_000;
  const target = (timestamp: number) => ({ replica: 22, timestamp });
  const first = 10 * long;
  const ops = [{ type: 'delete', timestamp: first, target: target(1), count: long }];
  for (let i = 1; i <= many; i++) {
    ops.push({
      type: 'delete',
      timestamp: first + long + i - 1,
      target: target(long + 2 * i),
      count: 1,
    });
  }
  const deletes = ops.map((op) => ({ ...op, type: 'delete', reversed: false }) as const);
  outbox.push({ replica: 11, first, gap: 0, base: 0, ops: deletes }, { sentThrough: 0, wallMs: 0 });
  expect(outbox.next(0, { operationsMax: 10, wallMs: 0 })?.ops).toHaveLength(1);
  expect(outbox.next(first + long - 1, { operationsMax: 10, wallMs: 0 })?.ops).toHaveLength(10);
});

it('what is sent later than at once tells how long it was held, since its first operation', () => {
  const anna = new Typist(11);
  const outbox = new Outbox();
  const heldAt = (wallMs: number, sentThrough = 0): number | undefined =>
    outbox.next(sentThrough, { operationsMax: 2, wallMs })?.heldMs;
  outbox.push(anna.type(0, 'abc'), { sentThrough: 0, wallMs: 5000 });
  outbox.push(anna.type(3, 'd'), { sentThrough: 0, wallMs: 9000 });
  outbox.push(anna.type(4, 'e', 1), { sentThrough: 0, wallMs: 20_000 });
  expect([heldAt(5999), heldAt(6000), heldAt(65_000)]).toEqual([undefined, 1000, 60_000]);
  expect([heldAt(65_000, 2), heldAt(65_000, 4)]).toEqual([60_000, 45_000]);
  outbox.settle(3);
  expect([heldAt(65_000, 3), heldAt(65_000, 4)]).toEqual([60_000, 45_000]);
  outbox.settle(4);
  expect(outbox.content.times).toHaveLength(1);
  expect(heldAt(65_000, 4)).toBe(45_000);
});

it('a clock that was set back, or a time that is none, tells nothing', () => {
  const outbox = new Outbox();
  outbox.push(new Typist(11).type(0, 'a'), { sentThrough: 0, wallMs: 5000 });
  for (const wallMs of [0, Number.NaN, Infinity]) {
    expect(outbox.next(0, { operationsMax: 1, wallMs })).not.toHaveProperty('heldMs');
  }
});

it('knows that nobody settles half of a pair', () => {
  const outbox = new Outbox();
  outbox.push(new Typist(11).type(0, 'a😀b'), { sentThrough: 0, wallMs: 0 });
  expect([0, 1, 2, 3, 4, 9].map((through) => outbox.parts(through))).toEqual([
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
});
