/** The client's half of the protocol against the real node, frame by frame. */
import { describe, expect, it } from 'vitest';
import { emptyServerFrame } from '../../proto/testing/encode-server-frame.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';
import { must } from '../assert.ts';
import { GatewayScript, headAt, logRow, Typist, textOf } from './testing/gateway-script.ts';
import { ReplicaScript } from './testing/replica-script.ts';

const empty = { head: null, rows: [] };

/** A client connected to a node that has just been started on an empty log. */
function connected(): { script: GatewayScript; anna: ReplicaScript } {
  const script = new GatewayScript();
  const anna = new ReplicaScript(11);
  anna.feed({ type: 'start' });
  anna.connect(script, 1);
  script.answerRead(empty);
  anna.pass(script);
  return { script, anna };
}

describe('the status', () => {
  it('is durable only while everything typed is acknowledged', () => {
    const { script, anna } = connected();
    anna.type(0, 'a');
    anna.pass(script);
    expect(anna.session.status).toBe('syncing');
    script.commit(1);
    anna.pass(script);
    expect(anna.statuses).toEqual(['connecting', 'durable', 'syncing', 'durable']);
    expect(anna.acked).toEqual([1]);
  });

  it('goes offline when the server is silent for two heartbeats, and then connects again', () => {
    const { anna } = connected();
    anna.advance(20_000);
    expect(anna.session.status).toBe('offline');
    anna.advance(100);
    expect(anna.session.status).toBe('connecting');
  });
});

it('an edit is visible at once, connected or not', () => {
  const anna = new ReplicaScript(11);
  anna.type(0, 'offline');
  expect(anna.session.text).toBe('offline');
  expect(anna.session.pendingOperations).toBe(7);
});

it('an impossible edit throws and changes nothing', () => {
  const anna = new ReplicaScript(11);
  anna.type(0, '😀');
  expect(() => anna.type(1, 'x')).toThrow(RangeError);
  expect(() => anna.type(5, 'x')).toThrow(RangeError);
  expect(() => anna.type(0, '\ud800')).toThrow(RangeError);
  expect([anna.session.text, anna.session.pendingOperations]).toEqual(['😀', 2]);
});

it('what was not acknowledged is sent again after a reconnect, and is in the log once', () => {
  const { script, anna } = connected();
  anna.type(0, 'a');
  anna.pass(script);
  anna.type(1, 'b');
  anna.closed(); // 'a' is on its way to the log, 'b' never left.
  script.close(1);
  anna.advance(100);
  anna.connect(script, 2);
  script.commit(1);
  anna.pass(script);
  script.commit(2);
  anna.pass(script);
  expect(anna.session.status).toBe('durable');
  expect(anna.session.fold.cursor).toMatchObject({ lsn: 2, operations: 2 });
  expect(script.appends).toEqual([]);
});

it('an acknowledgement lost with the connection is made up for by the welcome', () => {
  const { script, anna } = connected();
  anna.type(0, 'a');
  anna.pass(script);
  anna.closed();
  script.commit(1);
  anna.advance(100);
  anna.connect(script, 2);
  expect(anna.session.pendingOperations).toBe(0);
  expect(anna.session.status).toBe('durable');
  expect(anna.session.fold.cursor).toMatchObject({ lsn: 1, operations: 1 });
});

it('edits made offline merge with what others did meanwhile', () => {
  const { script, anna } = connected();
  anna.type(0, 'shared ');
  anna.pass(script);
  script.commit(1);
  anna.pass(script);
  anna.closed();
  anna.type(7, 'anna');
  const ben = new ReplicaScript(22);
  ben.feed({ type: 'start' });
  ben.connect(script, 2);
  ben.type(0, 'ben: ');
  ben.pass(script);
  script.commit(2);
  ben.pass(script);
  anna.advance(100);
  anna.connect(script, 3);
  anna.pass(script);
  script.commit(3);
  anna.pass(script);
  ben.pass(script);
  expect(anna.session.text).toBe('ben: shared anna');
  expect(ben.session.text).toBe(anna.session.text);
});

/** How long each batch of the append in flight was held by its author. */
function heldIn({ appends: [append] }: GatewayScript): (number | undefined)[] {
  const { batches } = decodeUpdate(must(append, 'an append is in flight').body);
  return batches.map(({ heldMs }) => heldMs);
}

it('what is typed offline is sent with the time for which it was held, other edits are not', () => {
  const { script, anna } = connected();
  anna.type(0, 'a');
  anna.pass(script);
  expect(heldIn(script)).toEqual([undefined]);
  script.commit(1);
  anna.pass(script);
  anna.closed();
  anna.type(1, 'b');
  anna.advance(60_000);
  anna.connect(script, 2);
  anna.pass(script);
  expect(heldIn(script)).toEqual([60_000]);
  script.commit(2);
  anna.pass(script);
  anna.type(2, 'c');
  anna.pass(script);
  expect(heldIn(script)).toEqual([undefined]);
});

it('what is sent again tells another time, and is the same edit', () => {
  const { script, anna } = connected();
  anna.type(0, 'a');
  anna.pass(script);
  anna.closed();
  script.close(1);
  anna.advance(5000);
  anna.connect(script, 2);
  anna.pass(script);
  script.commit(1);
  anna.pass(script);
  expect([anna.session.status, script.appends.length]).toEqual(['durable', 0]);
  expect(anna.session.fold.cursor).toMatchObject({ lsn: 1, operations: 1 });
  expect([anna.rescued, anna.failed]).toEqual([[], []]);
});

describe('another history', () => {
  /** A client whose text 'ab' is durable, and a restarted node. */
  function durable(): { anna: ReplicaScript } {
    const { script, anna } = connected();
    anna.type(0, 'ab');
    anna.pass(script);
    script.commit(1);
    anna.pass(script);
    anna.closed();
    anna.advance(100);
    return { anna };
  }

  it('that lost acknowledged operations gets them offered again', () => {
    const { anna } = durable();
    const script = new GatewayScript();
    anna.connect(script, 1);
    script.answerRead(empty); // The backup is older than the document.
    script.answerRead(empty); // The cursor is ahead of it, so the log is read once more.
    anna.pass(script);
    anna.advance(100);
    anna.connect(script, 2);
    anna.pass(script);
    script.commit(1);
    anna.pass(script);
    expect(anna.session.text).toBe('ab');
    expect(anna.session.status).toBe('durable');
    expect(anna.rescued).toEqual([]);
  });

  it('with text of others takes the own text in', () => {
    const { anna } = durable();
    anna.type(2, 'c');
    const script = new GatewayScript();
    const carl = new Typist(33);
    anna.connect(script, 1);
    const row = logRow(1, carl.type(0, 'new'));
    script.answerRead({ head: headAt(1), rows: [row] });
    script.answerRead({ head: headAt(1), rows: [row] }); // Her epoch is unknown: read once more.
    anna.pass(script);
    anna.advance(100);
    anna.connect(script, 2);
    anna.pass(script);
    script.commit(2);
    anna.pass(script);
    expect(anna.session.text).toContain('abc');
    expect(anna.session.text).toContain('new');
    expect(anna.session.status).toBe('durable');
  });
});

it('text that leans on what another history lacks is given back to the person', () => {
  const script = new GatewayScript();
  const anna = new ReplicaScript(11);
  anna.feed({ type: 'start' });
  anna.connect(script, 1);
  script.answerRead({ head: headAt(1), rows: [logRow(1, new Typist(22).type(0, 'ben'))] });
  anna.pass(script);
  anna.closed();
  anna.type(3, ' and anna');
  anna.advance(100);
  const restored = new GatewayScript();
  const row = logRow(1, new Typist(33).type(0, 'carl'));
  anna.connect(restored, 1);
  restored.answerRead({ head: headAt(1, 78), rows: [row] });
  restored.answerRead({ head: headAt(1, 78), rows: [row] }); // Her epoch is unknown: once more.
  for (let conn = 2; conn < 5 && anna.session.status !== 'durable'; conn++) {
    anna.pass(restored);
    anna.advance(100);
    anna.connect(restored, conn);
  }
  expect(anna.rescued).toEqual([' and anna']);
  expect(anna.session.text).toBe('carl');
  expect(anna.session.status).toBe('durable');
});

it('what cannot all be offered to another history is given back whole, and none of it sent', () => {
  const script = new GatewayScript();
  const anna = new ReplicaScript(11);
  const carl = new Typist(33);
  const old = logRow(1, carl.type(0, 'old'));
  anna.feed({ type: 'start' });
  anna.connect(script, 1);
  script.answerRead({ head: headAt(1), rows: [old] });
  anna.pass(script);
  anna.type(0, 'a');
  anna.pass(script);
  script.commit(2);
  anna.pass(script);
  // Somebody types elsewhere in between: her next timestamp is ahead of what the backup knows.
  script.hello(2, 33);
  carl.sequence.integrate({
    replica: 11,
    gap: 3,
    first: 4,
    base: 1,
    ops: [
      { type: 'insert', timestamp: 4, left: null, right: { timestamp: 1, replica: 33 }, text: 'a' },
    ],
  });
  script.edit(2, carl.type(4, '!', 2));
  script.commit(3);
  anna.pass(script);
  anna.type(0, 'b');
  anna.pass(script);
  script.commit(4);
  anna.pass(script);
  expect(anna.session.text).toBe('baold!');
  anna.closed();
  anna.advance(100);
  const restored = new GatewayScript();
  anna.connect(restored, 1);
  restored.answerRead({ head: headAt(1, 78), rows: [old] });
  restored.answerRead({ head: headAt(1, 78), rows: [old] });
  for (let conn = 2; conn < 6 && anna.session.status !== 'durable'; conn++) {
    anna.pass(restored);
    anna.advance(100);
    anna.connect(restored, conn);
  }
  expect(anna.rescued.join('')).toBe('ab');
  expect(restored.appends.map(textOf)).toEqual([]);
  expect(anna.session.text).toBe('old');
});

it('an old copy of a replica takes a new identity and keeps what it typed as rescue', () => {
  const script = new GatewayScript();
  const copy = new ReplicaScript(11);
  copy.type(0, 'x');
  copy.feed({ type: 'start' });
  copy.connect(script, 1);
  const original = new Typist(11);
  const row = logRow(1, original.type(0, 'original'));
  script.answerRead({ head: headAt(1), rows: [row] });
  copy.pass(script);
  expect(copy.rescued).toEqual(['x']);
  copy.advance(100);
  copy.connect(script, 2);
  copy.pass(script);
  expect(copy.session.text).toBe('original');
  expect(copy.session.replica).toBe(1011);
  copy.type(0, 'y');
  copy.pass(script);
  script.commit(2);
  copy.pass(script);
  expect(copy.session.status).toBe('durable');
});

it('a refusal for good stops reconnecting, and typing goes on', () => {
  const anna = new ReplicaScript(11);
  anna.feed({ type: 'start' });
  anna.feed({ type: 'connOpened', connection: 1 });
  anna.closed(4401);
  anna.advance(100_000);
  expect(anna.failed).toEqual(['unauthorized']);
  expect(anna.session.status).toBe('failed');
  anna.type(0, 'a');
  expect(anna.session.text).toBe('a');
});

it('presence of others tells where they are in the text as it is here now', () => {
  const { script, anna } = connected();
  const ben = new ReplicaScript(22);
  ben.feed({ type: 'start' });
  ben.connect(script, 2);
  anna.type(0, 'one\ntwo');
  anna.advance(50);
  anna.feed({
    type: 'presenceSet',
    presence: { name: 'Anna', color: 'red', head: 7, anchor: null },
  });
  anna.pass(script);
  script.commit(1);
  script.advance(50);
  ben.pass(script);
  expect(ben.session.peers).toMatchObject([{ name: 'Anna', head: 7, line: 2, column: 4 }]);
  ben.type(0, 'zero\n');
  expect(ben.session.peers).toMatchObject([{ head: 12, line: 3, column: 4 }]);
});

it('what was typed against a row that the log has lost is offered with a base that it has', () => {
  const rows = [
    logRow(1, new Typist(22).type(0, 'shared')),
    logRow(2, new Typist(33).type(0, '!')),
  ];
  const first = new GatewayScript();
  const anna = new ReplicaScript(11);
  anna.feed({ type: 'start' });
  anna.connect(first, 1);
  first.answerRead({ head: headAt(2), rows });
  anna.pass(first);
  anna.type(0, 'anna ');
  anna.closed();
  const restored = new GatewayScript();
  anna.advance(100);
  anna.connect(restored, 1);
  const page = { head: headAt(1), rows: rows.slice(0, 1) };
  restored.answerRead(page);
  restored.answerRead(page); // Its cursor is ahead, so the log is read twice.
  anna.pass(restored);
  anna.advance(100);
  anna.connect(restored, 2);
  restored.commit(2);
  anna.pass(restored);
  expect([anna.session.status, anna.session.text]).toEqual(['durable', 'anna shared']);
});

it('a node that is overloaded is not asked again before the time that it says', () => {
  const { anna } = connected();
  const error = { code: 'overloaded', message: '', retry: true, retryAfterMs: 7_000 } as const;
  anna.receive({ ...emptyServerFrame, error });
  anna.closed(1013);
  anna.advance(6_999);
  expect(anna.session.status).toBe('offline');
  anna.advance(1);
  expect(anna.session.status).toBe('connecting');
});
