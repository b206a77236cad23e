/**
 * A file with any byte changed, or cut off anywhere, is told from a whole one: every place of one.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { type ExportRecord, exportMagic, frameExportRecord } from '../../proto/export-format.ts';
import { typedHistory } from '../testing/typed-history.ts';
import { readExportFile } from './export-file.ts';
import { HistoryRefusal } from './history-refusal.ts';

const rows = 12;
const records: readonly ExportRecord[] = [
  {
    type: 'header',
    header: {
      ...{ document: 'notes', epoch: 77, lsn: rows, at: 5_000, prunedLsn: 0 },
      ...{ exportedAt: 9_000, snapshotBytes: 0 },
    },
  },
  ...typedHistory(rows).bodies.map(
    (body, i): ExportRecord => ({ type: 'row', row: { lsn: i + 1, at: 1_000 + i, body } }),
  ),
  {
    type: 'version',
    version: { name: 'first', lsn: 3, at: 1_002, createdAt: 6_000, principal: 'ann' },
  },
];
const body = Buffer.concat([exportMagic, ...records.map(frameExportRecord)]);
const hash = createHash('sha256').update(body).digest();
const end = frameExportRecord({ type: 'end', end: { rows, versions: 1, hash } });
const file = Uint8Array.from(Buffer.concat([body, end]));

/** What a reader has of it when it has come to the end, or the error. */
async function outcomeOf(bytes: Uint8Array): Promise<readonly ExportRecord[] | HistoryRefusal> {
  const found: ExportRecord[] = [];
  try {
    for await (const record of readExportFile([bytes])) found.push(record);
    return found;
  } catch (error) {
    if (error instanceof HistoryRefusal) return error;
    throw error;
  }
}

it('gives what was written', async () => {
  expect(await outcomeOf(file)).toEqual(records);
});

it('refuses a file with another byte, at every place', async () => {
  for (let at = 0; at < file.length; at++) {
    const changed = file.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    const outcome = await outcomeOf(changed);
    expect(outcome, `byte ${at}`).toMatchObject({ code: 'damaged-file' });
  }
});

it('refuses a file that is cut off, at every place', async () => {
  for (let at = 0; at < file.length; at++) {
    const outcome = await outcomeOf(file.subarray(0, at));
    expect(outcome, `${at} bytes`).toMatchObject({ code: 'damaged-file' });
  }
});
