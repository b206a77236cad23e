/**
 * Frames that a client sends: a channel number and exactly one body. What each body is for and when
 * it may come: docs/protocol.md.
 *
 * Everything in a decoded frame is inside the limits of limits.ts and the rules of batch-codec.ts,
 * so the engine need not look again; whether it fits the state of the session is the engine's to
 * say.
 */
import type { Batch } from './batch.ts';
import { readFrameBatch, writeFrameBatch } from './batch-codec.ts';
import { DecodeError } from './decode-error.ts';
import type { Cursor, PresenceState, Splice } from './frame-messages.ts';
import {
  readCursor,
  readHeartbeat,
  readPresence,
  readSplice,
  writeCursor,
  writePresence,
  writeSplices,
} from './frame-messages.ts';
import {
  clientFrameBytesMax,
  documentNameUnitsMax,
  editBatchesMax,
  secretBytes,
  tokenBytesMax,
} from './limits.ts';
import { Reader, Writer } from './wire.ts';

const fieldChannel = 1;
const fieldHello = 2;
const fieldBatches = 3;
const fieldPresence = 4;
const fieldToken = 5;
const fieldHeartbeat = 6;
const fieldLeave = 7;
const fieldThin = 8;

/** Opens a session on the frame's channel. */
export interface HelloBody {
  readonly type: 'hello';
  readonly protocol: number;
  /** 1 … 200 characters of [A-Za-z0-9._~-]. */
  readonly document: string;
  /** Full id, 1 … 2^53-1. */
  readonly replica: number;
  /** The replica's 128-bit secret, 16 bytes. */
  readonly secret: Uint8Array;
  readonly token: string;
  /** null: send me everything. */
  readonly cursor: Cursor | null;
  /** A view without the engine. */
  readonly thin: boolean;
  /** With a cursor: send the whole state all the same, no older than the cursor. */
  readonly whole: boolean;
  /** Own timestamp that the client knows to be durable; 0 = none. */
  readonly settled: number;
}

/** New operations of this replica, in order; 1 … 1,000 batches. */
export interface EditBody {
  readonly type: 'edit';
  /** Names are indexes; the author is 0, the sender. */
  readonly batches: readonly Batch[];
}

/** An edit of a view without the engine, against the state (base + its own earlier operations). */
export interface ThinBody {
  readonly type: 'thin';
  /** Timestamp of the first operation, ≥ 1. */
  readonly first: number;
  /** As in a batch: below `first`. */
  readonly gap: number;
  readonly base: number;
  /** 1 … 1,000. */
  readonly splices: readonly Splice[];
}

export type ClientBody =
  | HelloBody
  | EditBody
  /** null: nothing to show, and what was shown is gone. */
  | { readonly type: 'presence'; readonly state: PresenceState | null }
  /** A new token for a session that goes on. */
  | { readonly type: 'token'; readonly token: string }
  /** `at`: the sender's wall clock, ms since 1970. */
  | { readonly type: 'heartbeat'; readonly at: number }
  | { readonly type: 'leave' }
  | ThinBody;

export interface ClientFrame {
  /** Which document of this socket, 0 … 2^32-1. */
  readonly channel: number;
  readonly body: ClientBody;
}

/** Encodes a frame. RangeError if a batch or a number in it breaks the format. */
export function encodeClientFrame(frame: ClientFrame): Uint8Array {
  const writer = new Writer();
  writer.uint32(fieldChannel, frame.channel);
  const { body } = frame;
  if (body.type === 'edit') {
    for (const batch of body.batches) {
      const mark = writer.open(fieldBatches);
      writeFrameBatch(writer, batch, 'edit');
      writer.close(mark);
    }
  } else {
    const mark = writer.open(bodyFields[body.type]);
    writeBody(writer, body);
    writer.close(mark);
  }
  return writer.finish();
}

type SingleBody = Exclude<ClientBody, EditBody>;

const bodyFields: Readonly<Record<SingleBody['type'], number>> = {
  hello: fieldHello,
  presence: fieldPresence,
  token: fieldToken,
  heartbeat: fieldHeartbeat,
  leave: fieldLeave,
  thin: fieldThin,
};

function writeBody(writer: Writer, body: SingleBody): void {
  switch (body.type) {
    case 'hello':
      writeHello(writer, body);
      break;
    case 'presence':
      writePresence(writer, body.state);
      break;
    case 'token':
      writer.string(1, body.token);
      break;
    case 'heartbeat':
      writer.uint(1, body.at);
      break;
    case 'leave':
      break;
    case 'thin':
      writer.uint(1, body.first);
      writer.uint(2, body.gap);
      writer.uint(3, body.base);
      writeSplices(writer, 4, body.splices);
      break;
  }
}

function writeHello(writer: Writer, hello: HelloBody): void {
  writer.uint32(1, hello.protocol);
  writer.string(2, hello.document);
  writer.uint(3, hello.replica);
  writer.bytes(4, hello.secret);
  writer.string(5, hello.token);
  if (hello.cursor !== null) {
    const mark = writer.open(6);
    writeCursor(writer, hello.cursor);
    writer.close(mark);
  }
  writer.bool(7, hello.thin);
  writer.bool(8, hello.whole);
  writer.uint(9, hello.settled);
}

/** Decodes a frame, or throws a DecodeError. Shares no memory with `bytes`. */
export function decodeClientFrame(bytes: Uint8Array): ClientFrame {
  if (bytes.length > clientFrameBytesMax) {
    const problem = `expected at most ${clientFrameBytesMax} bytes, found ${bytes.length}`;
    throw new DecodeError('(frame)', clientFrameBytesMax, problem);
  }
  const reader = new Reader(bytes);
  let channel = 0;
  let body: ClientBody | null = null;
  const batches: Batch[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === fieldChannel) {
      channel = reader.uint32('channel');
      continue;
    }
    const next = readBody(reader, field, batches);
    if (next === null) continue;
    if (body !== null && !(body.type === 'edit' && next.type === 'edit')) {
      throw reader.error(next.type, 'one body', `one after ${body.type}`);
    }
    body = next;
  }
  if (body === null) throw reader.error('(frame)', 'a body', 'none');
  return { channel, body };
}

/**
 * The body that the field is or, with the batches before it, belongs to; null: an unknown field.
 */
function readBody(reader: Reader, field: number, batches: Batch[]): ClientBody | null {
  switch (field) {
    case fieldHello:
      return reader.message('hello', readHello);
    case fieldBatches:
      if (batches.length === editBatchesMax) {
        throw reader.error('edit.batches', `at most ${editBatchesMax}`, 'one more');
      }
      batches.push(reader.message('edit.batches', readEditBatch, batches.length));
      return { type: 'edit', batches };
    case fieldPresence:
      return { type: 'presence', state: reader.message('presence', readPresence) };
    case fieldToken:
      return { type: 'token', token: reader.message('token', readToken) };
    case fieldHeartbeat:
      return { type: 'heartbeat', at: reader.message('heartbeat', readHeartbeat) };
    case fieldLeave:
      reader.message('leave', readNothing);
      return { type: 'leave' };
    case fieldThin:
      return reader.message('thin', readThin);
    default:
      reader.skip();
      return null;
  }
}

function readEditBatch(reader: Reader): Batch {
  return readFrameBatch(reader, 'edit');
}

function readHello(reader: Reader): HelloBody {
  let protocol = 0;
  let document = '';
  let replica = 0;
  let secret: Uint8Array | null = null;
  let token = '';
  let cursor: Cursor | null = null;
  let thin = false;
  let whole = false;
  let settled = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) protocol = reader.uint32('protocol');
    else if (field === 2) document = reader.string('document', documentNameUnitsMax);
    else if (field === 3) replica = reader.uint('replica');
    else if (field === 4) secret = reader.bytes('secret');
    else if (field === 5) token = reader.string('token', tokenBytesMax);
    else if (field === 6) cursor = reader.message('cursor', readCursor);
    else if (field === 7) thin = reader.bool('thin');
    else if (field === 8) whole = reader.bool('whole');
    else if (field === 9) settled = reader.uint('settled');
    else reader.skip();
  }
  if (protocol === 0) throw reader.error('protocol', 'a version', protocol);
  if (!isDocumentName(document)) {
    const shown = JSON.stringify(document);
    throw reader.error('document', '1 … 200 characters of [A-Za-z0-9._~-]', shown);
  }
  if (replica === 0) throw reader.error('replica', 'a replica id', replica);
  if (secret?.length !== secretBytes) {
    throw reader.error('secret', `${secretBytes} bytes`, secret?.length ?? 0);
  }
  const mode = { thin, whole, settled };
  return { type: 'hello', protocol, document, replica, secret, token, cursor, ...mode };
}

/** Whether `name` is well-formed: 1 … 200 characters that stand for themselves in a URL path. */
export function isDocumentName(name: string): boolean {
  // A path of dots alone means another place to whoever parses an address.
  if (name === '.' || name === '..') return false;
  return name.length <= documentNameUnitsMax && /^[A-Za-z0-9._~-]+$/.test(name);
}

function readToken(reader: Reader): string {
  let token = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) token = reader.string('token', tokenBytesMax);
    else reader.skip();
  }
  return token;
}

function readNothing(reader: Reader): void {
  while (reader.next() !== 0) reader.skip();
}

function readThin(reader: Reader): ThinBody {
  let first = 0;
  let gap = 0;
  let base = 0;
  const splices: Splice[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) first = reader.uint('first');
    else if (field === 2) gap = reader.uint('gap');
    else if (field === 3) base = reader.uint('base');
    else if (field === 4) readSplice(reader, splices);
    else reader.skip();
  }
  if (gap >= first) throw reader.error('first', `above the gap of ${gap}`, first);
  if (splices.length === 0) throw reader.error('splices', 'at least one', 'none');
  let last = first - 1;
  for (const splice of splices) last += splice.deleted + splice.inserted.length;
  if (last > Number.MAX_SAFE_INTEGER) {
    throw reader.error('first', 'timestamps up to 2^53-1', first);
  }
  return { type: 'thin', first, gap, base, splices };
}
