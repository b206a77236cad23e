/**
 * What a node does with those who cost more than their share: who is not read, who is caught up in
 * which way, who is closed, and that nobody else notices. Method: a node of the script.
 */
import { describe, expect, it } from 'vitest';
import type { ClientBody } from '../../proto/client-frame.ts';
import type { ServerFrame } from '../../proto/server-frame.ts';
import { GatewayScript, headAt, logRow, Typist } from './testing/gateway-script.ts';

function helloOf(document: string, replica: number): ClientBody {
  const secret = new Uint8Array(16).fill(replica);
  const rest = { protocol: 1, token: '', cursor: null, thin: false, whole: false, settled: 0 };
  return { type: 'hello', document, replica, secret, ...rest };
}

function errorsOf(frames: readonly ServerFrame[]): string[] {
  return frames.flatMap(({ channel, error }) => (error === null ? [] : `${channel} ${error.code}`));
}

describe('a channel that breaks', () => {
  /** One socket with sessions on channels 0 and 2, each on an empty document of its own. */
  function twoChannels(): GatewayScript {
    const script = new GatewayScript();
    script.join(1, 11);
    script.sendOn(1, 2, helloOf('second', 12));
    script.answerRead({ head: null, rows: [] });
    script.take(1);
    return script;
  }

  function expectAlive(script: GatewayScript): void {
    script.edit(1, new Typist(11).type(0, 'still here'));
    expect(script.appends).toHaveLength(1);
    script.commit(1);
    expect(script.take(1).some(({ channel, ack }) => channel === 0 && ack !== null)).toBe(true);
    expect(script.closed.size).toBe(0);
  }

  it('by an edit that its document refuses leaves the other alone', () => {
    const script = twoChannels();
    const batch = new Typist(12).type(0, 'x');
    script.sendOn(1, 2, { type: 'edit', batches: [{ ...batch, replica: 0, first: 99, gap: 0 }] });
    expect(errorsOf(script.take(1))).toEqual(['2 invalid-edit']);
    expectAlive(script);
  });

  it('by a second hello leaves the other alone', () => {
    const script = twoChannels();
    script.sendOn(1, 2, helloOf('third', 13));
    expect(errorsOf(script.take(1))).toEqual(['2 bad-frame']);
    expectAlive(script);
  });

  it('by a frame without a hello is told so, once', () => {
    const script = twoChannels();
    for (let i = 0; i < 3; i++) script.sendOn(1, 7, { type: 'edit', batches: [] });
    expect(errorsOf(script.take(1))).toEqual(['7 bad-frame']);
    expectAlive(script);
  });

  it('may be opened again, and what was on its way for the old session harms nobody', () => {
    const script = twoChannels();
    script.sendOn(1, 2, { type: 'edit', batches: [] });
    script.sendOn(1, 2, { type: 'presence', state: null });
    expect(errorsOf(script.take(1))).toEqual(['2 bad-frame']);
    script.sendOn(1, 2, helloOf('second', 14));
    const answer = script.take(1);
    expect(answer.map(({ channel }) => channel)).toEqual([2, 2]);
    expect(answer[0]?.welcome).not.toBeNull();
    expectAlive(script);
  });

  it('takes the socket along when it was the last', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    script.send(1, { type: 'edit', batches: [] });
    expect(script.closed.get(1)).toBe(4400);
  });
});

describe('a socket without a document', () => {
  it('is closed after a while, though it sends heartbeats', () => {
    const script = new GatewayScript({ helloMs: 5_000, heartbeatMs: 2_000 });
    script.open(1);
    for (let i = 0; i < 6; i++) {
      script.advance(1_000);
      script.send(1, { type: 'heartbeat', at: 0 });
    }
    expect(script.closed.get(1)).toBe(4508);
    expect(errorsOf(script.take(1))).toEqual(['0 hello-timeout']);
  });

  it('is closed after its last document was left', () => {
    const script = new GatewayScript({ helloMs: 5_000, heartbeatMs: 2_000 });
    script.join(1, 11);
    for (let i = 0; i < 20; i++) {
      script.advance(1_000);
      script.send(1, { type: 'heartbeat', at: 0 });
    }
    expect(script.closed.size).toBe(0);
    script.send(1, { type: 'leave' });
    for (let i = 0; i < 6; i++) {
      script.advance(1_000);
      script.send(1, { type: 'heartbeat', at: 0 });
    }
    expect(script.closed.get(1)).toBe(4508);
  });

  it('is admitted when its sender is authenticated', () => {
    const script = new GatewayScript();
    script.open(1);
    expect(script.admitted.has(1)).toBe(false);
    script.join(2, 11);
    expect(script.admitted.has(2)).toBe(true);
  });
});

describe('while more waits for the log than fits', () => {
  it('who edits is not read, and goes on when half of it has gone', () => {
    const script = new GatewayScript({ backlogBytesMax: 10_000, heartbeatMs: 1_000 });
    const anna = new Typist(11);
    script.join(1, 11);
    script.join(2, 12);
    script.edit(1, anna.type(0, 'a'.repeat(6_000)));
    expect(script.paused.size).toBe(0);
    script.edit(1, anna.type(0, 'b'.repeat(6_000)));
    expect([...script.paused]).toEqual([1]);
    expect(script.closed.size).toBe(0);
    // It cannot be heard, so it is not silent.
    for (let i = 0; i < 10; i++) {
      script.advance(500);
      script.send(2, { type: 'heartbeat', at: 0 });
    }
    expect(script.closed.size).toBe(0);
    for (let lsn = 1; script.appends.length > 0; lsn++) script.commit(lsn);
    expect(script.paused.size).toBe(0);
  });
});

describe('a slow reader', () => {
  /** A node whose memory holds next to no rows, a writer 1 and a reader 2 that keeps up so far. */
  function slowReader(): { script: GatewayScript; fallBehind: () => string[] } {
    const script = new GatewayScript({ sendBytesMax: 300, recentBytesMax: 100 });
    const anna = new Typist(11);
    const rows: ReturnType<typeof logRow>[] = [];
    script.join(1, 11);
    script.join(2, 22);
    script.take(2);
    const fallBehind = (): string[] => {
      script.stuck.add(2);
      for (let i = 0; i < 10; i++) {
        const batch = anna.type(0, 'x'.repeat(90), rows.length);
        script.edit(1, batch);
        rows.push({ ...logRow(rows.length + 1, batch) });
        script.commit(rows.length);
      }
      script.take(2);
      script.drain(2);
      while (script.reads.length > 0) {
        const after = script.reads[0]?.afterLsn ?? 0;
        const head = headAt(rows.length, script.gatewayEpoch);
        script.answerRead({ head, rows: rows.slice(after) });
      }
      const frames = script.take(2);
      return frames.map((frame) =>
        frame.error !== null ? frame.error.code : frame.welcome === null ? 'rows' : 'snapshot',
      );
    };
    return { script, fallBehind };
  }

  it('gets pages, then the snapshot, then 1013, and the writer notices nothing', () => {
    const { script, fallBehind } = slowReader();
    expect(new Set(fallBehind())).toEqual(new Set(['rows']));
    expect(fallBehind()).toContain('snapshot');
    expect(fallBehind()).toEqual(['overloaded']);
    expect([...script.closed]).toEqual([[2, 1013]]);
  });

  it('begins anew when it has kept up for a while', () => {
    const { script, fallBehind } = slowReader();
    for (let i = 0; i < 5; i++) {
      expect(new Set(fallBehind())).toEqual(new Set(['rows']));
      for (let ms = 0; ms < 61_000; ms += 5_000) {
        script.advance(5_000);
        for (const conn of [1, 2]) script.send(conn, { type: 'heartbeat', at: 0 });
      }
      script.take(2);
    }
    expect(script.closed.size).toBe(0);
  });

  it('is none who lacks rows that left memory because a snapshot covers them', () => {
    const script = new GatewayScript({ sendBytesMax: 300 });
    const anna = new Typist(11);
    const rows: ReturnType<typeof logRow>[] = [];
    script.join(1, 11);
    script.join(2, 22);
    for (let i = 0; i < 5; i++) {
      script.take(2);
      script.stuck.add(2);
      for (let n = 0; n < 5; n++) {
        const batch = anna.type(0, 'x'.repeat(90), rows.length);
        script.edit(1, batch);
        rows.push(logRow(rows.length + 1, batch));
        script.commit(rows.length);
      }
      script.feed({ type: 'snapshotMade', document: 'doc', lsn: rows.length });
      script.drain(2);
      while (script.reads.length > 0) {
        const head = headAt(rows.length, script.gatewayEpoch);
        script.answerRead({ head, rows: rows.slice(script.reads[0]?.afterLsn ?? 0) });
      }
      const frames = script.take(2);
      expect(frames.every(({ welcome, error }) => welcome === null && error === null)).toBe(true);
      expect(frames.flatMap((frame) => frame.rows)).toHaveLength(5);
    }
  });

  it('that takes nothing at all is closed', () => {
    const script = new GatewayScript({ sendBytesMax: 50, fullSocketMs: 30_000 });
    script.join(1, 11);
    script.join(2, 22);
    script.stuck.add(2);
    script.edit(1, new Typist(11).type(0, 'x'.repeat(100)));
    script.commit(1);
    for (let ms = 0; ms < 40_000; ms += 5_000) {
      script.advance(5_000);
      for (const conn of [1, 2]) script.send(conn, { type: 'heartbeat', at: 0 });
    }
    expect([...script.closed]).toEqual([[2, 1013]]);
  });
});

describe('a document that is full', () => {
  it('takes deletions and replacements, and nothing that makes it longer', () => {
    const script = new GatewayScript({ documentCharactersMax: 10 });
    const anna = new Typist(11);
    script.join(1, 11);
    script.edit(1, anna.type(0, '0123456789'));
    script.commit(1);
    const replaced = anna.sequence.edit(11, [{ index: 0, deleted: 2, inserted: 'ab' }], 1);
    if (replaced === null) throw new Error('an edit makes a batch');
    script.edit(1, replaced);
    script.commit(2);
    script.edit(1, anna.type(0, 'x', 2));
    expect(errorsOf(script.take(1))).toEqual(['0 document-full']);
    expect(script.closed.get(1)).toBe(4415);
  });

  it('does not end a client for what it has already', () => {
    const script = new GatewayScript({ documentCharactersMax: 10 });
    const batch = new Typist(11).type(0, '0123456789');
    script.join(1, 11);
    script.edit(1, batch);
    script.commit(1);
    script.join(2, 11);
    script.edit(2, batch);
    expect(script.closed.has(2)).toBe(false);
  });

  it('takes nothing when its history is as long as it may be', () => {
    const script = new GatewayScript({ documentOperationsMax: 10 });
    const anna = new Typist(11);
    script.join(1, 11);
    script.edit(1, anna.type(0, '01234'));
    script.commit(1);
    script.edit(1, anna.type(0, '012345', 1));
    expect(errorsOf(script.take(1))).toEqual(['0 document-full']);
  });
});

it('when memory is short, those go first who do not read, then those who do not type', () => {
  const script = new GatewayScript({ sendBytesMax: 50 });
  for (let conn = 1; conn <= 4; conn++) script.join(conn, conn);
  script.advance(10);
  script.edit(2, new Typist(2).type(0, 'hello'));
  script.stuck.add(4);
  script.commit(1);
  script.feed({ type: 'shed', count: 1 });
  script.feed({ type: 'shed', count: 2 });
  expect([...script.closed.keys()]).toEqual([4, 1, 3]);
  const [told] = script.take(4).flatMap(({ error }) => error ?? []);
  expect(told?.code).toBe('overloaded');
  expect(told?.retryAfterMs).toBeGreaterThanOrEqual(1_000);
});

it('when memory is short, documents without sessions leave at once', () => {
  const script = new GatewayScript();
  script.join(1, 11);
  script.close(1);
  expect(script.gateway.stats.rooms).toBe(1);
  script.feed({ type: 'shed', count: 1 });
  expect(script.gateway.stats.rooms).toBe(0);
  script.join(2, 12);
  expect(script.take(2).some(({ welcome }) => welcome !== null)).toBe(true);
});
