/**
 * The BusMessage message: what nodes tell each other of a document. A hint, never the truth: who
 * misses a row reads the log, and who misses presence hears all of it again before long.
 */
import { type PresenceState, readPresence, writePresence } from './frame-messages.ts';
import { presencePeersMax } from './limits.ts';
import { Reader, Writer } from './wire.ts';

export type BusMessage =
  | { readonly type: 'row'; readonly row: BusRow }
  | { readonly type: 'presence'; readonly presence: BusPresence }
  /** Something other than a row happened to the document: its log tells what. */
  | { readonly type: 'look' };

/** A committed row of a document's log. */
export interface BusRow {
  readonly epoch: number;
  /** ≥ 1. */
  readonly lsn: number;
  /** Commit time, ms since 1970. */
  readonly at: number;
  /** An encoded Update: the row's bytes in the log. */
  readonly body: Uint8Array;
}

/** What is new about one node's sessions. */
export interface BusPresence {
  /** Random number of the node's process, ≥ 1. */
  readonly node: number;
  /** The history whose names the states use; 0 = it has no row yet. */
  readonly epoch: number;
  readonly peers: readonly BusPeer[];
  /** Sessions that are gone. */
  readonly left: readonly number[];
  /** `peers` is everybody who is there: whoever is not in it is gone. */
  readonly full: boolean;
  /** The others are asked to tell everything. */
  readonly ask: boolean;
}

export interface BusPeer {
  /** As its node numbers it. */
  readonly session: number;
  /** Full id. */
  readonly replica: number;
  /** Replica 0 in an anchor is this peer's own. */
  readonly state: PresenceState;
}

const fieldOf = { row: 1, presence: 2, look: 3 } as const;

export function encodeBusMessage(message: BusMessage): Uint8Array {
  const writer = new Writer();
  const mark = writer.open(fieldOf[message.type]);
  if (message.type === 'row') writeRow(writer, message.row);
  else if (message.type === 'presence') writeBusPresence(writer, message.presence);
  writer.close(mark);
  return writer.finish();
}

/**
 * Decodes a message, or throws a DecodeError. Shares no memory with `bytes`; leaves the body of a
 * row encoded.
 */
export function decodeBusMessage(bytes: Uint8Array): BusMessage {
  const reader = new Reader(bytes);
  let message: BusMessage | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field > 3) reader.skip();
    else if (message !== null) throw reader.error('body', 'one', 'a second one');
    else if (field === 1) message = { type: 'row', row: reader.message('row', readRow) };
    else if (field === 2) {
      message = { type: 'presence', presence: reader.message('presence', readBusPresence) };
    } else message = reader.message('look', readLook);
  }
  if (message === null) throw reader.error('body', 'a row, presence or a look', 'none');
  return message;
}

function writeRow(writer: Writer, row: BusRow): void {
  writer.uint(1, row.epoch);
  writer.uint(2, row.lsn);
  writer.uint(3, row.at);
  writer.bytes(4, row.body);
}

function readRow(reader: Reader): BusRow {
  let epoch = 0;
  let lsn = 0;
  let at = 0;
  let body: Uint8Array | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) epoch = reader.uint('epoch');
    else if (field === 2) lsn = reader.uint('lsn');
    else if (field === 3) at = reader.uint('at');
    else if (field === 4) body = reader.bytes('body');
    else reader.skip();
  }
  if (lsn === 0) throw reader.error('lsn', 'an LSN', lsn);
  if (body === null) throw reader.error('body', 'an update', 'none');
  return { epoch, lsn, at, body };
}

/** What later versions put into it. */
function readLook(reader: Reader): { readonly type: 'look' } {
  while (reader.next() !== 0) reader.skip();
  return { type: 'look' };
}

function writeBusPresence(writer: Writer, presence: BusPresence): void {
  writer.uint(1, presence.node);
  writer.uint(2, presence.epoch);
  for (const { session, replica, state } of presence.peers) {
    const peer = writer.open(3);
    writer.uint(1, session);
    writer.uint(2, replica);
    const mark = writer.open(3);
    writePresence(writer, state);
    writer.close(mark);
    writer.close(peer);
  }
  writer.packed(4, presence.left);
  writer.bool(5, presence.full);
  writer.bool(6, presence.ask);
}

function readBusPresence(reader: Reader): BusPresence {
  const peers: BusPeer[] = [];
  const numbers = { node: 0, epoch: 0 };
  const flags = { full: false, ask: false };
  let left: readonly number[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) numbers.node = reader.uint('node');
    else if (field === 2) numbers.epoch = reader.uint('epoch');
    else if (field === 3) peers.push(reader.message('peers', readBusPeer, peers.length));
    else if (field === 4) left = reader.packed('left');
    else if (field === 5) flags.full = reader.bool('full');
    else if (field === 6) flags.ask = reader.bool('ask');
    else reader.skip();
    if (peers.length + left.length > presencePeersMax) {
      throw reader.error('peers', `at most ${presencePeersMax}`, peers.length + left.length);
    }
  }
  if (numbers.node === 0) throw reader.error('node', 'a node', 0);
  return { ...numbers, peers, left, ...flags };
}

function readBusPeer(reader: Reader): BusPeer {
  let session = 0;
  let replica = 0;
  let state: PresenceState | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) session = reader.uint('session');
    else if (field === 2) replica = reader.uint('replica');
    else if (field === 3) state = reader.message('state', readPresence);
    else reader.skip();
  }
  if (replica === 0) throw reader.error('replica', 'a replica', replica);
  if (state === null) throw reader.error('state', 'a state', 'none');
  return { session, replica, state };
}
