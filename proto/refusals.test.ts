/**
 * Every rule that a decoder enforces, broken once: the generated code writes what our encoders
 * refuse to. The error must name the field and the value.
 */
import { describe, expect, test } from 'vitest';
import type { Batch, Op } from './batch.ts';
import { decodeBusMessage } from './bus-codec.ts';
import { decodeClientFrame } from './client-frame.ts';
import { DecodeError, UnreadableFormatError } from './decode-error.ts';
import { RowBatch } from './frame-row.ts';
import { clientFrameBytesMax } from './limits.ts';
import { decodeServerFrame } from './server-frame.ts';
import { type Fields, type GeneratedType, sve } from './testing/generated.ts';
import { decodeUpdate, encodeUpdate } from './update-codec.ts';

const max = Number.MAX_SAFE_INTEGER;

/** The message of the DecodeError without its position, or 'accepted'. */
function refusal(
  type: GeneratedType,
  fields: Fields,
  decode: (bytes: Uint8Array) => unknown,
): string {
  try {
    decode(type.encode(fields).finish());
  } catch (error) {
    if (error instanceof DecodeError) return error.message.replace(/ at byte \d+/, '');
    throw error;
  }
  return 'accepted';
}

const typed = { first: 5, text: 'x' };
const secret = new Uint8Array(16);
const hello = { protocol: 1, document: 'notes', replica: 7, secret };

describe('a batch', () => {
  const update = (batch: Fields): string =>
    refusal(sve.Update, { replicas: [7, 8], batches: [batch, typed] }, decodeUpdate);

  test('is accepted as the others begin', () => {
    expect(update(typed)).toBe('accepted');
    expect(update({ ...typed, gap: 4 })).toBe('accepted');
    expect(update({ first: 5, ops: [1 * 16 + 4 + 3, 1, 4] })).toBe('accepted');
    expect(update({ first: max, text: 'x' })).toBe('accepted');
  });

  test.each<[Fields, string]>([
    [{ text: 'x' }, 'batches[0].first: expected above the gap of 0, found 0'],
    [{ ...typed, gap: 5 }, 'batches[0].first: expected above the gap of 5, found 5'],
    [{ ...typed, replica: 2 }, 'batches[0].replica: expected below 2, found 2'],
    [{ first: 5 }, 'batches[0].text: expected an operation, found neither ops nor text'],
    [{ first: 1, text: 'x' }, 'batches[0].first: expected a character before the first, found 1'],
    [{ first: max, text: 'xy' }, 'batches[0].ops: expected 1 timestamps, found 2'],
    [{ ...typed, secretHash: new Uint8Array(31) }, 'secret_hash: expected 32 bytes, found 31'],
    [{ ...typed, principal: 'a' }, 'principal: expected none without secret_hash, found "a"'],
    [
      { ...typed, secretHash: new Uint8Array(32), principal: 'a'.repeat(1025) },
      'principal: expected at most 1024 units, found 1025',
    ],
  ])('%j', (batch, error) => {
    expect(update(batch)).toContain(error);
  });
});

describe('a stream of operations', () => {
  const ops = (numbers: number[], text: string): string =>
    refusal(
      sve.Update,
      { replicas: [7, 8], batches: [{ first: 5, ops: numbers, text }, typed] },
      decodeUpdate,
    );
  const insert = (length: number, left: number, right: number): number =>
    length * 32 + right * 8 + left * 2;
  const remove = (count: number): number => count * 16 + 3;
  const removeOfOther = (count: number): number => remove(count) + 4;
  const removeOwn = (back: number): number => back * 4 + 1;

  test('is accepted as the others begin', () => {
    expect(ops([insert(2, 3, 1), 1, 4, 1, removeOfOther(4), 1, 6], '😀')).toBe('accepted');
    expect(ops([insert(1, 1, 0), 2, removeOwn(5), remove(1), 1], 'x')).toBe('accepted');
  });

  test.each<[string, number[], string, string]>([
    ['an empty insert', [insert(0, 2, 2)], '', 'expected the head of an insert, found 20'],
    [
      'nothing to imply the right',
      [insert(1, 2, 0)],
      'x',
      'expected the head of an insert, found 36',
    ],
    ['more than the text', [insert(2, 2, 2)], 'x', 'expected a cut of 1 units of text, found 2'],
    ['less than the text', [insert(1, 2, 2)], 'xy', 'batches[0].text: expected 1 units, found 2'],
    ['half a pair', [insert(1, 2, 2), insert(1, 0, 0)], '😀', 'expected a cut of 2 units of text'],
    ['its own as implied right', [insert(1, 1, 0), 1], 'x', 'expected 2 or more timestamps back'],
    ['an unknown name', [insert(1, 3, 2), 2, 1], 'x', 'expected a name below 2, found 2'],
    ['its own timestamp', [insert(1, 1, 2), 0], 'x', 'expected 1 … 4 timestamps back, found 0'],
    ['timestamp 0', [insert(1, 2, 1), 5], 'x', 'expected 1 … 4 timestamps back, found 5'],
    ['no reference', [insert(1, 1, 2)], 'x', 'expected 1 more bytes, found 0'],
    ['no deletion', [remove(0), 1], '', 'expected 1 … 1 deletions, found 0'],
    ['its own deletion', [removeOwn(0)], '', 'expected 1 … 4 timestamps back, found 0'],
    ['the deletion of timestamp 0', [removeOwn(5)], '', 'expected 1 … 4 timestamps back, found 5'],
    ['a target not older', [remove(3), 2], '', 'expected 1 … 2 deletions, found 3'],
    ['text without insert', [remove(1), 2], 'x', 'batches[0].text: expected 0 units, found 1'],
  ])('with %s', (_, numbers, text, error) => {
    expect(ops(numbers, text)).toContain(error);
  });

  test('that begins at timestamp 1 has no previous', () => {
    const fields = { replicas: [7], first: 1, ops: [insert(1, 0, 2)], text: 'x' };
    expect(refusal(sve.Update, fields, decodeUpdate)).toContain('a timestamp before the insert');
  });
});

describe('an update', () => {
  test('of a newer format is unreadable, not damaged', () => {
    const message = sve.Update.encode({ format: 2 }).finish();
    expect(() => decodeUpdate(message)).toThrow(UnreadableFormatError);
  });

  test.each<[Fields, string]>([
    [{ replicas: [0], batches: [] }, 'replicas[0]: expected a replica id, found 0'],
    [{ batches: [typed] }, 'batches[0].replica: expected below 0, found 0'],
    [{ replicas: [7], batches: [typed] }, 'batches: expected its fields outside if it is one'],
    [{ replicas: [7], batches: [typed], ...typed }, 'batches: expected none beside the fields'],
    [typed, 'replicas: expected the id of the author, found none'],
    [{ replicas: [7], text: 'x' }, 'first: expected above the gap of 0, found 0'],
    [{ replicas: [7], first: 5 }, 'text: expected an operation, found neither ops nor text'],
    [{ format: 1 }, 'format: expected a known format, found 1'],
  ])('%j', (fields, error) => {
    expect(refusal(sve.Update, fields, decodeUpdate)).toContain(error);
  });

  test('names its replicas before its batches', () => {
    const update = encodeUpdate({ batches: [] });
    const first = sve.Update.encode({ replicas: [7], batches: [typed] }).finish();
    const second = sve.Update.encode({ replicas: [8] }).finish();
    expect(() => decodeUpdate(Uint8Array.from([...update, ...first, ...second]))).toThrow(
      /replicas\[1\] .* a replica id after one/,
    );
  });

  test.each<Fields>([{ format: 0, replicas: [8] }, { batches: [typed] }])(
    'ends with its lone batch, not with %j',
    (more) => {
      const lone = sve.Update.encode({ replicas: [7], ...typed }).finish();
      const rest = sve.Update.encode(more).finish();
      expect(() => decodeUpdate(Uint8Array.from([...lone, ...rest]))).toThrow(
        'expected the end of the update behind its only batch, found more of an update',
      );
    },
  );
});

describe('a client frame', () => {
  const frame = (fields: Fields): string => refusal(sve.ClientFrame, fields, decodeClientFrame);
  const thin = { first: 5, splices: [{ index: 1, deleted: 2 }] };
  const splice = (fields: Fields): Fields => ({ thin: { first: 5, splices: [fields] } });
  const presence = (fields: Fields): Fields => ({ presence: fields });

  test('is accepted as the others begin', () => {
    expect(frame({ hello })).toBe('accepted');
    expect(frame({ batches: [typed] })).toBe('accepted');
    expect(frame({ thin })).toBe('accepted');
  });

  test.each<[Fields, string]>([
    [{}, '(frame): expected a body, found none'],
    [{ hello, leave: {} }, 'leave: expected one body, found one after hello'],
    [{ batches: [typed], token: {} }, 'token: expected one body, found one after edit'],
    [{ hello: { ...hello, protocol: 0 } }, 'hello.protocol: expected a version, found 0'],
    [{ hello: { ...hello, replica: 0 } }, 'hello.replica: expected a replica id, found 0'],
    [
      { hello: { ...hello, secret: new Uint8Array(15) } },
      'hello.secret: expected 16 bytes, found 15',
    ],
    [{ hello: { ...hello, secret: null } }, 'hello.secret: expected 16 bytes, found 0'],
    [{ hello: { ...hello, document: '' } }, 'hello.document: expected 1 … 200 characters'],
    [{ hello: { ...hello, document: 'a/b' } }, 'of [A-Za-z0-9._~-], found "a/b"'],
    [{ hello: { ...hello, document: 'a\n' } }, 'of [A-Za-z0-9._~-], found "a\\n"'],
    [{ hello: { ...hello, document: '..' } }, 'of [A-Za-z0-9._~-], found ".."'],
    [{ hello: { ...hello, document: 'a'.repeat(201) } }, 'expected at most 200 bytes, found 201'],
    [
      { token: { token: 'a'.repeat(8193) } },
      'token.token: expected at most 8192 bytes, found 8193',
    ],
    [{ batches: Array(1001).fill(typed) }, 'edit.batches: expected at most 1000, found one more'],
    [
      { batches: [typed, { ...typed, replica: 1 }] },
      'edit.batches[1].replica: expected the sender, 0',
    ],
    [
      { batches: [{ ...typed, secretHash: new Uint8Array(32) }] },
      'edit.batches[0].secret_hash: expected none in a frame, found one',
    ],
    [presence({ name: 'é'.repeat(65) }), 'presence.name: expected at most 64 units, found 65'],
    [presence({ name: 'a'.repeat(193) }), 'presence.name: expected at most 192 bytes, found 193'],
    [presence({ color: 'a'.repeat(33) }), 'presence.color: expected at most 32 units, found 33'],
    [presence({ head: { replica: 1 } }), 'presence.head.replica: expected 0 at an edge'],
    [presence({ anchor: { side: 2 } }), 'presence.anchor.side: expected at most 1, found 2'],
    [{ thin: { ...thin, first: 0 } }, 'thin.first: expected above the gap of 0, found 0'],
    [{ thin: { ...thin, gap: 5 } }, 'thin.first: expected above the gap of 5, found 5'],
    [{ thin: { first: 5 } }, 'thin.splices: expected at least one, found none'],
    [
      { thin: { ...thin, first: max } },
      `thin.first: expected timestamps up to 2^53-1, found ${max}`,
    ],
    [splice({ index: 1 }), 'thin.splices[0].inserted: expected a change'],
    [splice({ index: max, deleted: 1 }), 'thin.splices[0].deleted: expected an end up to 2^53-1'],
    [
      { thin: { first: 5, splices: Array(1001).fill({ deleted: 1 }) } },
      'thin.splices: expected at most 1000, found one more',
    ],
  ])('%j', (fields, error) => {
    expect(frame(fields)).toContain(error);
  });

  test('above the limit is not looked at', () => {
    const bytes = new Uint8Array(clientFrameBytesMax + 1);
    expect(() => decodeClientFrame(bytes)).toThrow(
      '(frame) at byte 1048576: expected at most 1048576 bytes, found 1048577',
    );
  });
});

describe('a server frame', () => {
  const frame = (fields: Fields): string => refusal(sve.ServerFrame, fields, decodeServerFrame);
  const welcome = { cursor: {}, window: {} };

  test('is accepted as the others begin', () => {
    expect(frame({ rows: [{ batches: [typed] }], welcome })).toBe('accepted');
  });

  test.each<[Fields, string]>([
    [{ welcome: { window: {} } }, 'welcome.cursor: expected a cursor, found none'],
    [{ welcome: { cursor: {} } }, 'welcome.window: expected a window, found none'],
    [{ rows: [{ introduced: [7, 0] }] }, 'rows[0].introduced[1]: expected a replica id, found 0'],
    [{ rows: [{ batches: [{ ...typed, base: 1 }] }] }, 'rows[0].batches[0].base: expected none'],
    [
      { rows: [{ batches: [{ ...typed, heldMs: 1 }] }] },
      'rows[0].batches[0].held_ms: expected none in a row, found 1',
    ],
    [
      { rows: [{}, { batches: [{ ...typed, secretHash: new Uint8Array(32) }] }] },
      'rows[1].batches[0].secret_hash: expected none in a frame',
    ],
    [{ loneRows: [Uint8Array.of()] }, 'lone_rows[0].author: expected 1 more bytes'],
    [{ loneRows: [Uint8Array.of(13, 0, 5, 5)] }, 'first: expected above the gap of 5, found 5'],
    [{ loneRows: [Uint8Array.of(14, 0, 5, 9, 1)] }, 'ops: expected at most 1 bytes, found 9'],
    [{ loneRows: [Uint8Array.of(12, 0, 5)] }, 'text: expected an operation, found neither'],
    [{ loneRows: [Uint8Array.of(12, 0, 5, 0xff)] }, 'lone_rows[0].text: expected UTF-8'],
    [{ error: { code: 'teapot' } }, 'error.code: expected a code of codes.ts, found "teapot"'],
    [{ error: { code: 'constructor' } }, 'error.code: expected a code of codes.ts'],
    [{ error: { code: 'internal', message: 'a'.repeat(1025) } }, 'error.message: expected at most'],
    [
      { presence: { left: Array(1001).fill(1) } },
      'presence.peers: expected at most 1000, found 1001',
    ],
  ])('%j', (fields, error) => {
    expect(frame(fields)).toContain(error);
  });

  test('has each part but rows once', () => {
    const ack = sve.ServerFrame.encode({ ack: { through: 1 } }).finish();
    expect(() => decodeServerFrame(Uint8Array.from([...ack, ...ack]))).toThrow(
      'ack at byte 5: expected one, found a second one',
    );
  });
});

describe('a message of the bus', () => {
  const refused = (fields: Fields): string => refusal(sve.BusMessage, fields, decodeBusMessage);
  const body = Uint8Array.from([1]);
  const state = { name: 'Anna' };

  test('has one thing in it', () => {
    expect(refused({})).toBe('body: expected a row, presence or a look, found none');
    const both = { row: { lsn: 1, body }, presence: { node: 1 } };
    expect(refused(both)).toBe('body: expected one, found a second one');
    expect(refused({ row: { lsn: 1, body }, look: {} })).toBe(
      'body: expected one, found a second one',
    );
  });

  test('has the LSN and the body of a row', () => {
    expect(refused({ row: { lsn: 1, body } })).toBe('accepted');
    expect(refused({ row: { body } })).toBe('row.lsn: expected an LSN, found 0');
    expect(refused({ row: { lsn: 1 } })).toBe('row.body: expected an update, found none');
  });

  test('has the node, and of each peer the replica and the state', () => {
    const peers = (peer: Fields): Fields => ({ presence: { node: 1, peers: [peer] } });
    expect(refused(peers({ replica: 1, state }))).toBe('accepted');
    expect(refused({ presence: {} })).toBe('presence.node: expected a node, found 0');
    expect(refused(peers({ state }))).toBe(
      'presence.peers[0].replica: expected a replica, found 0',
    );
    expect(refused(peers({ replica: 1 }))).toBe(
      'presence.peers[0].state: expected a state, found none',
    );
    const left = Array.from({ length: 1_001 }, (_, session) => session + 1);
    expect(refused({ presence: { node: 1, left } })).toMatch(
      /^presence.peers: expected at most 1000/,
    );
  });
});

describe('encoders refuse', () => {
  const insert: Op = { type: 'insert', timestamp: 5, left: null, right: null, text: 'x' };
  const remove: Op = {
    type: 'delete',
    timestamp: 5,
    target: { timestamp: 4, replica: 7 },
    count: 1,
    reversed: false,
  };
  const batch = (fields: Partial<Batch>, ...ops: Op[]): Batch => ({
    replica: 7,
    first: 5,
    gap: 0,
    base: 0,
    ops,
    ...fields,
  });

  test('nothing that the others begin with', () => {
    expect(encodeUpdate({ batches: [batch({}, insert), batch({}, remove)] }).length).toBe(19);
  });

  test.each<[string, Batch]>([
    ['no operation', batch({})],
    ['a hole', batch({}, { ...insert, timestamp: 6 })],
    ['an empty insert', batch({}, { ...insert, text: '' }, insert)],
    ['a gap that does not fit', batch({ gap: 5 }, insert)],
    ['timestamp 0', batch({ first: 0 }, { ...insert, timestamp: 0 })],
    ['a timestamp of 2^53', batch({ first: max }, { ...insert, timestamp: max, text: 'xy' })],
    ['same without previous', batch({}, { ...insert, right: 'same' })],
    ['a younger origin', batch({}, { ...insert, left: { timestamp: 5, replica: 8 } })],
    ['a younger target', batch({}, { ...remove, count: 2 })],
    ['a lone surrogate', batch({}, { ...insert, text: '\ud83d' })],
    ['replica 0', batch({ replica: 0 }, insert)],
    ['a held time below 0', batch({ heldMs: -1 }, insert)],
    ['a held time in parts of a millisecond', batch({ heldMs: 1.5 }, insert)],
    ['a short hash', batch({ binding: { secretHash: secret, principal: '' } }, insert)],
  ])('%s', (_, value) => {
    expect(() => encodeUpdate({ batches: [value] })).toThrow(RangeError);
  });

  test('a full replica id in a frame', () => {
    expect(() => new RowBatch(batch({ replica: 2 ** 32 }, insert)).part).toThrow(/no name/);
  });
});
