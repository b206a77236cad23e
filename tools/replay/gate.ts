/**
 * Stands between one client and its sockets, and decides when a frame goes on.
 *
 * Out: an edit frame is cut into transactions, and each waits until what must be in the log before
 * it is acknowledged (schedule.ts). In: rows are handed over one at a time, and only as far as they
 * belong to the ancestors of the client's next transaction; the rest waits, order kept. What a
 * waiting frame acknowledges is noted when it arrives. Heartbeats never wait.
 *
 * When a socket closes, what waits on it is dropped, as frames on a broken network are: client and
 * server know how to live with that, which is part of what is tried here.
 */

import type { ClientTransport, TransportEvents, TransportFactory } from '../../client/transport.ts';
import { assert } from '../../engine/assert.ts';
import { batchLast } from '../../proto/batch.ts';
import { decodeClientFrame, encodeClientFrame } from '../../proto/client-frame.ts';
import { encodeRowPart, type FrameRow, RowBatch } from '../../proto/frame-row.ts';
import {
  decodeServerFrame,
  encodeAckPart,
  joinParts,
  type ServerFrame,
} from '../../proto/server-frame.ts';
import { SnapshotReader } from '../../proto/snapshot-format.ts';
import type { Ledger } from './ledger.ts';
import { covers, type Scheduled } from './schedule.ts';

/** Of a replica, operations up to a timestamp. */
interface Reach {
  readonly replica: number;
  readonly through: number;
}

interface Arrival {
  readonly connection: number;
  readonly bytes: Uint8Array;
  /** Whose operations it brings. */
  readonly reaches: readonly Reach[];
}

interface Departure {
  readonly connection: number;
  readonly bytes: Uint8Array;
  readonly sequence: number;
}

export interface GateOptions {
  readonly client: number;
  /** The client's transactions. */
  readonly line: readonly Scheduled[];
  readonly ledger: Ledger;
  readonly now: () => number;
  /** Something arrived: other gates may open. Never called inside a call of the client's. */
  readonly onArrival: () => void;
  /** A frame is not what it should be, or `onArrival` threw. */
  readonly onFault: (error: unknown) => void;
}

export class Gate {
  readonly #options: GateOptions;
  readonly #inner: TransportFactory;
  readonly #arrivals: Arrival[] = [];
  readonly #departures: Departure[] = [];
  /** By client: transactions of others that were handed over. */
  readonly #received: number[];
  /** Replicas in the order in which the log introduced them. */
  readonly #table = new Set<number>();
  #typed = 0;
  #welcomes = 0;
  /** Rows up to here arrived on the current connection. */
  #arrivedLsn = 0;
  #transport: ClientTransport | null = null;
  #events: TransportEvents | null = null;

  /** `inner` makes the sockets that the frames really go through. */
  constructor(options: GateOptions, inner: TransportFactory) {
    this.#options = options;
    this.#inner = inner;
    this.#received = options.ledger.acked.map(() => 0);
  }

  /** How often a server has welcomed this client. */
  get welcomes(): number {
    return this.#welcomes;
  }

  /** Last row that has arrived here. */
  get arrivedLsn(): number {
    return this.#arrivedLsn;
  }

  /** Frames that wait to go out and to be handed over. */
  get waiting(): { readonly out: number; readonly in: number } {
    return { out: this.#departures.length, in: this.#arrivals.length };
  }

  /** The client's next transaction if the client is exactly at its ancestors, else null. */
  get ready(): Scheduled | null {
    const next = this.#next;
    return next !== null && covers(this.#known, next.ancestors) ? next : null;
  }

  /** The client is about to type the transaction that is `ready`. */
  typing(operations: number): void {
    assert(this.ready !== null, 'a transaction is typed at its ancestors');
    this.#typed++;
    this.#options.ledger.typed(this.#options.client, operations);
  }

  /** For the client's options: its transport, with this gate in it. */
  readonly transport: TransportFactory = (url, events) => {
    assert(this.#transport === null, 'a gate serves one client');
    this.#events = events;
    const transport = this.#inner(url, {
      opened: (connection) => events.opened(connection),
      received: (connection, bytes) => {
        try {
          this.#arrived(connection, bytes);
          this.#options.onArrival();
        } catch (error) {
          this.#options.onFault(error);
        }
      },
      closed: (connection, code) => {
        this.#forget();
        events.closed(connection, code);
      },
      networkReturned: () => events.networkReturned(),
    });
    this.#transport = transport;
    return {
      connect: (connection) => {
        this.#forget();
        transport.connect(connection);
      },
      send: (connection, bytes) => {
        try {
          this.#leaves(connection, bytes);
        } catch (error) {
          this.#options.onFault(error);
        }
      },
      close: (connection) => {
        this.#forget();
        transport.close(connection);
      },
      dispose: () => transport.dispose(),
    };
  };

  /** Sends what may be sent. */
  release(): void {
    const { client, line, ledger, now } = this.#options;
    for (let next = this.#departures[0]; next !== undefined; next = this.#departures[0]) {
      if (!covers(ledger.acked, line[next.sequence]?.sendAfter ?? [])) return;
      this.#departures.shift();
      ledger.sentAt(client, next.sequence, now());
      this.#transport?.send(next.connection, next.bytes);
    }
  }

  /** Hands over what may be handed over. Not inside a call of the client's. */
  deliver(): void {
    for (let next = this.#arrivals[0]; next !== undefined; next = this.#arrivals[0]) {
      if (!next.reaches.every((reach) => this.#mayShow(reach))) return;
      this.#arrivals.shift();
      for (const reach of next.reaches) this.#shown(reach);
      this.#events?.received(next.connection, next.bytes);
    }
  }

  get #next(): Scheduled | null {
    return this.#options.line[this.#typed] ?? null;
  }

  /** What the client shows: its own transactions too. */
  get #known(): readonly number[] {
    const { client } = this.#options;
    return this.#received.map((count, other) => (other === client ? this.#typed : count));
  }

  #forget(): void {
    this.#arrivals.length = 0;
    this.#departures.length = 0;
  }

  #leaves(connection: number, bytes: Uint8Array): void {
    const { client, ledger } = this.#options;
    const { channel, body } = decodeClientFrame(bytes);
    if (body.type !== 'edit') {
      if (body.type === 'hello') ledger.bind(client, body.replica);
      this.#transport?.send(connection, bytes);
      return;
    }
    for (const batch of body.batches) {
      for (const { sequence, batch: part } of ledger.parts(client, batch)) {
        const frame = encodeClientFrame({ channel, body: { type: 'edit', batches: [part] } });
        this.#departures.push({ connection, bytes: frame, sequence });
      }
    }
    this.release();
  }

  #arrived(connection: number, bytes: Uint8Array): void {
    const frame = decodeServerFrame(bytes);
    const { welcome, rows, heartbeat } = frame;
    // Its bytes may be reused after the call.
    const copy = bytes.slice();
    if (heartbeat !== null && rows.length === 0) {
      this.#events?.received(connection, copy);
      return;
    }
    const frames = rows.length > 1 ? rowFrames(frame) : [copy];
    for (const [i, piece] of frames.entries()) {
      const row = rows[i];
      const shown = welcome === null ? [] : this.#welcomed(welcome);
      const reaches = row === undefined ? shown : [...shown, ...this.#reachesOf(row)];
      this.#arrivals.push({ connection, bytes: piece, reaches });
    }
    this.#arrivedLsn += rows.length;
    this.#acknowledged(frame);
  }

  #welcomed({ cursor, snapshot, through, headLsn }: NonNullable<ServerFrame['welcome']>): Reach[] {
    const { client, ledger, now } = this.#options;
    this.#welcomes++;
    this.#arrivedLsn = cursor.lsn;
    ledger.acknowledge({ client, through, lsn: headLsn }, now());
    if (snapshot === null) return [];
    const { replicas } = new SnapshotReader(snapshot).head;
    for (const { id } of replicas) this.#table.add(id);
    return replicas.map(({ id, last }) => ({ replica: id, through: last }));
  }

  #reachesOf({ introduced, batches }: FrameRow): Reach[] {
    for (const replica of introduced) this.#table.add(replica);
    const table = [...this.#table];
    return batches.map((batch) => {
      return { replica: table[batch.replica - 1] ?? 0, through: batchLast(batch) };
    });
  }

  #acknowledged({ ack }: ServerFrame): void {
    if (ack === null) return;
    const { client, ledger, now } = this.#options;
    const lsn = ack.lsn === 0 ? this.#arrivedLsn : ack.lsn;
    ledger.acknowledge({ client, through: ack.through, lsn }, now());
  }

  #mayShow({ replica, through }: Reach): boolean {
    const { client, ledger } = this.#options;
    const author = ledger.clientOf(replica);
    if (author === null) throw new Error(`a row of replica ${replica}, which is none of ours`);
    const next = this.#next;
    if (next === null || author === client) return true;
    return ledger.countAt(author, through).begun <= (next.ancestors[author] ?? 0);
  }

  #shown({ replica, through }: Reach): void {
    const { ledger } = this.#options;
    const author = ledger.clientOf(replica) ?? this.#options.client;
    const { whole } = ledger.countAt(author, through);
    this.#received[author] = Math.max(this.#received[author] ?? 0, whole);
  }
}

/** A frame of several rows as one frame per row; what follows the rows stays with the last. */
function rowFrames(frame: ServerFrame): Uint8Array[] {
  const { channel, rows, ack, welcome, presence, error, window, patch } = frame;
  const others = [welcome, presence, error, window, patch];
  assert(
    others.every((part) => part === null),
    'rows come with an acknowledgement at most',
  );
  return rows.map(({ at, introduced, batches, epoch }, i) => {
    const parts = batches.map((batch) => new RowBatch(batch));
    const part = encodeRowPart({ at, introduced, batches: parts, epoch });
    const ending = i === rows.length - 1 && ack !== null ? [encodeAckPart(ack)] : [];
    return joinParts(channel, [part, ...ending]);
  });
}
