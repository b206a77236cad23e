/**
 * Goal: a file gives the same records however it is cut into pieces, and whatever is no file is
 * told. Method: made-up files, cut at chance; broken ones by hand. The records themselves are
 * compared with generated code in codec.prop.test.ts.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type ExportRecord,
  ExportSplitter,
  encodeExportRecord,
  exportMagic,
  frameExportRecord,
} from './export-format.ts';
import { exportRecord } from './testing/arbitraries.ts';

const row: ExportRecord = { type: 'row', row: { lsn: 7, at: 9, body: Uint8Array.of(1, 2, 3) } };

function file(...records: readonly ExportRecord[]): Uint8Array {
  return Uint8Array.from([exportMagic, ...records.map(frameExportRecord)].flatMap((b) => [...b]));
}

function taken(splitter: ExportSplitter, ...pieces: readonly Uint8Array[]): ExportRecord[] {
  return pieces.flatMap((piece) => {
    splitter.feed(piece);
    const records: ExportRecord[] = [];
    for (let next = splitter.next(); next !== null; next = splitter.next()) {
      expect(next.framed).toEqual(frameExportRecord(next.record));
      records.push(next.record);
    }
    return records;
  });
}

it('gives the same records in whatever pieces the file comes', () => {
  const cuts = fc.array(fc.nat(2_000), { maxLength: 20 });
  fc.assert(
    fc.property(fc.array(exportRecord, { maxLength: 6 }), cuts, (records, places) => {
      const bytes = file(...records);
      const ends = [...places.map((at) => at % bytes.length), bytes.length].sort((a, b) => a - b);
      const pieces = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
      const splitter = new ExportSplitter();
      expect(taken(splitter, ...pieces)).toEqual(records);
      expect(splitter.held).toBe(0);
    }),
    { numRuns: 200 },
  );
});

it('gives no record that is cut off, and holds what is there of it', () => {
  const bytes = file(row, row);
  const splitter = new ExportSplitter();
  expect(taken(splitter, bytes.subarray(0, -1))).toEqual([row]);
  expect(splitter.held).toBe(frameExportRecord(row).length - 1);
});

it.each([
  ['another magic', Uint8Array.of(0x53, 0x56, 0x45, 0x31, 8), /"SVEX1", found other bytes/],
  ['a record of nothing', [...exportMagic, 0], /records\[0\]\.\(length\).* 1 … 8392704 bytes/],
  ['a record over the limit', [...exportMagic, 0x81, 0xa0, 0x80, 4], /found 8392705/],
  ['a length of five bytes', [...exportMagic, 0x80, 0x80, 0x80, 0x80, 1], /records\[0\]/],
  ['a record that is none', [...file(row), 1, 0], /records\[1\]/],
])('refuses %s', (_, bytes, message) => {
  expect(() => taken(new ExportSplitter(), Uint8Array.from(bytes))).toThrow(message);
});

it('refuses to write a record that no reader takes', () => {
  const body = new Uint8Array(8_392_704);
  expect(() => frameExportRecord({ type: 'row', row: { lsn: 1, at: 1, body } })).toThrow(
    RangeError,
  );
  expect(encodeExportRecord({ type: 'row', row: { lsn: 1, at: 1, body } }).length).toBeGreaterThan(
    body.length,
  );
});
