/**
 * A value of every message, for the golden files: realistic sizes, every field used somewhere, and
 * nothing random. Once a release has written such bytes, a case here never changes; new ones are
 * added.
 */
import type { Batch, Op } from '../batch.ts';
import { type BusMessage, decodeBusMessage, encodeBusMessage } from '../bus-codec.ts';
import { type ClientBody, decodeClientFrame, encodeClientFrame } from '../client-frame.ts';
import {
  type ExportRecord,
  ExportSplitter,
  exportMagic,
  frameExportRecord,
} from '../export-format.ts';
import { decodeServerFrame, type ServerFrame } from '../server-frame.ts';
import { decodeSnapshot, encodeSnapshot } from '../snapshot-format.ts';
import type { SnapshotState } from '../snapshot-state.ts';
import { decodeUpdate, encodeUpdate } from '../update-codec.ts';
import { emptyServerFrame, encodeServerFrame } from './encode-server-frame.ts';
import { storedDeflate } from './stored-deflate.ts';

/** What a golden file holds. */
export interface GoldenCase {
  /** Name of the file without `.hex`. */
  readonly name: string;
  /** Message of sync.proto. */
  readonly message:
    | 'Update'
    | 'BusMessage'
    | 'Snapshot'
    | 'ExportRecord'
    | 'ClientFrame'
    | 'ServerFrame';
  readonly about: string;
  readonly value: unknown;
  readonly encoded: Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

const ann = 0x1a_bcde_f012_3456;
const bob = 0x05_4321_0fed_cba9;
/** 2026-03-01T12:00:00Z. */
const noon = 1_772_366_400_000;
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index);

/** Typing that goes on where it was. */
function typed(replica: number, first: number, text: string, base: number): Batch {
  const left = { timestamp: first - 1, replica };
  return {
    replica,
    first,
    gap: 0,
    base,
    ops: [{ type: 'insert', timestamp: first, left, right: 'same', text }],
  };
}

const keystroke = typed(ann, 200_000, 'x', 199_000);

/** Every form of an operation, from timestamp 1,000 on. */
function everyOp(author: number, other: number): Op[] {
  const mine = (timestamp: number) => ({ timestamp, replica: author });
  const theirs = (timestamp: number) => ({ timestamp, replica: other });
  return [
    { type: 'insert', timestamp: 1000, left: null, right: null, text: 'a' },
    { type: 'insert', timestamp: 1001, left: mine(1000), right: 'same', text: 'é' },
    { type: 'insert', timestamp: 1002, left: mine(1001), right: theirs(7), text: '€' },
    { type: 'insert', timestamp: 1003, left: theirs(900), right: theirs(7), text: '😀' },
    { type: 'insert', timestamp: 1005, left: theirs(900), right: null, text: 'wörld' },
    { type: 'insert', timestamp: 1010, left: null, right: mine(1000), text: '\ufeff' },
    { type: 'insert', timestamp: 1011, left: mine(1010), right: null, text: '\n' },
    { type: 'delete', timestamp: 1012, target: theirs(100), count: 300, reversed: false },
    { type: 'delete', timestamp: 1312, target: mine(1003), count: 2, reversed: true },
    { type: 'insert', timestamp: 1314, left: mine(1001), right: mine(1002), text: 'm' },
    { type: 'insert', timestamp: 1315, left: theirs(100), right: theirs(101), text: 't' },
    { type: 'delete', timestamp: 1316, target: mine(1010), count: 1, reversed: false },
    { type: 'delete', timestamp: 1317, target: mine(1011), count: 1, reversed: true },
  ];
}

function update(name: string, about: string, batches: readonly Batch[]): GoldenCase {
  const value = { format: 0, batches };
  const encoded = encodeUpdate(value);
  return { name, message: 'Update', about, value, encoded, decode: decodeUpdate };
}

function bus(name: string, about: string, value: BusMessage): GoldenCase {
  const encoded = encodeBusMessage(value);
  return { name, message: 'BusMessage', about, value, encoded, decode: decodeBusMessage };
}

function client(name: string, about: string, body: ClientBody, channel = 0): GoldenCase {
  const value = { channel, body };
  const encoded = encodeClientFrame(value);
  return { name, message: 'ClientFrame', about, value, encoded, decode: decodeClientFrame };
}

function server(name: string, about: string, parts: Partial<ServerFrame>): GoldenCase {
  const value = { ...emptyServerFrame, ...parts };
  const encoded = encodeServerFrame(value);
  return { name, message: 'ServerFrame', about, value, encoded, decode: decodeServerFrame };
}

const busRow: BusMessage = {
  type: 'row',
  row: {
    epoch: 77,
    lsn: 200_001,
    at: noon,
    body: encodeUpdate({ batches: [typed(ann, 200_000, 'x', 0)] }),
  },
};

const busPresence: BusMessage = {
  type: 'presence',
  presence: {
    node: bob,
    epoch: 77,
    peers: [
      {
        session: 3,
        replica: ann,
        state: {
          name: 'Ann',
          color: '#c00',
          head: { replica: 0, timestamp: 7, side: 'after' },
          anchor: null,
        },
      },
    ],
    left: [1, 2],
    full: false,
    ask: true,
  },
};

const binding = { secretHash: counting(32), principal: 'ann@example.org' };
const start = { timestamp: 0, replica: 0, side: 'after' } as const;

/** Ann typed "Hi!?" and took back "!?"; Bob typed "😀" and deleted "!?" too. */
export const snapshot: SnapshotState = {
  epoch: 77,
  lsn: 12,
  at: noon,
  operations: 9,
  replicas: [
    { id: ann, last: 6, since: 1, binding: { secretHash: counting(32), principal: 'ann' } },
    { id: bob, last: 9, since: 4 },
  ],
  voided: [
    { lsn: 3, position: 1 },
    { lsn: 9, position: 0 },
  ],
  stretches: {
    author: Int32Array.of(0, 1),
    first: Float64Array.of(1, 6),
    length: Int32Array.of(6, 4),
  },
  spans: {
    start: Int32Array.of(0, 6, 2),
    length: Int32Array.of(2, 2, 2),
    left: Int32Array.of(-1, 1, 1),
    right: Int32Array.of(-1, 2, -1),
    flags: Uint8Array.of(0, 2, 1),
  },
  deletions: {
    start: Int32Array.of(4, 8),
    target: Int32Array.of(2, 2),
    length: Int32Array.of(2, 2),
    reversed: Uint8Array.of(1, 0),
  },
  visible: 'Hi😀',
  hidden: '!?',
};

const withoutHistory: SnapshotState = {
  ...snapshot,
  deletions: {
    start: new Int32Array(0),
    target: new Int32Array(0),
    length: new Int32Array(0),
    reversed: new Uint8Array(0),
  },
  hidden: null,
};

const withException: SnapshotState = {
  ...snapshot,
  spans: { ...snapshot.spans, left: Int32Array.of(-1, 0, 1) },
};

/** Every kind of record; the snapshot and the hash are not real ones. */
const exported: readonly ExportRecord[] = [
  {
    type: 'header',
    header: {
      document: 'notes',
      epoch: 77,
      lsn: 200_001,
      at: noon + 1,
      prunedLsn: 200_000,
      exportedAt: noon + 9_000,
      snapshotBytes: 4,
    },
  },
  { type: 'snapshot', piece: counting(4) },
  { type: 'row', row: { lsn: busRow.row.lsn, at: noon, body: busRow.row.body } },
  {
    type: 'version',
    version: { name: 'Fertig', lsn: 200_001, at: noon, createdAt: noon + 500, principal: 'ann' },
  },
  { type: 'end', end: { rows: 1, versions: 1, hash: counting(32) } },
];

function exportFile(records: readonly ExportRecord[]): Uint8Array {
  return Uint8Array.from([exportMagic, ...records.map(frameExportRecord)].flatMap((b) => [...b]));
}

function readExportFile(bytes: Uint8Array): ExportRecord[] {
  const splitter = new ExportSplitter();
  splitter.feed(bytes);
  const records: ExportRecord[] = [];
  for (let next = splitter.next(); next !== null; next = splitter.next()) records.push(next.record);
  return records;
}

/** One per golden file. */
export const goldenCases: readonly GoldenCase[] = [
  update('update-keystroke', 'One typed character: a log row.', [keystroke]),
  update('update-first', 'The first batch of a replica: it binds the hash of the secret.', [
    {
      replica: ann,
      first: 3,
      gap: 2,
      base: 1,
      ops: [{ type: 'insert', timestamp: 3, left: null, right: null, text: 'Hello' }],
      binding,
    },
  ]),
  update('update-every-op', 'Every form of an operation, and a second author.', [
    { replica: ann, first: 1000, gap: 0, base: 41, ops: everyOp(ann, bob) },
    typed(bob, 1500, 'so', 40),
  ]),
  update('update-held', 'Typed a day before it was sent.', [{ ...keystroke, heldMs: 86_400_000 }]),
  bus('bus-row', 'A committed row, as nodes tell each other.', busRow),
  bus('bus-presence', 'Presence, as nodes tell each other.', busPresence),
  bus('bus-look', 'Something else happened to the document, as nodes tell each other.', {
    type: 'look',
  }),
  {
    name: 'snapshot',
    message: 'Snapshot',
    about: 'Two replicas, three spans, one of them deleted twice, two refused batches.',
    value: snapshot,
    encoded: encodeSnapshot(snapshot),
    decode: decodeSnapshot,
  },
  {
    name: 'snapshot-without-history',
    message: 'Snapshot',
    about: 'The same document without deleted text and deletions.',
    value: withoutHistory,
    encoded: encodeSnapshot(withoutHistory),
    decode: decodeSnapshot,
  },
  {
    name: 'snapshot-deflate',
    message: 'Snapshot',
    about: 'The same document in the stored blocks of raw deflate, an origin not the nearest one.',
    value: withException,
    encoded: encodeSnapshot(withException, { compression: storedDeflate }),
    decode: (bytes) => decodeSnapshot(bytes, { compressions: [storedDeflate] }),
  },
  {
    name: 'export',
    message: 'ExportRecord',
    about: 'A history in a file: every kind of record, after the magic.',
    value: exported,
    encoded: exportFile(exported),
    decode: readExportFile,
  },
  client('client-hello', 'Opens a session with a cursor.', {
    type: 'hello',
    protocol: 1,
    document: 'notes~2026.03_a-b',
    replica: ann,
    secret: counting(16),
    token: 'header.payload.signature',
    cursor: { epoch: 77, lsn: 200_000, at: noon, operations: 250_000 },
    thin: false,
    whole: false,
    settled: 0,
  }),
  client('client-hello-whole', 'Opens a session that wants the whole state again.', {
    type: 'hello',
    protocol: 1,
    document: 'notes',
    replica: ann,
    secret: counting(16),
    token: '',
    cursor: { epoch: 77, lsn: 5, at: noon, operations: 6 },
    thin: false,
    whole: true,
    settled: 300,
  }),
  client(
    'client-hello-thin',
    'Opens a session of a thin view on another channel.',
    {
      type: 'hello',
      protocol: 1,
      document: 'notes',
      replica: ann,
      secret: counting(16),
      token: '',
      cursor: null,
      thin: true,
      whole: false,
      settled: 0,
    },
    3,
  ),
  client('client-edit-keystroke', 'One typed character.', {
    type: 'edit',
    batches: [typed(0, 200_000, 'x', 199_000)],
  }),
  client('client-edit-every-op', 'Every form of an operation, then typing; names are indexes.', {
    type: 'edit',
    batches: [
      { replica: 0, first: 1000, gap: 5, base: 41, ops: everyOp(0, 300) },
      typed(0, 1318, 'so', 42),
    ],
  }),
  client('client-edit-held', 'Typed a minute before it is sent.', {
    type: 'edit',
    batches: [{ ...typed(0, 200_000, 'x', 199_000), heldMs: 60_000 }],
  }),
  client('client-presence', 'A selection.', {
    type: 'presence',
    state: {
      name: 'Ann',
      color: '#c0ffee',
      head: { replica: 2, timestamp: 200_000, side: 'before' },
      anchor: start,
    },
  }),
  client('client-presence-none', 'Nothing to show.', { type: 'presence', state: null }),
  client('client-token', 'A new token.', { type: 'token', token: 'header.payload.signature' }),
  client('client-heartbeat', 'A heartbeat.', { type: 'heartbeat', at: noon }),
  client('client-leave', 'Leaves channel 3.', { type: 'leave' }, 3),
  client('client-thin', 'An edit of a thin view.', {
    type: 'thin',
    first: 200_000,
    gap: 1,
    base: 199_000,
    splices: [
      { index: 500, deleted: 3, inserted: '' },
      { index: 0, deleted: 0, inserted: 'né' },
    ],
  }),
  server('server-keystroke', 'The common keystroke at a receiver: at most 16 bytes.', {
    rows: [{ at: 9_000, introduced: [], batches: [typed(3, 200_000, 'x', 0)], epoch: 0 }],
  }),
  server('server-row-first', 'Row 1: it begins an epoch and introduces a replica.', {
    rows: [
      {
        at: noon,
        introduced: [ann],
        batches: [
          {
            replica: 1,
            first: 1,
            gap: 0,
            base: 0,
            ops: [{ type: 'insert', timestamp: 1, left: null, right: null, text: 'Hello' }],
          },
        ],
        epoch: 77,
      },
    ],
  }),
  server('server-rows-ack', 'Rows of others and the ack, on channel 3.', {
    channel: 3,
    rows: [
      { at: 20, introduced: [bob], batches: [], epoch: 0 },
      { at: 0, introduced: [], batches: [typed(2, 1500, 'so', 0), typed(4, 9, '!', 0)], epoch: 0 },
    ],
    ack: { through: 200_000, lsn: 199_999, at: noon, staleOperations: 12, staleMs: 340 },
  }),
  server('server-welcome', 'The answer to a hello, with a snapshot.', {
    welcome: {
      cursor: { epoch: 77, lsn: 12, at: noon, operations: 9 },
      snapshot: encodeSnapshot(snapshot),
      through: 6,
      headLsn: 15,
      now: noon + 500,
      heartbeatMs: 10_000,
      window: { bytes: 262_144, operations: 65_536 },
      writable: true,
      session: 5,
      protocol: 1,
      snapshotBytes: 0,
    },
  }),
  server('server-welcome-first-piece', 'A welcome whose snapshot goes on in later frames.', {
    welcome: {
      cursor: { epoch: 77, lsn: 12, at: noon, operations: 9 },
      snapshot: encodeSnapshot(snapshot).subarray(0, 8),
      through: 6,
      headLsn: 15,
      now: noon + 500,
      heartbeatMs: 10_000,
      window: { bytes: 262_144, operations: 65_536 },
      writable: true,
      session: 5,
      protocol: 1,
      snapshotBytes: 70_000,
    },
  }),
  server('server-snapshot-piece', 'A later piece of a snapshot, on channel 3.', {
    channel: 3,
    snapshotPiece: encodeSnapshot(snapshot).subarray(8, 16),
  }),
  server('server-presence', 'Who is here.', {
    presence: {
      peers: [
        {
          session: 5,
          state: {
            name: 'Bob',
            color: 'teal',
            head: { replica: 2, timestamp: 1_501, side: 'after' },
            anchor: null,
          },
          line: 14,
          column: 3,
          moved: false,
        },
        { session: 6, state: null, line: 0, column: 0, moved: false },
      ],
      left: [2, 300],
      full: true,
    },
  }),
  server('server-presence-moved', 'A caret that moved; the name is known.', {
    presence: {
      peers: [
        {
          session: 5,
          state: {
            ...{ name: '', color: '' },
            head: { replica: 2, timestamp: 1_502, side: 'after' },
            anchor: null,
          },
          line: 14,
          column: 4,
          moved: true,
        },
      ],
      left: [],
      full: false,
    },
  }),
  server('server-error', 'An error that allows to come again.', {
    error: { code: 'draining', message: 'back soon', retry: true, retryAfterMs: 1_500 },
  }),
  server('server-heartbeat', 'A heartbeat.', { heartbeat: { at: noon } }),
  server('server-window', 'A smaller window.', { window: { bytes: 65_536, operations: 1_000 } }),
  server('server-patch', 'What others did, for a thin view.', {
    patch: { lsn: 200_001, at: noon, splices: [{ index: 7, deleted: 1, inserted: 'ab' }] },
  }),
];
