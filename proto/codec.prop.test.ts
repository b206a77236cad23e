/**
 * Every codec against the code that protobufjs generates from sync.proto: for any value, both write
 * the same bytes, and each reads what the other wrote. The generated code knows nothing of our
 * limits and of the meaning of the columns; proto/testing/generated.ts states those a second time.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBusMessage, encodeBusMessage } from './bus-codec.ts';
import { decodeClientFrame, encodeClientFrame } from './client-frame.ts';
import { decodeExportRecord, encodeExportRecord } from './export-format.ts';
import { encodeRowPart, RowBatch } from './frame-row.ts';
import { decodeServerFrame } from './server-frame.ts';
import {
  batch,
  busMessage,
  clientFrame,
  exportRecord,
  serverFrame,
  updateBatches,
} from './testing/arbitraries.ts';
import { encodeServerFrame } from './testing/encode-server-frame.ts';
import {
  busFields,
  clientFields,
  exportFields,
  type Fields,
  type GeneratedType,
  serverFields,
  sve,
  updateFields,
} from './testing/generated.ts';
import { decodeUpdate, encodeUpdate } from './update-codec.ts';

const numRuns = 500;

interface Codec<T> {
  readonly arbitrary: fc.Arbitrary<T>;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
  readonly generated: GeneratedType;
  readonly fields: (value: T) => Fields;
}

function checkAgainstGenerated<T>(codec: Codec<T>): void {
  const { arbitrary, encode, decode, generated, fields } = codec;
  fc.assert(
    fc.property(arbitrary, (value) => {
      const bytes = encode(value);
      const theirs = generated.encode(fields(value)).finish();
      expect(bytes).toEqual(new Uint8Array(theirs));
      expect(decode(theirs)).toEqual(value);
      const again = generated.encode(generated.decode(bytes)).finish();
      expect(new Uint8Array(again)).toEqual(bytes);
    }),
    { numRuns },
  );
}

test('a row for other clients tells neither base nor binding nor how long it was held', () => {
  const withBinding = batch([1, 2, 300], 'update').filter((each) => each.binding !== undefined);
  fc.assert(
    fc.property(withBinding, ({ binding, heldMs = 60_000, ...rest }) => {
      const bound = { ...rest, base: 7, ...(binding && { binding }), heldMs };
      const batches = [new RowBatch(bound)];
      for (const introduced of [[], [1]]) {
        const part = encodeRowPart({ at: 0, introduced, epoch: 0, batches });
        const [row] = decodeServerFrame(part).rows;
        expect(row?.batches).toEqual([{ ...rest, base: 0 }]);
      }
    }),
  );
});

describe('ours and the generated code write and read the same', () => {
  test('Update', () => {
    checkAgainstGenerated({
      arbitrary: updateBatches.map((batches) => ({ format: 0, batches })),
      encode: encodeUpdate,
      decode: decodeUpdate,
      generated: sve.Update,
      fields: ({ format, batches }) => updateFields(format, batches),
    });
  });

  test('ClientFrame', () => {
    checkAgainstGenerated({
      arbitrary: clientFrame,
      encode: encodeClientFrame,
      decode: decodeClientFrame,
      generated: sve.ClientFrame,
      fields: clientFields,
    });
  });

  test('ServerFrame', () => {
    checkAgainstGenerated({
      arbitrary: serverFrame,
      encode: encodeServerFrame,
      decode: decodeServerFrame,
      generated: sve.ServerFrame,
      fields: serverFields,
    });
  });

  test('BusMessage', () => {
    checkAgainstGenerated({
      arbitrary: busMessage,
      encode: encodeBusMessage,
      decode: decodeBusMessage,
      generated: sve.BusMessage,
      fields: busFields,
    });
  });

  test('ExportRecord', () => {
    checkAgainstGenerated({
      arbitrary: exportRecord,
      encode: encodeExportRecord,
      decode: decodeExportRecord,
      generated: sve.ExportRecord,
      fields: exportFields,
    });
  });
});
