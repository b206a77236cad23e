/**
 * Connections between clients and nodes: two streams each, and the ways in which they end.
 *
 * - closed by one side: what it sent before still arrives, then the other side hears of it; what
 *   was on its way to a node that closed is lost, what was on its way to a client still comes;
 * - cut: each direction loses a suffix of its own, and each side may or may not hear of it. If
 *   neither does, the connection is half-open on both sides: only heartbeats can tell;
 * - parted: while a partition lasts nothing passes, and nothing is lost.
 */
import type { ConnId } from '../../engine/ids.ts';
import { decodeClientFrame } from '../../proto/client-frame.ts';
import { decodeServerFrame } from '../../proto/server-frame.ts';
import type { FaultCount } from '../scenario/faults.ts';
import { contentHash } from '../trace/trace.ts';
import { SimStream, type StreamItem } from './sim-stream.ts';
import type { World } from './world.ts';

/** The client's process as the network sees it. */
export interface ClientEnd {
  readonly name: string;
  /** Names its connections. */
  readonly label: string;
  readonly document: string;
  /** Its identity in the log. */
  readonly replica: number;
  opened(connection: number): void;
  received(connection: number, bytes: Uint8Array): void;
  closed(connection: number, code: number): void;
}

/** A node's process as the network sees it. */
export interface ServerEnd {
  readonly name: string;
  /** A connection arrives; null: nobody listens. */
  accept(link: Link): ConnId | null;
  received(conn: ConnId, bytes: Uint8Array): void;
  closed(conn: ConnId): void;
}

export type Direction = 'up' | 'down' | 'both';

/** Which clients and nodes do not reach each other, and until when. */
export class Partitions {
  readonly #parted: {
    readonly clients: readonly string[];
    readonly nodes: readonly string[];
    readonly direction: Direction;
    readonly untilMs: number;
  }[] = [];

  add(partition: {
    readonly clients: readonly string[];
    readonly nodes: readonly string[];
    readonly direction: Direction;
    readonly untilMs: number;
  }): void {
    this.#parted.push(partition);
  }

  /** When something passes again in this direction; 0 if it does. */
  untilMs(client: string, node: string, direction: 'up' | 'down'): number {
    let untilMs = 0;
    for (const partition of this.#parted) {
      const isBetween = partition.clients.includes(client) && partition.nodes.includes(node);
      const isThisWay = partition.direction === 'both' || partition.direction === direction;
      if (isBetween && isThisWay) untilMs = Math.max(untilMs, partition.untilMs);
    }
    return untilMs;
  }

  heal(): void {
    this.#parted.length = 0;
  }
}

/** WebSocket's code for a connection that ended without a close frame. */
const abnormal = 1006;

export class Link {
  readonly name: string;
  readonly client: ClientEnd;
  readonly server: ServerEnd;
  /** The client's number for it. */
  readonly connection: number;
  /** Who the client is on it. */
  readonly replica: number;
  readonly #world: World;
  readonly #up: SimStream;
  readonly #down: SimStream;
  #conn: ConnId | null = null;
  #clientOpen = true;
  /** After it has closed, what is on its way still comes; the product must know it for old. */
  #clientHears = true;
  #serverOpen = false;
  #heardByBoth = true;

  constructor(options: {
    readonly world: World;
    readonly faults: FaultCount;
    readonly client: ClientEnd;
    readonly server: ServerEnd;
    readonly connection: number;
    readonly partitions: Partitions;
  }) {
    const { world, faults, client, server, connection, partitions } = options;
    this.#world = world;
    this.client = client;
    this.server = server;
    this.connection = connection;
    this.replica = client.replica;
    this.name = `${client.label}#${connection}`;
    const common = { world, faults };
    this.#up = new SimStream({
      ...common,
      name: `${this.name} up`,
      deliver: (item) => this.#atServer(item),
    });
    this.#down = new SimStream({
      ...common,
      name: `${this.name} down`,
      deliver: (item) => this.#atClient(item),
    });
    this.stall('up', partitions.untilMs(client.name, server.name, 'up'));
    this.stall('down', partitions.untilMs(client.name, server.name, 'down'));
    this.#up.push({ type: 'opened' });
  }

  /** Whether neither side has given it up. */
  get isOpen(): boolean {
    return this.#clientOpen && this.#serverOpen;
  }

  /** False after a cut that one side at least does not know of. */
  get isHeardByBoth(): boolean {
    return this.#heardByBoth;
  }

  /** Nobody will hear anything on it any more. */
  get isGone(): boolean {
    return !this.#clientOpen && !this.#serverOpen;
  }

  sendUp(bytes: Uint8Array): void {
    if (!this.#clientOpen) return;
    this.#send(this.#up, { bytes, lane: this.client.name, describe: describeUp });
  }

  sendDown(bytes: Uint8Array): void {
    if (!this.#serverOpen) return;
    this.#send(this.#down, { bytes, lane: this.server.name, describe: describeDown });
  }

  whenDrained(drained: () => void): void {
    this.#down.whenDrained(drained);
  }

  closeByClient(): void {
    if (!this.#clientOpen) return;
    this.#clientOpen = false;
    this.#up.push({ type: 'closed', code: 1000 });
  }

  closeByServer(code: number): void {
    if (!this.#serverOpen) return;
    this.#serverOpen = false;
    this.#up.cut(0);
    this.#down.push({ type: 'closed', code });
    const conn = this.#conn;
    this.#world.after(1, () => {
      if (conn === null) return;
      this.#world.note(this.server.name, 'closed', this.name);
      this.server.closed(conn);
    });
  }

  /** `keepUp`, `keepDown`: share of what is on its way that still arrives, per million. */
  cut(options: {
    readonly keepUp: number;
    readonly keepDown: number;
    readonly clientHears: boolean;
    readonly serverHears: boolean;
  }): void {
    this.#up.cut(share(this.#up.size, options.keepUp));
    this.#down.cut(share(this.#down.size, options.keepDown));
    if (!options.clientHears || !options.serverHears) this.#heardByBoth = false;
    if (options.clientHears) this.#down.tellClosed(abnormal);
    if (options.serverHears) this.#up.tellClosed(abnormal);
  }

  stall(direction: Direction, untilMs: number): void {
    if (direction !== 'down') this.#up.stall(untilMs);
    if (direction !== 'up') this.#down.stall(untilMs);
  }

  release(): void {
    this.#up.release();
    this.#down.release();
  }

  /** The node's process has died: its side is gone without a word of its own. */
  serverDied(options: { readonly keepDown: number; readonly clientHears: boolean }): void {
    this.#serverOpen = false;
    this.cut({ ...options, keepUp: 0, serverHears: false });
  }

  /** The client's process has died: its kernel closes the socket, and nobody listens any more. */
  clientDied(): void {
    this.#clientHears = false;
    if (!this.#clientOpen) return;
    this.#clientOpen = false;
    this.#up.push({ type: 'closed', code: abnormal });
  }

  #atServer(item: StreamItem): void {
    const { server } = this;
    if (item.type === 'opened') {
      this.#conn = server.accept(this);
      const accepted = this.#conn === null ? 'refused' : `conn ${this.#conn}`;
      this.#world.note(server.name, 'opened', `${this.name} ${accepted}`);
      if (this.#conn === null) this.#down.push({ type: 'closed', code: abnormal });
      else {
        this.#serverOpen = true;
        this.#down.push(item);
      }
      return;
    }
    if (!this.#serverOpen || this.#conn === null) return;
    this.#noteArrival(server.name, item, describeUp);
    if (item.type === 'bytes') server.received(this.#conn, item.bytes);
    else {
      this.#serverOpen = false;
      server.closed(this.#conn);
    }
  }

  #atClient(item: StreamItem): void {
    if (!this.#clientHears) return;
    const { client, connection } = this;
    this.#noteArrival(client.name, item, describeDown);
    if (item.type === 'opened') client.opened(connection);
    else if (item.type === 'bytes') client.received(connection, item.bytes);
    else {
      this.#clientOpen = false;
      client.closed(connection, item.code);
    }
  }

  #noteArrival(lane: string, item: StreamItem, describe: (bytes: Uint8Array) => string): void {
    if (item.type !== 'bytes') {
      const code = item.type === 'closed' ? ` ${item.code}` : '';
      this.#world.note(lane, item.type, `${this.name}${code}`);
      return;
    }
    const { bytes, what } = item;
    this.#world.note(lane, 'receives', what, () => ({ detail: describe(bytes) }));
  }

  #send(
    stream: SimStream,
    message: {
      readonly bytes: Uint8Array;
      readonly lane: string;
      readonly describe: (bytes: Uint8Array) => string;
    },
  ): void {
    const { bytes, lane, describe } = message;
    const what = `${this.name} ${bytes.length}B ${contentHash(bytes)}`;
    this.#world.note(lane, 'sends', what, () => ({ detail: describe(bytes) }));
    stream.push({ type: 'bytes', bytes, what });
  }
}

function share(count: number, perMillion: number): number {
  return Math.floor((count * perMillion) / 1_000_000);
}

function describeUp(bytes: Uint8Array): string {
  const { body } = decodeClientFrame(bytes);
  if (body.type !== 'edit')
    return body.type === 'hello' ? `hello ${cursorText(body.cursor)}` : body.type;
  return `edit ${body.batches.map(({ first, ops }) => `${first}+${ops.length}`).join(' ')}`;
}

function cursorText(cursor: { readonly lsn: number } | null): string {
  return cursor === null ? 'from the start' : `from ${cursor.lsn}`;
}

function describeDown(bytes: Uint8Array): string {
  const { rows, ack, welcome, presence, error, heartbeat } = decodeServerFrame(bytes);
  const parts: string[] = [];
  if (welcome !== null) {
    const { cursor, snapshot, through, headLsn } = welcome;
    const how = snapshot === null ? 'rows' : 'snapshot';
    parts.push(`welcome at ${cursor.lsn} of ${headLsn} by ${how}, through ${through}`);
  }
  if (rows.length > 0) parts.push(`${rows.length} rows`);
  if (ack !== null) parts.push(`ack ${ack.through}`);
  if (error !== null) parts.push(`error ${error.code}: ${error.message}`);
  if (presence !== null) parts.push('presence');
  if (heartbeat !== null) parts.push('heartbeat');
  return parts.join(', ');
}
