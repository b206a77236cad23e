/**
 * Connections between clients and nodes: two streams each, and the ways in which they end.
 *
 * - closed by one side: what it sent before still arrives, then the other side hears of it; what
 *   was on its way to the closer is lost;
 * - cut: each direction loses a suffix of its own, and each side may or may not hear of it. If
 *   neither does, the connection is half-open on both sides: only heartbeats can tell.
 */
import type { ConnId } from '../engine/ids.ts';
import { decodeClientFrame } from '../proto/client-frame.ts';
import { decodeServerFrame } from '../proto/server-frame.ts';
import type { Faults } from './fault-plan.ts';
import { SimStream, type StreamItem } from './sim-stream.ts';
import { contentHash } from './trace.ts';
import type { World } from './world.ts';

/** The client's process as the network sees it. */
export interface ClientEnd {
  readonly name: string;
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

/** WebSocket's code for a connection that ended without a close frame. */
const abnormal = 1006;

export class Link {
  readonly name: string;
  readonly client: ClientEnd;
  readonly server: ServerEnd;
  /** The client's number for it. */
  readonly connection: number;
  readonly #world: World;
  readonly #up: SimStream;
  readonly #down: SimStream;
  #conn: ConnId | null = null;
  #clientOpen = true;
  #serverOpen = false;

  constructor(options: {
    readonly world: World;
    readonly faults: Faults;
    readonly client: ClientEnd;
    readonly server: ServerEnd;
    readonly connection: number;
  }) {
    const { world, faults, client, server, connection } = options;
    this.#world = world;
    this.client = client;
    this.server = server;
    this.connection = connection;
    this.name = `${client.name}#${connection}`;
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
    this.#up.push({ type: 'opened' });
  }

  /** Whether neither side has given it up. */
  get isOpen(): boolean {
    return this.#clientOpen && this.#serverOpen;
  }

  /** Nobody will hear anything on it any more. */
  get isGone(): boolean {
    return !this.#clientOpen && !this.#serverOpen;
  }

  sendUp(bytes: Uint8Array): void {
    if (this.#clientOpen) this.#up.push({ type: 'bytes', bytes });
  }

  sendDown(bytes: Uint8Array): void {
    if (this.#serverOpen) this.#down.push({ type: 'bytes', bytes });
  }

  whenDrained(drained: () => void): void {
    this.#down.whenDrained(drained);
  }

  closeByClient(): void {
    if (!this.#clientOpen) return;
    this.#clientOpen = false;
    this.#down.cut(0);
    this.#up.push({ type: 'closed', code: 1000 });
  }

  closeByServer(code: number): void {
    if (!this.#serverOpen) return;
    this.#serverOpen = false;
    this.#up.cut(0);
    this.#down.push({ type: 'closed', code });
    const conn = this.#conn;
    this.#world.after(1, () => {
      if (conn !== null) this.server.closed(conn);
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
    if (options.clientHears) this.#down.tellClosed(abnormal);
    if (options.serverHears) this.#up.tellClosed(abnormal);
  }

  stall(direction: 'up' | 'down', untilMs: number): void {
    (direction === 'up' ? this.#up : this.#down).stall(untilMs);
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

  #atServer(item: StreamItem): void {
    if (item.type === 'opened') {
      this.#conn = this.server.accept(this);
      this.#world.note(`${this.name}→${this.server.name} ${this.#conn ?? 'refused'}`);
      if (this.#conn === null) this.#down.push({ type: 'closed', code: abnormal });
      else {
        this.#serverOpen = true;
        this.#down.push(item);
      }
      return;
    }
    if (!this.#serverOpen || this.#conn === null) return;
    this.#noteArrival(`${this.name}→${this.server.name}`, item, describeUp);
    if (item.type === 'bytes') this.server.received(this.#conn, item.bytes);
    else {
      this.#serverOpen = false;
      this.server.closed(this.#conn);
    }
  }

  #atClient(item: StreamItem): void {
    if (!this.#clientOpen) return;
    this.#noteArrival(`${this.server.name}→${this.name}`, item, describeDown);
    if (item.type === 'opened') this.client.opened(this.connection);
    else if (item.type === 'bytes') this.client.received(this.connection, item.bytes);
    else {
      this.#clientOpen = false;
      this.client.closed(this.connection, item.code);
    }
  }

  #noteArrival(route: string, item: StreamItem, describe: (bytes: Uint8Array) => string): void {
    if (item.type !== 'bytes') {
      this.#world.note(`${route} ${item.type === 'closed' ? `closed ${item.code}` : 'opened'}`);
      return;
    }
    const { bytes } = item;
    this.#world.note(`${route} ${bytes.length}B ${contentHash(bytes)}`, () => describe(bytes));
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
