/**
 * What passes a gate, and when. Method: two clients' gates on a made-up network; frames are built
 * and read with the real codecs, the schedule comes from a trace of three transactions.
 */
import { expect, test } from 'vitest';
import type { TransportEvents } from '../../client/transport.ts';
import { must } from '../../engine/assert.ts';
import type { Batch } from '../../proto/batch.ts';
import { batchLast, joinBatches } from '../../proto/batch.ts';
import { decodeClientFrame, encodeClientFrame } from '../../proto/client-frame.ts';
import { encodeRowPart, RowBatch } from '../../proto/frame-row.ts';
import {
  decodeServerFrame,
  encodeAckPart,
  encodeHeartbeatPart,
  joinParts,
} from '../../proto/server-frame.ts';
import { Gate } from './gate.ts';
import { Ledger } from './ledger.ts';
import { scheduleOf } from './schedule.ts';
import type { Trace } from './trace.ts';

const connection = 1;

/** A types twice; B, who has A's first only, types; then A, who has all. */
const trace: Trace = {
  name: 'two authors',
  endContent: null,
  transactions: [
    { agent: 0, parents: [], patches: [[0, 0, 'ab']] },
    { agent: 0, parents: [0], patches: [[2, 0, 'c']] },
    { agent: 1, parents: [0], patches: [[0, 0, 'd']] },
    { agent: 0, parents: [1, 2], patches: [[0, 0, 'e']] },
  ],
};

interface Client {
  readonly gate: Gate;
  /** First timestamps of the batches in the edit frames that came out to the server. */
  readonly sent: number[];
  /** Rows, heartbeats and closings that came in to the client. */
  readonly shown: string[];
  /** The client sends. */
  edit(batch: Batch): void;
  hello(replica: number): void;
  /** The network brings. */
  arrive(bytes: Uint8Array): void;
  close(): void;
}

function clients(): { a: Client; b: Client; ledger: Ledger; faults: readonly unknown[] } {
  const faults: unknown[] = [];
  const schedule = scheduleOf(trace);
  const ledger = new Ledger(2);
  const [a, b] = schedule.clients.map((line, client): Client => {
    const sent: number[] = [];
    const shown: string[] = [];
    let network: TransportEvents | undefined;
    const gate = new Gate(
      {
        ...{ client, line, ledger },
        now: () => 0,
        onArrival: () => gate.deliver(),
        onFault: (error) => faults.push(error),
      },
      (_, events) => {
        network = events;
        const send = (_connection: number, bytes: Uint8Array): void => {
          const { body } = decodeClientFrame(bytes);
          if (body.type === 'edit') sent.push(...body.batches.map(({ first }) => first));
        };
        return { connect: () => {}, send, close: () => {}, dispose: () => {} };
      },
    );
    const transport = gate.transport('', {
      opened: () => {},
      received: (_, bytes) => {
        const frame = decodeServerFrame(bytes);
        if (frame.heartbeat !== null) shown.push('heartbeat');
        for (const row of frame.rows) shown.push(row.batches.map(({ first }) => first).join('+'));
        if (frame.ack !== null) shown.push(`ack ${frame.ack.through}`);
      },
      closed: () => shown.push('closed'),
      networkReturned: () => {},
    });
    const send = (body: Parameters<typeof encodeClientFrame>[0]['body']): void =>
      transport.send(connection, encodeClientFrame({ channel: 0, body }));
    return {
      gate,
      sent,
      shown,
      edit: (batch) => send({ type: 'edit', batches: [batch] }),
      hello: (replica) => {
        const mode = { thin: false, whole: false, settled: 0 };
        const rest = { token: '', cursor: null, ...mode, secret: new Uint8Array(16) };
        send({ type: 'hello', protocol: 1, document: 'd', replica, ...rest });
      },
      arrive: (bytes) => must(network, 'a network').received(connection, bytes),
      close: () => must(network, 'a network').closed(connection, 1006),
    };
  });
  const both = { a: must(a, 'A'), b: must(b, 'B'), ledger, faults };
  both.a.hello(11);
  both.b.hello(22);
  return both;
}

/** Text typed at the start, under names that frames use. */
function typed(replica: number, first: number, text: string): Batch {
  const ops = [{ type: 'insert', timestamp: first, left: null, right: null, text }] as const;
  return { replica, first, gap: 0, base: 0, ops };
}

function row(batches: readonly Batch[], introduced: readonly number[] = []): Uint8Array {
  return encodeRowPart({
    ...{ at: 1, introduced, epoch: 0 },
    batches: batches.map((batch) => new RowBatch(batch)),
  });
}

function ack(through: number): Uint8Array {
  return encodeAckPart({ through, lsn: 0, at: 0, staleOperations: 0, staleMs: 0 });
}

test('an edit that would run past a stop of the other client waits for the acknowledgement', () => {
  const { a } = clients();
  a.gate.typing(2);
  a.edit(typed(0, 1, 'ab'));
  a.gate.typing(1);
  a.edit(typed(0, 3, 'c'));
  expect(a.sent).toEqual([1]);
  a.arrive(joinParts(0, [row([], [11]), ack(2)]));
  a.gate.release();
  expect(a.sent).toEqual([1, 3]);
});

test('transactions that left the client in one frame wait one by one', () => {
  const { a, ledger } = clients();
  a.gate.typing(2);
  a.gate.typing(1);
  a.edit(must(joinBatches(typed(0, 1, 'ab'), typed(0, 3, 'c')), 'one batch'));
  expect(a.sent).toEqual([1]);
  expect(ledger.timestampsOf(0, 1)).toEqual({ first: 3, last: 3 });
});

test('rows come in up to the parents of the next transaction, the others after it is typed', () => {
  const { a, b } = clients();
  a.gate.typing(2);
  a.gate.typing(1);
  a.edit(typed(0, 1, 'ab'));
  a.edit(typed(0, 3, 'c'));
  expect(b.gate.ready).toBeNull();
  // Two rows in one frame, as after a reconnect.
  b.arrive(joinParts(0, [row([typed(1, 1, 'ab')], [11]), row([typed(1, 3, 'c')])]));
  expect(b.shown).toEqual(['1']);
  expect(b.gate.ready).toMatchObject({ index: 2 });
  b.gate.typing(1);
  b.gate.deliver();
  expect(b.shown).toEqual(['1', '3']);
});

test('a heartbeat overtakes rows that wait', () => {
  const { a, b } = clients();
  a.gate.typing(2);
  a.gate.typing(1);
  a.edit(must(joinBatches(typed(0, 1, 'ab'), typed(0, 3, 'c')), 'one batch'));
  b.arrive(row([typed(1, 1, 'abc')], [11]));
  b.arrive(encodeHeartbeatPart(1));
  expect(b.shown).toEqual(['heartbeat']);
});

test('what waits on a connection that closes is dropped, but its acknowledgement counts', () => {
  const { a, ledger } = clients();
  a.gate.typing(2);
  a.edit(typed(0, 1, 'ab'));
  a.gate.typing(1);
  a.edit(typed(0, 3, 'c'));
  a.arrive(joinParts(0, [row([], [11]), ack(batchLast(typed(0, 1, 'ab')))]));
  a.close();
  a.gate.release();
  expect(a.sent).toEqual([1]);
  expect(a.shown.at(-1)).toBe('closed');
  expect(ledger.acked).toEqual([1, 0]);
});

test('a client that gives up its replica is a fault', () => {
  const { a, faults } = clients();
  a.hello(12);
  expect(String(faults)).toContain('gave up replica 11');
});
