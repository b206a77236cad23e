/**
 * fast-check arbitraries of everything that proto/ encodes: well-formed values only, with the edges
 * of every range (timestamps near 2^53, text outside the BMP) not rare. For tests; no product file
 * imports this.
 */
import fc from 'fast-check';
import type { Batch, Op, OpId } from '../batch.ts';
import { opLength } from '../batch.ts';
import type { BusMessage } from '../bus-codec.ts';
import { type ClientFrame, isDocumentName } from '../client-frame.ts';
import { errorCodes, isErrorCode } from '../codes.ts';
import type { ExportRecord } from '../export-format.ts';
import {
  errorMessageUnitsMax,
  presenceColorUnitsMax,
  presenceNameUnitsMax,
  principalUnitsMax,
} from '../limits.ts';
import type { ServerFrame } from '../server-frame.ts';
import { isLone } from './encode-server-frame.ts';

const max = Number.MAX_SAFE_INTEGER;

/** 0 … 2^53-1, small and large ones alike. */
export const uint = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 2 ** 28 }),
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 2 ** 32 - 1, 2 ** 32, 2 ** 49 - 1, 2 ** 49, max),
);
export const uint32 = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
/** A full replica id. */
export const replicaId = uint.map((value) => Math.max(value, 1));
/** Well-formed text, any code point. */
export function text(minLength: number, maxLength: number): fc.Arbitrary<string> {
  const units = fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary' }));
  return units
    .map((value) => trim(value.padEnd(minLength, 'x'), maxLength))
    .filter((value) => value.length >= minLength);
}

/** At most `length` UTF-16 units, without half a pair at the end. */
function trim(value: string, length: number): string {
  const cut = value.slice(0, length);
  const last = cut.charCodeAt(cut.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut;
}

export const binding = fc.record({
  secretHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  principal: text(0, principalUnitsMax),
});

/** The free choices of one operation; what they mean depends on the timestamp it gets. */
const opSpec = fc.record({
  kind: fc.constantFrom('type', 'insert', 'insert', 'delete'),
  text: text(1, 12),
  left: fc.constantFrom('previous', 'id', 'start'),
  right: fc.constantFrom('same', 'id', 'end'),
  back: fc.oneof(fc.integer({ min: 0, max: 3 }), uint),
  backRight: fc.oneof(fc.integer({ min: 0, max: 3 }), uint),
  count: fc.oneof(fc.constantFrom(1, 2), uint),
  reversed: fc.boolean(),
  pick: fc.nat(),
});
type OpSpec = typeof opSpec extends fc.Arbitrary<infer T> ? T : never;

function buildOp(spec: OpSpec, timestamp: number, author: number, names: readonly number[]): Op {
  const pick = (number: number): number => names[number % names.length] ?? author;
  const id = (back: number, name: number): OpId | null =>
    timestamp === 1
      ? null
      : { timestamp: timestamp - 1 - (back % (timestamp - 1)), replica: pick(name) };
  // A head of the stream holds a count up to 2^49-1.
  const room = Math.min(timestamp - 1, Math.floor((max - timestamp) / 2), 2 ** 49 - 1);
  if (spec.kind === 'delete' && room >= 1) {
    const count = 1 + (spec.count % room);
    const target = { timestamp: 1 + (spec.back % (timestamp - count)), replica: pick(spec.pick) };
    return { type: 'delete', timestamp, target, count, reversed: spec.reversed };
  }
  const previous = timestamp > 1 && (spec.kind === 'type' || spec.left === 'previous');
  const left = previous
    ? { timestamp: timestamp - 1, replica: author }
    : spec.left === 'id'
      ? id(spec.back, spec.pick)
      : null;
  const explicit = spec.right === 'id' ? id(spec.backRight, Math.floor(spec.pick / 7)) : null;
  const right = previous && (spec.kind === 'type' || spec.right === 'same') ? 'same' : explicit;
  return { type: 'insert', timestamp, left, right, text: spec.text };
}

/**
 * A well-formed batch whose author and references are among `names`; `place` as in batch-codec.ts.
 */
export function batch(
  names: readonly number[],
  place: 'update' | 'edit' | 'row',
): fc.Arbitrary<Batch> {
  return fc
    .record({
      author: place === 'edit' ? fc.constant(0) : fc.constantFrom(...names),
      first: fc.oneof(
        fc.integer({ min: 1, max: 4 }),
        uint.map((value) => Math.max(value, 1)),
      ),
      gap: fc.oneof(fc.constant(0), uint),
      base: place === 'row' ? fc.constant(0) : fc.oneof(fc.constant(0), uint),
      specs: fc.array(opSpec, { minLength: 1, maxLength: 6 }),
      binding: place === 'update' ? fc.option(binding, { nil: undefined }) : fc.constant(undefined),
      heldMs: place === 'row' ? fc.constant(0) : fc.oneof(fc.constant(0), uint),
    })
    .map(({ author, first: wanted, gap, base, specs, binding, heldMs }) => {
      const first = Math.min(wanted, max - 200);
      const ops: Op[] = [];
      let timestamp = first;
      for (const spec of specs) {
        if (timestamp > max - 100) break;
        const op = buildOp(spec, timestamp, author, names);
        ops.push(op);
        timestamp += opLength(op);
      }
      const fitted = gap % first;
      const plain = { replica: author, first, gap: fitted, base, ops };
      return { ...plain, ...(binding && { binding }), ...(heldMs > 0 && { heldMs }) };
    });
}

/** Up to four batches of an update: full ids, as few of them as real updates have. */
export const updateBatches = fc
  .uniqueArray(replicaId, { minLength: 1, maxLength: 4 })
  .chain((names) => fc.array(batch(names, 'update'), { maxLength: 4 }));

const index = fc.oneof(fc.constant(0), uint32);
/** Names of a frame: indexes, 0 among them. */
const frameNames = fc
  .uniqueArray(index, { minLength: 1, maxLength: 4 })
  .map((names) => (names.includes(0) ? names : [0, ...names]));

function frameBatches(place: 'edit' | 'row', minLength: number): fc.Arbitrary<Batch[]> {
  return frameNames.chain((names) => fc.array(batch(names, place), { minLength, maxLength: 3 }));
}

const cursor = fc.record({ epoch: uint, lsn: uint, at: uint, operations: uint });
const anchor = fc
  .record({
    replica: uint32,
    timestamp: uint,
    side: fc.constantFrom<'after' | 'before'>('after', 'before'),
  })
  .map((each) => (each.timestamp === 0 ? { ...each, replica: 0 } : each));
const presenceState = fc
  .record({
    name: text(0, presenceNameUnitsMax),
    color: text(0, presenceColorUnitsMax),
    head: fc.option(anchor),
    anchor: fc.option(anchor),
  })
  .map((state) => (state.name === '' ? { ...state, name: 'Ann' } : state));
const splice = fc
  .record({ index: uint, deleted: fc.oneof(fc.constant(0), uint), inserted: text(0, 20) })
  .map(({ index, deleted, inserted }) => ({
    index: Math.min(index, max - deleted),
    deleted,
    inserted: deleted === 0 && inserted === '' ? 'x' : inserted,
  }));
const window = fc.record({ bytes: uint32, operations: uint32 });

const documentName = fc
  .string({ unit: fc.constantFrom(...'AZaz09._~-'), minLength: 1, maxLength: 200 })
  .filter(isDocumentName);
const token = text(0, 100);

const clientBody = fc.oneof(
  fc.record({
    type: fc.constant('hello' as const),
    protocol: uint32.map((value) => Math.max(value, 1)),
    document: documentName,
    replica: replicaId,
    secret: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    token,
    cursor: fc.option(cursor),
    thin: fc.boolean(),
    whole: fc.boolean(),
    settled: uint,
  }),
  frameBatches('edit', 1).map((batches) => ({ type: 'edit' as const, batches })),
  fc.option(presenceState).map((state) => ({ type: 'presence' as const, state })),
  token.map((value) => ({ type: 'token' as const, token: value })),
  uint.map((at) => ({ type: 'heartbeat' as const, at })),
  fc.constant({ type: 'leave' as const }),
  fc
    .record({
      first: fc.integer({ min: 1, max: 2 ** 40 }),
      gap: uint,
      base: uint,
      splices: fc.array(splice, { minLength: 1, maxLength: 4 }),
    })
    .filter(({ splices }) => splices.every(({ deleted }) => deleted < 2 ** 50))
    .map((thin) => ({ type: 'thin' as const, ...thin, gap: thin.gap % thin.first })),
);

export const clientFrame: fc.Arbitrary<ClientFrame> = fc.record({
  channel: index,
  body: clientBody,
});

const row = fc.record({
  at: uint,
  introduced: fc.array(replicaId, { maxLength: 3 }),
  batches: frameBatches('row', 0),
  epoch: fc.oneof(fc.constant(0), uint),
});
const welcome = fc.record({
  cursor,
  snapshot: fc.option(fc.uint8Array({ minLength: 1, maxLength: 300 })),
  through: uint,
  headLsn: uint,
  now: uint,
  heartbeatMs: uint32,
  window,
  writable: fc.boolean(),
  session: uint,
  protocol: uint32,
  snapshotBytes: uint,
});
const peer = fc.record({
  session: uint,
  state: fc.option(presenceState),
  line: uint32,
  column: uint32,
  moved: fc.boolean(),
});

const errorCode = fc.constantFrom(...Object.keys(errorCodes).filter(isErrorCode));

export const serverFrame: fc.Arbitrary<ServerFrame> = fc.record({
  channel: index,
  // Packed ones last, where the generated code writes their field.
  rows: fc
    .array(row, { maxLength: 3 })
    .map((rows) => [...rows.filter((each) => !isLone(each)), ...rows.filter(isLone)]),
  ack: fc.option(
    fc.record({ through: uint, lsn: uint, at: uint, staleOperations: uint, staleMs: uint }),
  ),
  welcome: fc.option(welcome),
  presence: fc.option(
    fc.record({
      peers: fc.array(peer, { maxLength: 3 }),
      left: fc.array(uint, { maxLength: 3 }),
      full: fc.boolean(),
    }),
  ),
  error: fc.option(
    fc.record({
      code: errorCode,
      message: text(0, errorMessageUnitsMax),
      retry: fc.boolean(),
      retryAfterMs: uint32,
    }),
  ),
  heartbeat: fc.option(fc.record({ at: uint })),
  window: fc.option(window),
  patch: fc.option(fc.record({ lsn: uint, at: uint, splices: fc.array(splice, { maxLength: 3 }) })),
  snapshotPiece: fc.option(fc.uint8Array({ minLength: 1, maxLength: 300 })),
});

const busRow = fc.record({
  epoch: uint,
  lsn: uint.map((value) => Math.max(value, 1)),
  at: uint,
  body: fc.uint8Array({ minLength: 1, maxLength: 100 }),
});
const busPresence = fc.record({
  node: replicaId,
  epoch: uint,
  peers: fc.array(fc.record({ session: uint, replica: replicaId, state: presenceState }), {
    maxLength: 3,
  }),
  left: fc.array(uint, { maxLength: 3 }),
  full: fc.boolean(),
  ask: fc.boolean(),
});

export const busMessage: fc.Arbitrary<BusMessage> = fc.oneof(
  busRow.map((row) => ({ type: 'row' as const, row })),
  busPresence.map((presence) => ({ type: 'presence' as const, presence })),
  fc.constant({ type: 'look' as const }),
);

const exportHeader = fc
  .record({
    document: documentName,
    epoch: replicaId,
    at: uint,
    lsn: uint,
    prunedLsn: uint,
    exportedAt: uint,
    snapshotBytes: fc.integer({ min: 1, max: 2 ** 28 }),
  })
  .map(({ lsn, prunedLsn, snapshotBytes, ...rest }) => ({
    ...rest,
    lsn: Math.max(lsn, prunedLsn),
    prunedLsn,
    snapshotBytes: prunedLsn === 0 ? 0 : snapshotBytes,
  }));
const exportVersion = fc.record({
  name: text(1, 30),
  lsn: uint,
  at: uint,
  createdAt: uint,
  principal: text(0, 30),
});
const exportEnd = fc.record({
  rows: uint,
  versions: uint,
  hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});

export const exportRecord: fc.Arbitrary<ExportRecord> = fc.oneof(
  exportHeader.map((header) => ({ type: 'header' as const, header })),
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((piece) => ({
    type: 'snapshot' as const,
    piece,
  })),
  busRow.map(({ lsn, at, body }) => ({ type: 'row' as const, row: { lsn, at, body } })),
  exportVersion.map((version) => ({ type: 'version' as const, version })),
  exportEnd.map((end) => ({ type: 'end' as const, end })),
);
