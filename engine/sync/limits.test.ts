/**
 * What one client can make a node keep or compute. Method: a node of the script, a client that
 * breaks the customs of a good one; where work is bounded, amounts at which the unbounded way would
 * outlast any test.
 */
import { describe, expect, it } from 'vitest';
import { type Batch, batchLast } from '../../proto/batch.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';
import { Sequence } from '../text/sequence.ts';
import { GatewayScript, headAt, logRow, Typist } from './testing/gateway-script.ts';

const caret = { replica: 0, timestamp: 0, side: 'after' } as const;
const shown = { name: 'Anna', color: 'red', head: caret, anchor: null };
const leave = { type: 'leave' } as const;
const hello = {
  type: 'hello',
  protocol: 1,
  document: 'doc',
  replica: 11,
  secret: new Uint8Array(16).fill(11),
  token: '',
  cursor: null,
} as const;

/** `count` batches of one character each, all at the end. */
function keystrokes(count: number, replica = 11): Batch[] {
  const batches: Batch[] = [];
  for (let timestamp = 1; timestamp <= count; timestamp++) {
    const left = timestamp === 1 ? null : { timestamp: timestamp - 1, replica };
    const right = timestamp === 1 ? null : 'same';
    const op = { type: 'insert', timestamp, left, right, text: 'x' } as const;
    batches.push({ replica, first: timestamp, gap: 0, base: 0, ops: [op] });
  }
  return batches;
}

it('presence of more people than one update may name comes in several', () => {
  const script = new GatewayScript({ heartbeatMs: 1_000_000, sendBytesMax: 1 });
  for (let conn = 1; conn <= 1500; conn++) {
    if (conn > 1) script.stuck.add(conn);
    script.join(conn, conn);
    script.send(conn, { type: 'presence', state: shown });
  }
  script.take(1);
  script.advance(50);
  expect(script.take(1).flatMap(({ presence }) => presence?.peers ?? [])).toHaveLength(1500);
  script.join(1501, 1501);
  const updates = script.take(1501).flatMap(({ presence }) => presence ?? []);
  expect(updates.map(({ full, peers }) => [full, peers.length])).toEqual([
    [true, 1000],
    [false, 500],
  ]);
  for (let conn = 2; conn <= 1500; conn++) script.close(conn);
  script.advance(50);
  expect(script.take(1).flatMap(({ presence }) => presence?.left ?? [])).toHaveLength(1499);
});

describe('a socket that is not read', () => {
  it('is sent one snapshot, however often a session begins on it', () => {
    const script = new GatewayScript({ sendBytesMax: 200 });
    script.stuck.add(1);
    script.open(1);
    const row = logRow(1, new Typist(22).type(0, 'x'.repeat(1000)));
    for (let i = 0; i < 50; i++) {
      script.sendOn(1, 0, { ...hello, thin: false, whole: false, settled: 0 });
      if (script.reads.length > 0) script.answerRead({ head: headAt(1), rows: [row] });
      script.send(1, leave);
    }
    expect(script.take(1).filter(({ welcome }) => welcome !== null)).toHaveLength(1);
    script.sendOn(1, 0, { ...hello, thin: false, whole: false, settled: 0 });
    script.drain(1);
    expect(script.take(1).filter(({ welcome }) => welcome !== null)).toHaveLength(1);
  });

  it('is closed before refusals pile up', () => {
    const script = new GatewayScript({ sendBytesMax: 200 });
    script.join(1, 11);
    script.stuck.add(1);
    for (let channel = 1; channel <= 100; channel++) {
      script.sendOn(1, channel, { ...hello, thin: true, whole: false, settled: 0 });
    }
    expect(script.take(1).filter(({ error }) => error !== null).length).toBeLessThan(20);
    expect(script.closed.get(1)).toBe(1013);
  });
});

describe('the work for an edit does not grow with what is on its way', () => {
  it('when many are sent again', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    const batches = keystrokes(20_000);
    script.edit(1, ...batches);
    script.join(2, 11);
    script.edit(2, ...batches);
    expect(script.closed.has(2)).toBe(false);
    expect(script.appends).toHaveLength(1);
  });

  it('when many operations refer to each other', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    const count = 60_000;
    const [begin, ...rest] = keystrokes(count);
    const left = { timestamp: 1, replica: 11 };
    const ops = rest.map(({ first }) => {
      const op = { type: 'insert', timestamp: first, text: 'x' } as const;
      return { ...op, left: first === 2 ? left : { ...left, timestamp: first - 2 }, right: null };
    });
    if (begin === undefined) throw new Error('one keystroke at least');
    script.edit(1, begin);
    script.edit(1, { replica: 11, first: 2, gap: 0, base: 0, ops });
    expect(script.closed.size).toBe(0);
    expect(batchLast({ replica: 11, first: 2, gap: 0, base: 0, ops })).toBe(count);
  });
});

it('a row of many small edits takes no longer to compose than to say', () => {
  const script = new GatewayScript({ rowBytesMax: 2 ** 22 });
  script.join(1, 11);
  const [first, second, ...apart] = keystrokes(80_000);
  if (first === undefined || second === undefined) throw new Error('two keystrokes at least');
  script.edit(1, first);
  script.commit(1);
  script.edit(1, second);
  for (const batch of apart) {
    const ops = batch.ops.map((op) => ({ ...op, left: null, right: null }));
    script.edit(1, { ...batch, ops });
  }
  script.commit(2);
  expect(decodeUpdate(script.appends[0]?.body ?? new Uint8Array(0)).batches).toHaveLength(1);
});

it('a snapshot is loaded in time, whatever the order in which its text was typed', () => {
  const count = 200_000;
  const start = Int32Array.from({ length: count }, (_, at) => count - 1 - at);
  const loaded = Sequence.fromSnapshot({
    authors: [11],
    stretches: {
      author: Int32Array.of(0),
      first: Float64Array.of(1),
      length: Int32Array.of(count),
    },
    spans: {
      start,
      length: new Int32Array(count).fill(1),
      left: new Int32Array(count).fill(-1),
      right: start.map((number) => number - 1),
      flags: new Uint8Array(count).fill(2).with(count - 1, 0),
    },
    deletions: {
      start: new Int32Array(0),
      target: new Int32Array(0),
      length: new Int32Array(0),
      reversed: new Uint8Array(0),
    },
    visible: 'x'.repeat(count),
    hidden: '',
  });
  expect(loaded.length).toBe(count);
});

describe('what waits for the log', () => {
  it('is bounded, whoever sent it and is gone', () => {
    const script = new GatewayScript({ backlogBytesMax: 100_000 });
    const text = 'x'.repeat(10_000);
    const turnedAway: number[] = [];
    for (let conn = 1; conn <= 30; conn++) {
      script.join(conn, conn);
      script.edit(conn, new Typist(conn).type(0, text));
      if (script.closed.get(conn) === 1013) turnedAway.push(conn);
      script.close(conn);
    }
    expect(turnedAway).toEqual(Array.from({ length: 20 }, (_, i) => i + 11));
    for (let lsn = 1; script.appends.length > 0; lsn++) script.commit(lsn);
    script.join(31, 31);
    script.edit(31, new Typist(31).type(0, text));
    expect(script.appends).toHaveLength(1);
  });

  it('is no longer counted when it has been settled, joined, refused or forgotten', () => {
    const script = new GatewayScript({ backlogBytesMax: 100 });
    script.join(1, 11);
    const anna = new Typist(11);
    for (let lsn = 1; lsn <= 40; lsn += 2) {
      for (let i = 0; i < 3; i++) script.edit(1, anna.type(anna.sequence.length, 'a'));
      script.commit(lsn);
      script.settle({ outcome: 'unknown' });
      const head = headAt(lsn, script.gatewayEpoch);
      script.answerRead({ head, rows: [] });
      script.commit(lsn + 1);
    }
    script.join(2, 22);
    script.edit(2, new Typist(22).type(0, 'refused'));
    script.settle({ outcome: 'rejected', code: 'invalid' });
    for (let i = 0; i < 3; i++) script.edit(1, anna.type(0, 'a'));
    script.feed({ type: 'logReconnected' });
    script.answerRead({ head: headAt(50, 5), rows: [] });
    script.hello(3, 33, null, 'other');
    script.answerRead({ head: null, rows: [] });
    script.edit(3, new Typist(33).type(0, 'x'.repeat(40)));
    script.edit(3, new Typist(33).type(0, 'x'.repeat(40)));
    expect([...script.closed]).toEqual([
      [2, 4413],
      [1, 4414],
    ]);
  });
});
