/**
 * Messages that frames of both directions hold: cursor, presence state, splices. A reader and a
 * writer for each; the writers write the content of a message, its field belongs to the one around
 * it.
 */
import { presenceColorUnitsMax, presenceNameUnitsMax, splicesMax } from './limits.ts';
import type { Reader, Writer } from './wire.ts';

/** A place in one document's history, as a client remembers it (engine/ids.ts). */
export interface Cursor {
  /** Random number of the document's present history; 0 = none seen yet. */
  readonly epoch: number;
  readonly lsn: number;
  /** Commit time of the row at `lsn`, ms since 1970. */
  readonly at: number;
  /** Operations that the rows up to `lsn` applied. */
  readonly operations: number;
}

/**
 * A place between two characters that moves with them: after or before the character it sticks to.
 * Timestamp 0 with replica 0: the document's start (`after`) or its end (`before`).
 */
export interface Anchor {
  /** Index of the replica, as in batches of the same frame. */
  readonly replica: number;
  readonly timestamp: number;
  readonly side: 'after' | 'before';
}

/** What a person's session shows to the others. One with nothing in it is the same as null. */
export interface PresenceState {
  /** At most 64 UTF-16 units. */
  readonly name: string;
  /** CSS colour, at most 32 UTF-16 units. */
  readonly color: string;
  /** The caret; null: none (the field lost the focus). */
  readonly head: Anchor | null;
  /** The other end of a selection; null: the same as `head`. */
  readonly anchor: Anchor | null;
}

/** A replacement in the coordinates that the splice before it left. */
export interface Splice {
  /** In UTF-16 units, like `deleted`. */
  readonly index: number;
  readonly deleted: number;
  /** Empty only if something is deleted. */
  readonly inserted: string;
}

export function writeCursor(writer: Writer, cursor: Cursor): void {
  writer.uint(1, cursor.epoch);
  writer.uint(2, cursor.lsn);
  writer.uint(3, cursor.at);
  writer.uint(4, cursor.operations);
}

export function readCursor(reader: Reader): Cursor {
  const cursor = { epoch: 0, lsn: 0, at: 0, operations: 0 };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) cursor.epoch = reader.uint('epoch');
    else if (field === 2) cursor.lsn = reader.uint('lsn');
    else if (field === 3) cursor.at = reader.uint('at');
    else if (field === 4) cursor.operations = reader.uint('operations');
    else reader.skip();
  }
  return cursor;
}

/** Reads a heartbeat of either direction: the sender's wall clock, ms since 1970. */
export function readHeartbeat(reader: Reader): number {
  let at = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) at = reader.uint('at');
    else reader.skip();
  }
  return at;
}

/** Writes a presence state; null (nothing to show) is the empty message. */
export function writePresence(writer: Writer, state: PresenceState | null): void {
  if (state === null) return;
  writer.string(1, state.name);
  writer.string(2, state.color);
  if (state.head !== null) writeAnchor(writer, 3, state.head);
  if (state.anchor !== null) writeAnchor(writer, 4, state.anchor);
}

/** Reads a presence state; null if the message is empty. */
export function readPresence(reader: Reader): PresenceState | null {
  let name = '';
  let color = '';
  let head: Anchor | null = null;
  let anchor: Anchor | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) name = shortString(reader, 'name', presenceNameUnitsMax);
    else if (field === 2) color = shortString(reader, 'color', presenceColorUnitsMax);
    else if (field === 3) head = reader.message('head', readAnchor);
    else if (field === 4) anchor = reader.message('anchor', readAnchor);
    else reader.skip();
  }
  const empty = name === '' && color === '' && head === null && anchor === null;
  return empty ? null : { name, color, head, anchor };
}

function writeAnchor(writer: Writer, field: number, anchor: Anchor): void {
  const mark = writer.open(field);
  writer.uint32(1, anchor.replica);
  writer.uint(2, anchor.timestamp);
  writer.uint(3, anchor.side === 'after' ? 0 : 1);
  writer.close(mark);
}

function readAnchor(reader: Reader): Anchor {
  let replica = 0;
  let timestamp = 0;
  let before = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) replica = reader.uint32('replica');
    else if (field === 2) timestamp = reader.uint('timestamp');
    else if (field === 3) before = reader.bool('side');
    else reader.skip();
  }
  if (timestamp === 0 && replica !== 0) {
    throw reader.error('replica', '0 at an edge of the document', replica);
  }
  return { replica, timestamp, side: before ? 'before' : 'after' };
}

export function writeSplices(writer: Writer, field: number, splices: readonly Splice[]): void {
  for (const splice of splices) {
    const mark = writer.open(field);
    writer.uint(1, splice.index);
    writer.uint(2, splice.deleted);
    writer.string(3, splice.inserted);
    writer.close(mark);
  }
}

/** Reads one splice and adds it to `splices`. */
export function readSplice(reader: Reader, splices: Splice[]): void {
  if (splices.length === splicesMax) {
    throw reader.error('splices', `at most ${splicesMax}`, 'one more');
  }
  splices.push(reader.message('splices', readOneSplice, splices.length));
}

function readOneSplice(reader: Reader): Splice {
  const splice = { index: 0, deleted: 0, inserted: '' };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) splice.index = reader.uint('index');
    else if (field === 2) splice.deleted = reader.uint('deleted');
    else if (field === 3) splice.inserted = reader.string('inserted');
    else reader.skip();
  }
  if (splice.deleted === 0 && splice.inserted === '') {
    throw reader.error('inserted', 'a change', 'nothing inserted or deleted');
  }
  if (splice.index + splice.deleted > Number.MAX_SAFE_INTEGER) {
    throw reader.error('deleted', 'an end up to 2^53-1', splice.deleted);
  }
  return splice;
}

/** Text of at most `unitsMax` UTF-16 units. */
export function shortString(reader: Reader, field: string, unitsMax: number): string {
  const text = reader.string(field, unitsMax * 3);
  if (text.length > unitsMax) throw reader.error(field, `at most ${unitsMax} units`, text.length);
  return text;
}
