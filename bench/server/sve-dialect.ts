/**
 * Our own wire. A talker types its first character at the start of the document and every other one
 * behind the one before, with the Lamport timestamp and the origins that a client's engine would
 * give them: the bytes are those of a real client (sve-dialect.test.ts compares them).
 *
 * Frames with rows and acks, nearly all that come, are read in place; the rest goes through the
 * codec. An author is its replica id; in frames it is named by its index in the document.
 */
import { SnapshotAssembly } from '../../engine/sync/snapshot-assembly.ts';
import type { OpId } from '../../proto/batch.ts';
import { encodeClientFrame } from '../../proto/client-frame.ts';
import type { Anchor } from '../../proto/frame-messages.ts';
import { secretBytes } from '../../proto/limits.ts';
import { protocolVersion } from '../../proto/protocol-version.ts';
import { decodeServerFrame, type ServerFrame, type Welcome } from '../../proto/server-frame.ts';
import { decodeSnapshot } from '../../proto/snapshot-format.ts';
import { brotli, deflate } from '../../server/compression.ts';
import type { Dialect, Seat, Talker } from './dialect.ts';
import { RowsReader } from './rows-reader.ts';

export const sveDialect: Dialect = {
  name: 'sve',
  heartbeatMs: 10_000,
  ackMeans: 'the edit is durable',
  address: (baseUrl) => `${baseUrl}/v1/sync`,
  open: (seat) => new SveTalker(seat),
};

/** What is known of an author's edits. */
interface Known {
  count: number;
  /** Its last timestamp. */
  last: number;
}

/** One for all: what it read is dealt with before the next frame. */
const reader = new RowsReader();

class SveTalker implements Talker {
  readonly #seat: Seat;
  /** LSN of the last row. */
  #lsn = 0;
  /** Highest timestamp seen, of anybody. */
  #highest = 0;
  /** Own timestamps, in order; the k-th edit has the k-th. */
  readonly #own: number[] = [];
  #acked = 0;
  /** The character at the start of the document, as far as others typed it; by its index. */
  #front: OpId | null = null;
  /** What stands to the right of all that is typed here. */
  #right: OpId | null = null;
  /** Replica ids by their indexes in frames, from 1. */
  readonly #names: number[] = [0];
  readonly #known = new Map<number, Known>();
  #assembly: SnapshotAssembly | null = null;
  #isReady = false;
  #moves = 0;

  constructor(seat: Seat) {
    this.#seat = seat;
  }

  opened(): void {
    const { author: replica, document } = this.#seat;
    const secret = new Uint8Array(secretBytes).fill(1);
    const rest = { token: '', cursor: null, thin: false, whole: false, settled: 0 };
    const protocol = protocolVersion.current;
    const body = { type: 'hello', protocol, document, replica, secret, ...rest } as const;
    this.#seat.send(encodeClientFrame({ channel: 0, body }));
  }

  received(bytes: Uint8Array): void {
    if (!reader.read(bytes)) {
      this.#slowly(decodeServerFrame(bytes));
      return;
    }
    for (let at = 0; at < reader.introducedCount; at++) {
      this.#names.push(reader.introduced[at] ?? 0);
    }
    this.#lsn += reader.rowCount;
    for (let at = 0; at < reader.batchCount; at++) {
      const name = reader.names[at] ?? 0;
      const first = reader.firsts[at] ?? 0;
      this.#heard(name, first, reader.gaps[at] ?? 0, reader.counts[at] ?? 0);
    }
    if (reader.through > 0) this.#settle(reader.through);
  }

  type(): number {
    const before = this.#own.at(-1) ?? 0;
    const first = this.#highest + 1;
    this.#highest = first;
    const seq = this.#own.push(first);
    if (before === 0) this.#right = this.#front;
    const left = before === 0 ? null : { timestamp: before, replica: 0 };
    const gap = first - 1 - before;
    const right = before > 0 && gap === 0 ? 'same' : this.#right;
    const text = String.fromCharCode(97 + (seq % 26));
    const op = { type: 'insert', timestamp: first, left, right, text } as const;
    const batch = { replica: 0, first, gap, base: this.#lsn, ops: [op] };
    this.#seat.send(encodeClientFrame({ channel: 0, body: { type: 'edit', batches: [batch] } }));
    return seq;
  }

  moveCursor(): void {
    // Behind an own character, another one each time; before the first, the ends of the document.
    const timestamp = this.#own[this.#moves % (this.#own.length || 1)] ?? 0;
    const side = timestamp === 0 && this.#moves % 2 === 1 ? 'before' : 'after';
    this.#moves++;
    const head: Anchor = { replica: 0, timestamp, side };
    const name = `Client ${this.#seat.author}`;
    const state = { name, color: '#0b6bcb', head, anchor: null };
    this.#seat.send(encodeClientFrame({ channel: 0, body: { type: 'presence', state } }));
  }

  heartbeat(): void {
    const body = { type: 'heartbeat', at: Date.now() } as const;
    this.#seat.send(encodeClientFrame({ channel: 0, body }));
  }

  #heard(name: number, first: number, gap: number, count: number): void {
    const author = this.#names[name] ?? 0;
    if (author === this.#seat.author) return;
    const known = this.#knownOf(author);
    if (first <= known.last) {
      this.#seat.delivered(author, known.count);
      return;
    }
    if (known.last === 0) this.#front = { timestamp: first, replica: name };
    // The batch says what came before it: something else means that a batch did not come.
    if (first - 1 - gap > known.last) known.count++;
    known.last = first + count - 1;
    this.#highest = Math.max(this.#highest, known.last);
    for (let unit = 0; unit < count; unit++) this.#seat.delivered(author, ++known.count);
  }

  #knownOf(author: number): Known {
    const known = this.#known.get(author);
    if (known !== undefined) return known;
    const fresh = { count: 0, last: 0 };
    this.#known.set(author, fresh);
    return fresh;
  }

  #settle(through: number): void {
    while ((this.#own[this.#acked] ?? Infinity) <= through) this.#acked++;
    this.#seat.acked(this.#acked);
  }

  #slowly({ welcome, error, snapshotPiece }: ServerFrame): void {
    if (error !== null) this.#seat.failed(`${error.code}: ${error.message}`);
    if (welcome !== null && welcome.snapshotBytes > 0) {
      this.#assembly = SnapshotAssembly.begin(welcome);
    } else if (welcome !== null) this.#welcomed(welcome);
    else if (snapshotPiece !== null && this.#assembly?.add(snapshotPiece) === true) {
      const { whole } = this.#assembly;
      if (whole !== null) this.#welcomed(whole);
    }
  }

  #welcomed({ cursor, snapshot }: Welcome): void {
    this.#assembly = null;
    this.#lsn = cursor.lsn;
    if (snapshot !== null) this.#takeState(snapshot);
    if (!this.#isReady) this.#seat.ready();
    this.#isReady = true;
  }

  /** Whoever joins late or fell behind gets a state in place of rows: what is in it has arrived. */
  #takeState(snapshot: Uint8Array): void {
    const { replicas, stretches } = decodeSnapshot(snapshot, { compressions: [brotli, deflate] });
    const counts = replicas.map(() => 0);
    for (const [at, position] of stretches.author.entries()) {
      counts[position] = (counts[position] ?? 0) + (stretches.length[at] ?? 0);
    }
    this.#names.length = 1;
    for (const [position, { id, last }] of replicas.entries()) {
      this.#names.push(id);
      this.#highest = Math.max(this.#highest, last);
      if (id === this.#seat.author) continue;
      const known = this.#knownOf(id);
      known.last = last;
      while (known.count < (counts[position] ?? 0)) this.#seat.delivered(id, ++known.count);
    }
  }
}
