/**
 * The code generated from sync.proto, with numbers for 64-bit fields, and our values in its terms:
 * an independent statement of what each codec must write. Fields of value 0 are left out, as
 * encoders do.
 */
import './without-long.ts';
import type { Batch, Op, OpId } from '../batch.ts';
import type { BusMessage } from '../bus-codec.ts';
import type { ClientFrame } from '../client-frame.ts';
import type { ExportRecord } from '../export-format.ts';
import type { Anchor, PresenceState } from '../frame-messages.ts';
import type { FrameRow } from '../frame-row.ts';
import { sve } from '../generated/sync.js';
import type { Peer, ServerFrame } from '../server-frame.ts';
import { isLone } from './encode-server-frame.ts';

export { sve };

/** A message in the terms of the generated code. */
export interface Fields {
  readonly [field: string]: unknown;
}

/** What every generated message class can do. */
export interface GeneratedType {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

function isDefault(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === 0 || value === '' || value === false || value === null || value === undefined;
}

/** Those of the fields that an encoder writes. */
function set(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isDefault(value)));
}

type NameOf = (replica: number) => number;
const same: NameOf = (name) => name;

/** The stream of operations; none if they are one insert that goes on where its author was. */
function batchOps(batch: Batch, nameOf: NameOf = same): number[] {
  const [only] = batch.ops;
  const bare =
    batch.ops.length === 1 &&
    only?.type === 'insert' &&
    only.right === 'same' &&
    only.left?.timestamp === batch.first - 1 &&
    only.left.replica === batch.replica;
  return bare ? [] : batch.ops.flatMap((op) => opNumbers(op, batch.replica, nameOf));
}

function batchText({ ops }: Batch): string {
  return ops.map((op) => (op.type === 'insert' ? op.text : '')).join('');
}

function batchFields(batch: Batch, place: 'update' | 'edit' | 'row', nameOf: NameOf): Fields {
  return set({
    replica: nameOf(batch.replica),
    first: batch.first,
    gap: batch.gap,
    base: place === 'row' ? 0 : batch.base,
    ops: batchOps(batch, nameOf),
    text: batchText(batch),
    secretHash: batch.binding?.secretHash,
    principal: batch.binding?.principal,
    heldMs: place === 'row' ? 0 : batch.heldMs,
  });
}

function opNumbers(op: Op, author: number, nameOf: NameOf): number[] {
  const reference = (id: OpId): number[] => {
    const back = op.timestamp - id.timestamp;
    return id.replica === author ? [back] : [nameOf(id.replica), back];
  };
  const mode = (id: OpId | null): number => (id === null ? 2 : id.replica === author ? 1 : 3);
  if (op.type === 'delete') {
    const { count, reversed, target } = op;
    const back = op.timestamp - target.timestamp;
    const isOwn = target.replica === author;
    if (count === 1 && isOwn && !reversed && back < 2 ** 51) return [back * 4 + 1];
    return [count * 16 + (reversed ? 8 : 0) + (isOwn ? 0 : 4) + 3, ...reference(target)];
  }
  const { left, right } = op;
  const previous = left?.timestamp === op.timestamp - 1 && left.replica === author;
  const isNext =
    !previous &&
    left !== null &&
    right !== null &&
    right !== 'same' &&
    right.replica === left.replica &&
    right.timestamp === left.timestamp + 1;
  const rightMode = right === 'same' || isNext ? 0 : mode(right);
  return [
    op.text.length * 32 + rightMode * 8 + (previous ? 0 : mode(left)) * 2,
    ...(left === null || previous ? [] : reference(left)),
    ...(right === null || right === 'same' || isNext ? [] : reference(right)),
  ];
}

export function updateFields(format: number, batches: readonly Batch[]): Fields {
  const ids: number[] = [];
  const nameOf = (id: number): number => {
    if (!ids.includes(id)) ids.push(id);
    return ids.indexOf(id);
  };
  for (const batch of batches) {
    nameOf(batch.replica);
    for (const op of batch.ops) {
      const ends = op.type === 'delete' ? [op.target] : [op.left, op.right];
      for (const id of ends) if (id !== null && id !== 'same') nameOf(id.replica);
    }
  }
  const encoded = batches.map((batch) => batchFields(batch, 'update', nameOf));
  const [only] = encoded;
  if (encoded.length === 1) return set({ format, replicas: ids, ...only });
  return set({ format, replicas: ids, batches: encoded });
}

export function busFields(message: BusMessage): Fields {
  if (message.type === 'row') return set({ row: set({ ...message.row }) });
  if (message.type === 'look') return { look: {} };
  const peers = message.presence.peers.map(({ state, ...peer }) =>
    set({ ...peer, state: presenceFields(state) }),
  );
  return set({ presence: set({ ...message.presence, peers }) });
}

export function exportFields(record: ExportRecord): Fields {
  switch (record.type) {
    case 'header':
      return { header: set({ format: 1, ...record.header }) };
    case 'snapshot':
      return { snapshot: record.piece };
    case 'row':
      return { row: set({ ...record.row }) };
    case 'version':
      return { version: set({ ...record.version }) };
    default:
      return { end: set({ ...record.end }) };
  }
}

function anchorFields(anchor: Anchor | null): Fields | null {
  return anchor && set({ ...anchor, side: anchor.side === 'before' ? 1 : 0 });
}

function presenceFields(state: PresenceState | null): Fields {
  if (state === null) return {};
  const { head, anchor } = state;
  return set({ ...state, head: anchorFields(head), anchor: anchorFields(anchor) });
}

export function clientFields({ channel, body }: ClientFrame): Fields {
  const { type, ...rest } = body;
  switch (body.type) {
    case 'edit':
      return set({ channel, batches: body.batches.map((each) => batchFields(each, 'edit', same)) });
    case 'hello':
      return set({
        channel,
        hello: set({ ...rest, cursor: body.cursor && set({ ...body.cursor }) }),
      });
    case 'presence':
      return set({ channel, presence: presenceFields(body.state) });
    case 'thin':
      return set({
        channel,
        thin: set({ ...rest, splices: body.splices.map((s) => set({ ...s })) }),
      });
    default:
      return set({ channel, [type]: set(rest) });
  }
}

/** As proto/frame-row.ts draws it, of the content of generated fields. */
function loneRow({ at, batches }: FrameRow): Uint8Array {
  const numbers = (left: readonly number[]): Uint8Array =>
    contentOf(sve.PresenceUpdate.encode(set({ left })).finish());
  return Uint8Array.from(
    batches.flatMap((batch) => {
      const ops = batchOps(batch);
      const flags = (ops.length > 0 ? 2 : 0) + (batch.gap > 0 ? 1 : 0);
      const packed = numbers(ops);
      return [
        ...numbers([batch.replica * 4 + flags, at, batch.first]),
        ...numbers(batch.gap > 0 ? [batch.gap] : []),
        ...numbers(ops.length > 0 ? [packed.length] : []),
        ...packed,
        ...contentOf(sve.Splice.encode({ inserted: batchText(batch) }).finish()),
      ];
    }),
  );
}

/** Of a message with one field, of many bytes, or none. */
function contentOf(message: Uint8Array): Uint8Array {
  let at = 1;
  while ((message[at] ?? 0) >= 0x80) at++;
  return message.subarray(at + 1);
}

function peerFields({ state, ...rest }: Peer): Fields {
  return set({ ...rest, state: state && presenceFields(state) });
}

export function serverFields(frame: ServerFrame): Fields {
  const { rows, welcome, presence, ack, error, heartbeat, window, patch, snapshotPiece } = frame;
  return set({
    channel: frame.channel,
    rows: rows
      .filter((row) => !isLone(row))
      .map(({ at, introduced, batches, epoch }) =>
        set({
          at,
          introduced,
          batches: batches.map((each) => batchFields(each, 'row', same)),
          epoch,
        }),
      ),
    loneRows: rows.filter(isLone).map(loneRow),
    ack: ack && set({ ...ack }),
    welcome:
      welcome &&
      set({ ...welcome, cursor: set({ ...welcome.cursor }), window: set({ ...welcome.window }) }),
    presence: presence && set({ ...presence, peers: presence.peers.map(peerFields) }),
    error: error && set({ ...error, retry: error.retry ? 1 : 0 }),
    heartbeat: heartbeat && set({ ...heartbeat }),
    window: window && set({ ...window }),
    patch: patch && set({ ...patch, splices: patch.splices.map((splice) => set({ ...splice })) }),
    snapshotPiece,
  });
}
