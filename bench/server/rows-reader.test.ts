/**
 * That frames mean to the reader what they mean to the codec. Method: frames by the server's
 * encoders, of every kind of row that typing makes.
 */
import { expect, it } from 'vitest';
import type { Batch, OpId } from '../../proto/batch.ts';
import { encodeRowPart, RowBatch } from '../../proto/frame-row.ts';
import {
  decodeServerFrame,
  encodeAckPart,
  encodeErrorPart,
  encodeHeartbeatPart,
  joinParts,
} from '../../proto/server-frame.ts';
import { RowsReader } from './rows-reader.ts';

interface Typed {
  readonly name: number;
  readonly first: number;
  readonly gap?: number;
  readonly left: OpId | null;
  readonly right?: OpId | null | 'same';
  readonly text?: string;
}

function typed({ name, first, gap = 0, left, right = null, text = 'a' }: Typed): Batch {
  const op = { type: 'insert', timestamp: first, left, right, text } as const;
  return { replica: name, first, gap, base: 0, ops: [op] };
}

function row(introduced: readonly number[], ...batches: readonly Batch[]): Uint8Array {
  const parts = batches.map((batch) => new RowBatch(batch));
  return encodeRowPart({ at: 250, introduced, batches: parts, epoch: 0 });
}

const ids = [2 ** 30, 2 ** 30 + 7];
const own = { timestamp: 199, replica: 1 };
const others = { timestamp: 5, replica: 300 };
const parts = [
  row(ids, typed({ name: 1, first: 1, left: null }), typed({ name: 2, first: 2, left: null })),
  row([], typed({ name: 1, first: 200, left: own, right: 'same' })),
  row([], typed({ name: 300, first: 70_000, gap: 150, left: others, right: own, text: 'abc' })),
  row([], typed({ name: 1, first: 201, gap: 3, left: own })),
  row([]),
  row([], typed({ name: 1, first: 5, left: null }), typed({ name: 300, first: 206, left: own })),
  encodeAckPart({ through: 40_000, lsn: 0, at: 0, staleOperations: 3, staleMs: 9 }),
  encodeHeartbeatPart(1_772_366_400_000),
];

it('reads rows and acks as the codec does', () => {
  const reader = new RowsReader();
  for (const chosen of [parts, ...parts.map((part) => [part]), parts.toReversed()]) {
    const bytes = joinParts(0, chosen);
    const { rows, ack } = decodeServerFrame(bytes);
    expect(reader.read(bytes)).toBe(true);
    const batches = rows.flatMap((each) => each.batches);
    const counts = batches.map(({ ops }) => {
      return ops.reduce((sum, op) => sum + (op.type === 'insert' ? op.text.length : 0), 0);
    });
    expect(reader.rowCount).toBe(rows.length);
    expect(reader.introduced.slice(0, reader.introducedCount)).toEqual(
      rows.flatMap((each) => each.introduced),
    );
    const end = reader.batchCount;
    expect(reader.names.slice(0, end)).toEqual(batches.map(({ replica }) => replica));
    expect(reader.firsts.slice(0, end)).toEqual(batches.map(({ first }) => first));
    expect(reader.gaps.slice(0, end)).toEqual(batches.map(({ gap }) => gap));
    expect(reader.counts.slice(0, end)).toEqual(counts);
    expect(reader.through).toBe(ack?.through ?? 0);
  }
});

it('leaves everything else to the codec', () => {
  const error = { code: 'forbidden', message: 'no', retry: false, retryAfterMs: 0 } as const;
  const reader = new RowsReader();
  expect(reader.read(joinParts(0, [encodeErrorPart(error)]))).toBe(false);
  expect(reader.read(joinParts(3, parts))).toBe(false);
});
