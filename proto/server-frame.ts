/**
 * Frames that a server sends: a channel number and any of the parts below, in one Protobuf message.
 *
 * Messages concatenate, so a server encodes each part once and a frame is parts laid end to end:
 * what a hundred receivers of one document get is one array, and only the channel in front of it
 * can differ.
 *
 *   frame := [channel] part part …          part := tag length content, a field of ServerFrame
 *
 * Rows may come several times in a frame; every other part at most once. Decoding is the client's
 * side: it checks the form, not whether the server tells the truth.
 */
import { type ErrorCode, isErrorCode } from './codes.ts';
import type { Cursor, PresenceState, Splice } from './frame-messages.ts';
import {
  readCursor,
  readHeartbeat,
  readPresence,
  readSplice,
  shortString,
  writeCursor,
  writePresence,
  writeSplices,
} from './frame-messages.ts';
import { type FrameRow, fieldLoneRows, fieldRows, readLoneRow, readRow } from './frame-row.ts';
import { errorMessageUnitsMax, presencePeersMax } from './limits.ts';
import { Reader, Writer } from './wire.ts';

const fieldChannel = 1;
const fieldAck = 3;
const fieldWelcome = 4;
const fieldPresence = 5;
const fieldError = 6;
const fieldHeartbeat = 7;
const fieldWindow = 8;
const fieldPatch = 9;
const fieldSnapshotPiece = 10;

/** Durable: every operation of this replica up to `through` is in the log, once. */
export interface Ack {
  readonly through: number;
  /** The row that settled it; 0: the last row of this frame. */
  readonly lsn: number;
  /** Its commit time, ms since 1970. */
  readonly at: number;
  /** What others committed between the edit's base and its row. */
  readonly staleOperations: number;
  readonly staleMs: number;
}

/** What a client may have unacknowledged. */
export interface Window {
  readonly bytes: number;
  readonly operations: number;
}

/** The answer to a hello. */
export interface Welcome {
  /** The state that follows this frame: of the snapshot if there is one, else of the hello. */
  readonly cursor: Cursor;
  /** An encoded snapshot, or its first piece; null: rows after the cursor follow. */
  readonly snapshot: Uint8Array | null;
  /** Size of the whole snapshot if `snapshot` is only its first piece; 0: it is whole. */
  readonly snapshotBytes: number;
  /** Last durable timestamp of this replica; 0 = none. */
  readonly through: number;
  /** The document's head; the session is in sync when it got there. */
  readonly headLsn: number;
  /** The server's wall clock, ms since 1970. */
  readonly now: number;
  /** Both ends send at least this often, and give the other up after twice as long. */
  readonly heartbeatMs: number;
  readonly window: Window;
  readonly writable: boolean;
  /** Number of this session among those of the document. */
  readonly session: number;
  readonly protocol: number;
}

/** Another session of the document. */
export interface Peer {
  readonly session: number;
  /** null: it shows nothing. */
  readonly state: PresenceState | null;
  /** Name and colour are as told before: `state` has empty ones. */
  readonly moved: boolean;
  /** Of the head, 1-based, the column in UTF-16 units; 0 = no caret. */
  readonly line: number;
  readonly column: number;
}

export interface PresenceUpdate {
  readonly peers: readonly Peer[];
  /** Sessions that are gone. */
  readonly left: readonly number[];
  /** `peers` is everybody who is here: whoever is not in it is gone. */
  readonly full: boolean;
}

export interface ErrorBody {
  readonly code: ErrorCode;
  /** For people, at most 1,024 UTF-16 units. */
  readonly message: string;
  /** Whether to connect again, with backoff and not before `retryAfterMs`. */
  readonly retry: boolean;
  readonly retryAfterMs: number;
}

/** For a view without the engine: what others did. */
export interface ThinPatch {
  readonly lsn: number;
  readonly at: number;
  readonly splices: readonly Splice[];
}

/** A decoded frame; null: it has no such part. */
export interface ServerFrame {
  /** Which document of this socket, 0 … 2^32-1. */
  readonly channel: number;
  /** In LSN order; the first has the LSN after the last one sent on this channel. */
  readonly rows: readonly FrameRow[];
  readonly ack: Ack | null;
  readonly welcome: Welcome | null;
  readonly presence: PresenceUpdate | null;
  readonly error: ErrorBody | null;
  /** `at`: the sender's wall clock, ms since 1970. */
  readonly heartbeat: { readonly at: number } | null;
  readonly window: Window | null;
  readonly patch: ThinPatch | null;
  /** The next piece of the welcome's snapshot; rows follow when it is whole. */
  readonly snapshotPiece: Uint8Array | null;
}

export function encodeAckPart(ack: Ack): Uint8Array {
  return part(fieldAck, (writer) => {
    writer.uint(1, ack.through);
    writer.uint(2, ack.lsn);
    writer.uint(3, ack.at);
    writer.uint(4, ack.staleOperations);
    writer.uint(5, ack.staleMs);
  });
}

export function encodeWelcomePart(welcome: Welcome): Uint8Array {
  return part(fieldWelcome, (writer) => {
    const cursor = writer.open(1);
    writeCursor(writer, welcome.cursor);
    writer.close(cursor);
    if (welcome.snapshot !== null) writer.bytes(2, welcome.snapshot);
    writer.uint(3, welcome.through);
    writer.uint(4, welcome.headLsn);
    writer.uint(5, welcome.now);
    writer.uint32(6, welcome.heartbeatMs);
    const window = writer.open(7);
    writeWindow(writer, welcome.window);
    writer.close(window);
    writer.bool(8, welcome.writable);
    writer.uint(9, welcome.session);
    writer.uint32(10, welcome.protocol);
    writer.uint(11, welcome.snapshotBytes);
  });
}

export function encodeSnapshotPiecePart(piece: Uint8Array): Uint8Array {
  const writer = new Writer();
  writer.bytes(fieldSnapshotPiece, piece);
  return writer.finish();
}

export function encodePresencePart(update: PresenceUpdate): Uint8Array {
  return part(fieldPresence, (writer) => {
    for (const peer of update.peers) {
      const mark = writer.open(1);
      writePeer(writer, peer);
      writer.close(mark);
    }
    writer.packed(2, update.left);
    writer.bool(3, update.full);
  });
}

export function encodeErrorPart(error: ErrorBody): Uint8Array {
  return part(fieldError, (writer) => {
    writer.string(1, error.code);
    writer.string(2, error.message);
    writer.bool(3, error.retry);
    writer.uint32(4, error.retryAfterMs);
  });
}

/** `at`: the server's wall clock, ms since 1970. */
export function encodeHeartbeatPart(at: number): Uint8Array {
  return part(fieldHeartbeat, (writer) => writer.uint(1, at));
}

export function encodeWindowPart(window: Window): Uint8Array {
  return part(fieldWindow, (writer) => writeWindow(writer, window));
}

export function encodePatchPart(patch: ThinPatch): Uint8Array {
  return part(fieldPatch, (writer) => {
    writer.uint(1, patch.lsn);
    writer.uint(2, patch.at);
    writeSplices(writer, 3, patch.splices);
  });
}

/** A whole frame. On channel 0 a single part is the frame: that very array, not a copy. */
export function joinParts(channel: number, parts: readonly Uint8Array[]): Uint8Array {
  const only = parts[0];
  if (channel === 0 && parts.length === 1 && only !== undefined) return only;
  const writer = new Writer();
  writer.uint32(fieldChannel, channel);
  for (const each of parts) writer.raw(each);
  return writer.finish();
}

function part(field: number, write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  const mark = writer.open(field);
  write(writer);
  writer.close(mark);
  return writer.finish();
}

function writeWindow(writer: Writer, window: Window): void {
  writer.uint32(1, window.bytes);
  writer.uint32(2, window.operations);
}

function writePeer(writer: Writer, peer: Peer): void {
  writer.uint(1, peer.session);
  if (peer.state !== null) {
    const mark = writer.open(2);
    writePresence(writer, peer.state);
    writer.close(mark);
  }
  writer.uint32(3, peer.line);
  writer.uint32(4, peer.column);
  writer.bool(5, peer.moved);
}

/** Decodes a frame, or throws a DecodeError. Shares no memory with `bytes`. */
export function decodeServerFrame(bytes: Uint8Array): ServerFrame {
  const reader = new Reader(bytes);
  const rows: FrameRow[] = [];
  let channel = 0;
  let ack: Ack | null = null;
  let welcome: Welcome | null = null;
  let presence: PresenceUpdate | null = null;
  let error: ErrorBody | null = null;
  let heartbeat: { at: number } | null = null;
  let window: Window | null = null;
  let patch: ThinPatch | null = null;
  let snapshotPiece: Uint8Array | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case fieldChannel:
        channel = reader.uint32('channel');
        break;
      case fieldRows:
        rows.push(reader.message('rows', readRow, rows.length));
        break;
      case fieldLoneRows:
        rows.push(reader.message('lone_rows', readLoneRow, rows.length));
        break;
      case fieldAck:
        ack = readOnce(reader, 'ack', readAck, ack);
        break;
      case fieldWelcome:
        welcome = readOnce(reader, 'welcome', readWelcome, welcome);
        break;
      case fieldPresence:
        presence = readOnce(reader, 'presence', readPresenceUpdate, presence);
        break;
      case fieldError:
        error = readOnce(reader, 'error', readError, error);
        break;
      case fieldHeartbeat:
        heartbeat = { at: readOnce(reader, 'heartbeat', readHeartbeat, heartbeat) };
        break;
      case fieldWindow:
        window = readOnce(reader, 'window', readWindow, window);
        break;
      case fieldPatch:
        patch = readOnce(reader, 'patch', readPatch, patch);
        break;
      case fieldSnapshotPiece:
        if (snapshotPiece !== null) throw reader.error('snapshot_piece', 'one', 'a second one');
        snapshotPiece = reader.bytes('snapshot_piece');
        break;
      default:
        reader.skip();
    }
  }
  const parts = { rows, ack, welcome, presence, error, heartbeat, window, patch };
  return { channel, ...parts, snapshotPiece };
}

function readOnce<T>(
  reader: Reader,
  field: string,
  read: (reader: Reader) => T,
  before: unknown,
): T {
  if (before !== null) throw reader.error(field, 'one', 'a second one');
  return reader.message(field, read);
}

function readAck(reader: Reader): Ack {
  const ack = { through: 0, lsn: 0, at: 0, staleOperations: 0, staleMs: 0 };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) ack.through = reader.uint('through');
    else if (field === 2) ack.lsn = reader.uint('lsn');
    else if (field === 3) ack.at = reader.uint('at');
    else if (field === 4) ack.staleOperations = reader.uint('stale_operations');
    else if (field === 5) ack.staleMs = reader.uint('stale_ms');
    else reader.skip();
  }
  return ack;
}

function readWelcome(reader: Reader): Welcome {
  const numbers = { through: 0, headLsn: 0, now: 0, session: 0, snapshotBytes: 0 };
  const small = { heartbeatMs: 0, protocol: 0 };
  let cursor: Cursor | null = null;
  let snapshot: Uint8Array | null = null;
  let window: Window | null = null;
  let writable = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) cursor = reader.message('cursor', readCursor);
    else if (field === 2) snapshot = reader.bytes('snapshot');
    else if (field === 3) numbers.through = reader.uint('through');
    else if (field === 4) numbers.headLsn = reader.uint('head_lsn');
    else if (field === 5) numbers.now = reader.uint('now');
    else if (field === 6) small.heartbeatMs = reader.uint32('heartbeat_ms');
    else if (field === 7) window = reader.message('window', readWindow);
    else if (field === 8) writable = reader.bool('writable');
    else if (field === 9) numbers.session = reader.uint('session');
    else if (field === 10) small.protocol = reader.uint32('protocol');
    else if (field === 11) numbers.snapshotBytes = reader.uint('snapshot_bytes');
    else reader.skip();
  }
  if (cursor === null) throw reader.error('cursor', 'a cursor', 'none');
  if (window === null) throw reader.error('window', 'a window', 'none');
  return { cursor, snapshot, ...numbers, ...small, window, writable };
}

function readWindow(reader: Reader): Window {
  const window = { bytes: 0, operations: 0 };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) window.bytes = reader.uint32('bytes');
    else if (field === 2) window.operations = reader.uint32('operations');
    else reader.skip();
  }
  return window;
}

function readPresenceUpdate(reader: Reader): PresenceUpdate {
  const peers: Peer[] = [];
  let left: number[] = [];
  let full = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) peers.push(reader.message('peers', readPeer, peers.length));
    else if (field === 2) left = reader.packed('left');
    else if (field === 3) full = reader.bool('full');
    else reader.skip();
    if (peers.length + left.length > presencePeersMax) {
      throw reader.error('peers', `at most ${presencePeersMax}`, peers.length + left.length);
    }
  }
  return { peers, left, full };
}

function readPeer(reader: Reader): Peer {
  const numbers = { session: 0, line: 0, column: 0 };
  let state: PresenceState | null = null;
  let moved = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) numbers.session = reader.uint('session');
    else if (field === 2) state = reader.message('state', readPresence);
    else if (field === 3) numbers.line = reader.uint32('line');
    else if (field === 4) numbers.column = reader.uint32('column');
    else if (field === 5) moved = reader.bool('moved');
    else reader.skip();
  }
  return { ...numbers, state, moved };
}

function readError(reader: Reader): ErrorBody {
  let code = '';
  let message = '';
  let retry = false;
  let retryAfterMs = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) code = shortString(reader, 'code', errorMessageUnitsMax);
    else if (field === 2) message = shortString(reader, 'message', errorMessageUnitsMax);
    else if (field === 3) retry = reader.bool('retry');
    else if (field === 4) retryAfterMs = reader.uint32('retry_after_ms');
    else reader.skip();
  }
  if (!isErrorCode(code)) throw reader.error('code', 'a code of codes.ts', JSON.stringify(code));
  return { code, message, retry, retryAfterMs };
}

function readPatch(reader: Reader): ThinPatch {
  let lsn = 0;
  let at = 0;
  const splices: Splice[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) lsn = reader.uint('lsn');
    else if (field === 2) at = reader.uint('at');
    else if (field === 3) readSplice(reader, splices);
    else reader.skip();
  }
  return { lsn, at, splices };
}
