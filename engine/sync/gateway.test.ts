/**
 * What a node does between a socket and the log, one input at a time. The simulator explores the
 * same machine at random; these are the cases that a reader should know by name.
 */
import { describe, expect, it } from 'vitest';
import { sliceBatch } from '../../proto/batch.ts';
import { encodeBusMessage } from '../../proto/bus-codec.ts';
import { GatewayScript, headAt, logRow, Typist, textOf } from './testing/gateway-script.ts';

const empty = { head: null, rows: [] };

describe('hello', () => {
  it('is answered only after the log was read', () => {
    const script = new GatewayScript();
    script.hello(1, 11);
    expect(script.take(1)).toEqual([]);
    script.answerRead(empty);
    const [frame] = script.take(1);
    expect(frame?.welcome).toMatchObject({ headLsn: 0, through: 0, snapshot: null });
  });

  it('waits while the log cannot be read, and the read is tried again after a backoff', () => {
    const script = new GatewayScript();
    script.hello(1, 11);
    script.answerRead(null);
    expect(script.take(1)).toEqual([]);
    expect(script.reads).toHaveLength(0);
    script.advance(2000);
    script.answerRead(empty);
    expect(script.take(1)[0]?.welcome).not.toBeNull();
  });

  it('with a cursor gets the rows after it', () => {
    const script = new GatewayScript();
    const anna = new Typist(11);
    const rows = [logRow(1, anna.type(0, 'a')), logRow(2, anna.type(1, 'b'))];
    script.hello(1, 22, { epoch: 77, lsn: 1, at: 1001, operations: 1 });
    script.answerRead({ head: headAt(2), rows });
    const frames = script.take(1);
    expect(frames[0]?.welcome).toMatchObject({ cursor: { lsn: 1 }, snapshot: null, headLsn: 2 });
    expect(frames[1]?.rows).toHaveLength(1);
  });

  it('without a cursor gets a snapshot', () => {
    const script = new GatewayScript();
    script.hello(1, 22);
    script.answerRead({ head: headAt(1), rows: [logRow(1, new Typist(11).type(0, 'a'))] });
    const [frame] = script.take(1);
    expect(frame?.welcome?.snapshot).not.toBeNull();
    expect(frame?.welcome?.cursor).toMatchObject({ epoch: 77, lsn: 1, at: 1001, operations: 1 });
  });

  it.each([
    ['of another epoch', { epoch: 78, lsn: 1, at: 1001, operations: 1 }],
    ['whose row has another time', { epoch: 77, lsn: 1, at: 1000, operations: 1 }],
  ])('with a cursor %s is told that the history changed', (_, cursor) => {
    const script = new GatewayScript();
    script.hello(1, 22, cursor);
    const page = { head: headAt(1), rows: [logRow(1, new Typist(11).type(0, 'a'))] };
    script.answerRead(page);
    if (cursor.epoch !== page.head?.epoch) script.answerRead(page); // Read once more, to be sure.
    expect(script.closed.get(1)).toBe(4414);
  });

  it('with a cursor ahead of the log is refused only after the log was read once more', () => {
    const script = new GatewayScript();
    const anna = new Typist(11);
    const first = logRow(1, anna.type(0, 'a'));
    script.hello(1, 22, { epoch: 77, lsn: 2, at: 1002, operations: 2 });
    script.answerRead({ head: headAt(1), rows: [first] });
    expect(script.closed.has(1)).toBe(false);
    script.answerRead({ head: headAt(2), rows: [first, logRow(2, anna.type(1, 'b'))] });
    expect(script.take(1)[0]?.welcome?.headLsn).toBe(2);
  });

  it('with a secret other than the bound one is refused', () => {
    const script = new GatewayScript();
    const binding = { secretHash: new Uint8Array(32).fill(9), principal: 'p' };
    const batch = { ...new Typist(11).type(0, 'a'), binding };
    script.hello(1, 11);
    script.answerRead({ head: headAt(1), rows: [logRow(1, batch)] });
    expect(script.closed.get(1)).toBe(4412);
  });

  it('of a replica that is connected ends the older session', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    script.join(2, 11);
    expect(script.closed.get(1)).toBe(4409);
    expect(script.closed.has(2)).toBe(false);
  });
});

describe('an edit', () => {
  it('is neither acknowledged nor shown nor published before its row is committed', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    script.join(2, 22);
    script.take(1);
    script.take(2);
    script.edit(1, new Typist(11).type(0, 'hi'));
    expect([script.take(1), script.take(2), script.published]).toEqual([[], [], []]);
    script.commit(1);
    expect(script.take(1)[0]?.ack).toMatchObject({ through: 2, lsn: 0 });
    expect(script.take(2)[0]?.rows[0]).toMatchObject({ introduced: [11], at: 1001 });
    expect(script.published).toEqual(['doc']);
  });

  it('waits in the queue while another row is in flight, and shares the next one', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    script.join(2, 22);
    const [anna, ben] = [new Typist(11), new Typist(22)];
    script.edit(1, anna.type(0, 'a'));
    script.edit(1, anna.type(1, 'b'));
    script.edit(2, ben.type(0, 'x'));
    expect(script.appends.map(textOf)).toEqual(['a']);
    script.commit(1);
    expect(script.appends.map(textOf)).toEqual(['bx']);
  });

  it('that was sent twice is appended once', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    const batch = new Typist(11).type(0, 'a');
    script.edit(1, batch);
    script.edit(1, batch);
    script.commit(1);
    expect(script.appends).toEqual([]);
  });

  it('that was sent twice with other content ends the replica', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    script.edit(1, new Typist(11).type(0, 'abc'));
    script.edit(1, new Typist(11).type(0, 'abd'));
    expect(script.closed.get(1)).toBe(4411);
  });

  it('may be cut differently when it is sent again', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    const anna = new Typist(11);
    const batches = [anna.type(0, 'ab'), anna.type(2, 'cd'), anna.type(0, '>')];
    const joined = new Typist(11).type(0, 'abcd');
    script.edit(1, ...batches);
    script.edit(1, joined);
    script.edit(1, sliceBatch(joined, 2, 4), sliceBatch(joined, 4));
    expect(script.closed.size).toBe(0);
  });

  it('with more operations than a frame may have is too large', () => {
    const script = new GatewayScript({ frameOperationsMax: 3 });
    script.join(1, 11);
    script.edit(1, new Typist(11).type(0, 'four'));
    expect(script.closed.get(1)).toBe(4413);
  });

  it('after a gap is refused, and nothing of it is appended', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    const anna = new Typist(11);
    anna.type(0, 'lost');
    script.edit(1, anna.type(4, 'b'));
    expect(script.closed.get(1)).toBe(4422);
    expect(script.appends).toEqual([]);
  });

  it('tells how stale it was: what others committed since its base', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    script.join(2, 22);
    const [anna, ben] = [new Typist(11), new Typist(22)];
    script.edit(1, anna.type(0, 'abc'));
    script.commit(1, 5000);
    script.edit(1, anna.type(3, 'd', 1));
    script.commit(2, 6000);
    script.take(2);
    ben.sequence.edit(22, [], 0);
    script.edit(2, ben.type(0, 'x'));
    script.commit(3, 7500);
    expect(script.take(2).at(-1)?.ack).toMatchObject({ staleOperations: 4 });
    script.edit(1, anna.type(4, 'e', 2));
    script.commit(4, 8000);
    expect(script.take(1).at(-1)?.ack).toMatchObject({ staleOperations: 1, staleMs: 2000 });
    expect(script.gateway.logicalTimes('doc')).toEqual([
      { replica: 11, base: 2, own: 5 },
      { replica: 22, base: 0, own: 1 },
    ]);
  });

  it('whose base is ahead of this node waits for a read of the log', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    script.edit(1, new Typist(11).type(0, 'a', 1));
    expect(script.appends).toEqual([]);
    const rows = [logRow(1, new Typist(22).type(0, 'z'))];
    script.answerRead({ head: headAt(1), rows });
    expect(script.appends.map(textOf)).toEqual(['a']);
  });
});

describe('an append with unknown outcome', () => {
  function inDoubt(): { script: GatewayScript; batch: ReturnType<Typist['type']> } {
    const script = new GatewayScript();
    script.join(1, 11);
    const batch = new Typist(11).type(0, 'a');
    script.edit(1, batch);
    script.take(1);
    script.settle({ outcome: 'unknown' });
    expect(script.take(1)).toEqual([]);
    expect(script.appends).toEqual([]);
    return { script, batch };
  }

  it('is acknowledged from the log when a read finds it', () => {
    const { script, batch } = inDoubt();
    script.answerRead({ head: headAt(1), rows: [logRow(1, batch)] });
    expect(script.take(1).map((frame) => frame.ack?.through)).toEqual([1]);
    expect(script.appends).toEqual([]);
  });

  it('is appended again when a read does not find it', () => {
    const { script } = inDoubt();
    script.answerRead(empty);
    expect(script.appends.map(textOf)).toEqual(['a']);
    script.commit(1);
    expect(script.take(1)[0]?.ack?.through).toBe(1);
  });

  it('that turns up after its copy was committed changes nothing', () => {
    const { script, batch } = inDoubt();
    script.answerRead(empty);
    script.commit(1);
    script.take(1);
    script.feed({ type: 'busGap', document: null });
    const head = headAt(2, script.gatewayEpoch);
    script.answerHeads({ doc: head });
    script.answerRead({ head, rows: [logRow(1, batch), logRow(2, batch)] });
    script.hello(2, 22);
    expect(script.take(2)[0]?.welcome?.cursor).toMatchObject({ lsn: 2, operations: 1 });
  });

  it('waits for the database: failed reads are repeated, and nothing is sent twice', () => {
    const { script } = inDoubt();
    script.answerRead(null);
    script.advance(5000);
    script.answerRead(null);
    expect(script.appends).toEqual([]);
    script.advance(5000);
    script.answerRead(empty);
    expect(script.appends.map(textOf)).toEqual(['a']);
  });
});

describe('rows of other nodes', () => {
  it('that leave a hole before the own commit are read before anything is acknowledged', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    script.take(1);
    const batch = new Typist(11).type(0, 'a');
    script.edit(1, batch);
    script.commit(2);
    expect(script.take(1)).toEqual([]);
    const rows = [logRow(1, new Typist(22).type(0, 'z')), logRow(2, batch)];
    script.answerRead({ head: headAt(2, script.gatewayEpoch), rows });
    const frames = script.take(1);
    expect(frames.flatMap((frame) => frame.rows)).toHaveLength(2);
    expect(frames.at(-1)?.ack?.through).toBe(1);
  });

  it('of another epoch than the room began with are adopted while it is empty', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    script.take(1);
    script.edit(1, new Typist(11).type(0, 'a'));
    script.settle({ outcome: 'rejected', code: 'epoch' });
    const rows = [logRow(1, new Typist(22).type(0, 'z'))];
    script.answerRead({ head: headAt(1), rows });
    expect(script.take(1)[0]?.rows[0]?.epoch).toBe(77);
    expect(script.appends.map(({ epoch }) => epoch)).toEqual([77]);
  });

  it('of another history end every session of the room', () => {
    const script = new GatewayScript();
    script.hello(1, 11);
    script.answerRead({ head: headAt(1), rows: [logRow(1, new Typist(22).type(0, 'z'))] });
    script.feed({ type: 'logReconnected' });
    script.answerRead({ head: headAt(5, 78), rows: [] });
    expect(script.closed.get(1)).toBe(4414);
  });
});

it('a deleted document ends its sessions and the next hello', () => {
  const script = new GatewayScript();
  script.hello(1, 11);
  script.answerRead({ head: { epoch: 77, lsn: 3, at: 1003, state: 'deleted' }, rows: [] });
  expect(script.closed.get(1)).toBe(4410);
  script.hello(2, 11);
  script.answerRead({ head: { epoch: 77, lsn: 3, at: 1003, state: 'deleted' }, rows: [] });
  expect(script.closed.get(2)).toBe(4410);
});

it('another node’s hint that something happened to a document makes its room ask the log', () => {
  const script = new GatewayScript();
  const look = encodeBusMessage({ type: 'look' });
  script.join(1, 11);
  script.take(1);
  script.feed({ type: 'busReceived', document: 'other', bytes: look });
  expect(script.headsAsked).toEqual([]);
  script.edit(1, new Typist(11).type(0, 'a'));
  script.commit(1);
  script.feed({ type: 'busReceived', document: 'doc', bytes: look });
  const deleted = { ...headAt(1, 99), state: 'deleted' as const };
  expect(script.answerHeads({ doc: deleted })).toEqual(['doc']);
  script.answerRead({ head: deleted, rows: [] });
  expect(script.closed.get(1)).toBe(4410);
});

it('of a row that the log refuses, only the guilty author is told', () => {
  const script = new GatewayScript();
  script.join(1, 11);
  script.join(2, 22);
  script.join(3, 33);
  script.edit(3, new Typist(33).type(0, 'first'));
  script.edit(1, new Typist(11).type(0, 'good'));
  script.edit(2, new Typist(22).type(0, 'bad'));
  script.commit(1);
  script.settle({ outcome: 'rejected', code: 'invalid' });
  script.commit(2);
  script.settle({ outcome: 'rejected', code: 'invalid' });
  expect([...script.closed]).toEqual([[2, 4413]]);
  expect(script.take(1).at(-1)?.ack).toMatchObject({ through: 4 });
});

describe('a reader that does not read', () => {
  function lagging(recentBytesMax: number): {
    script: GatewayScript;
    rows: ReturnType<typeof logRow>[];
  } {
    const script = new GatewayScript({ sendBytesMax: 200, recentBytesMax });
    script.join(1, 11);
    script.join(2, 22);
    script.stuck.add(2);
    const anna = new Typist(11);
    const rows: ReturnType<typeof logRow>[] = [];
    for (let lsn = 1; lsn <= 40; lsn++) {
      const batch = anna.type(0, 'twenty characters ..', lsn - 1);
      rows.push(logRow(lsn, batch));
      script.edit(1, batch);
      script.commit(lsn);
    }
    return { script, rows };
  }

  it('is sent no more than the limit, and the rest from memory when it reads again', () => {
    const { script } = lagging(2 ** 20);
    const before = script.take(2).flatMap((frame) => frame.rows).length;
    expect(before).toBeLessThan(10);
    script.drain(2);
    expect(before + script.take(2).flatMap((frame) => frame.rows).length).toBe(40);
  });

  it('is sent the rest from the log when the rows have left memory', () => {
    const { script, rows } = lagging(100);
    const before = script.take(2).flatMap((frame) => frame.rows).length;
    script.drain(2);
    expect(script.take(2)).toEqual([]);
    for (let sent = before; sent < 40; ) {
      const after = script.reads[0]?.afterLsn ?? 0;
      const head = headAt(40, script.gatewayEpoch);
      script.answerRead({ head, rows: rows.slice(after, after + 10) });
      sent += script.take(2).flatMap((frame) => frame.rows).length;
      expect(sent).toBeGreaterThan(after);
    }
    expect(script.reads).toEqual([]);
  });
});

describe('silence', () => {
  it('of a socket for two intervals ends it', () => {
    const script = new GatewayScript({ heartbeatMs: 1000 });
    script.join(1, 11);
    for (let i = 0; i < 7; i++) script.advance(250);
    expect(script.closed.get(1)).toBe(4504);
  });

  it('of a socket is not held against it while this node stood still', () => {
    const script = new GatewayScript({ heartbeatMs: 1000 });
    script.join(1, 11);
    script.advance(250);
    // What was said meanwhile waits in the socket when the node's timer goes off.
    script.advance(60_000);
    expect(script.closed.get(1)).toBeUndefined();
    script.send(1, { type: 'heartbeat', at: 0 });
    for (let i = 0; i < 6; i++) script.advance(250);
    expect(script.closed.get(1)).toBeUndefined();
    script.advance(250);
    expect(script.closed.get(1)).toBe(4504);
  });

  it('of this node never lasts longer than an interval', () => {
    const script = new GatewayScript({ heartbeatMs: 1000 });
    script.join(1, 11);
    script.take(1);
    for (let i = 0; i < 4; i++) script.advance(250);
    expect(script.take(1).filter((frame) => frame.heartbeat !== null)).toHaveLength(1);
  });
});

it('presence tells line and column, once per tick, with the latest state', () => {
  const script = new GatewayScript();
  script.join(1, 11);
  script.join(2, 22);
  script.edit(1, new Typist(11).type(0, 'one\ntwo'));
  const place = (timestamp: number) => ({ replica: 0, timestamp, side: 'after' }) as const;
  const state = { name: 'Anna', color: 'red', anchor: null };
  script.send(1, { type: 'presence', state: { ...state, head: place(2) } });
  script.send(1, { type: 'presence', state: { ...state, head: place(6) } });
  script.take(2);
  script.advance(50);
  expect(script.take(2)).toEqual([]); // The character is not in the log yet.
  script.commit(1);
  script.advance(50);
  const peers = script.take(2).flatMap((frame) => frame.presence?.peers ?? []);
  expect(peers).toMatchObject([{ session: 1, line: 2, column: 3, state: { name: 'Anna' } }]);
});

it('an idle room leaves memory', () => {
  const script = new GatewayScript({ roomIdleMs: 1000, heartbeatMs: 100_000 });
  script.join(1, 11);
  script.send(1, { type: 'leave' });
  script.advance(999);
  expect(script.gateway.stats.rooms).toBe(1);
  script.advance(1);
  expect(script.gateway.stats.rooms).toBe(0);
});

it('a drain takes no more edits, and ends although their clients go on typing', () => {
  const script = new GatewayScript();
  script.join(1, 11);
  const anna = new Typist(11);
  script.edit(1, anna.type(0, 'a'));
  script.feed({ type: 'drain' });
  script.edit(1, anna.type(1, 'b'));
  script.commit(1);
  expect(script.appends).toEqual([]);
  expect(script.drained).toBe(true);
});

it('a drain settles what is in flight before it closes', () => {
  const script = new GatewayScript();
  script.join(1, 11);
  script.edit(1, new Typist(11).type(0, 'a'));
  script.feed({ type: 'drain' });
  expect(script.drained).toBe(false);
  script.commit(1);
  expect(script.drained).toBe(true);
  expect(script.take(1).map((frame) => frame.ack?.through ?? frame.error?.code)).toContain(1);
  expect(script.closed.get(1)).toBe(4503);
});
