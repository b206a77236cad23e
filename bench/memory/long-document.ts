/**
 * One document with a long history: what of it is in memory while it is typed, when a snapshot
 * covers its rows, and when it was opened from that snapshot.
 *
 * What a tombstone costs is told by a second document: a text of the same length, of words as
 * long, from which nothing was deleted.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { ReaderPool } from '../../server/postgres/reader-pool.ts';
import { SnapshotIndex } from '../../server/postgres/snapshot-index.ts';
import { openPostgresLog, readAll } from '../../server/testing/log-access.ts';
import { Author } from './author.ts';
import type { NodeProcess, ProcessMemory } from './node-process.ts';
import { Visitor } from './visitor.ts';

export interface LongOptions {
  readonly databaseUrl: string;
  readonly operations: number;
  /** As the node has it. */
  readonly snapshotRows: number;
}

export interface LongFigures {
  readonly worn: WrittenFigures;
  /** As long a text, nothing deleted. */
  readonly plain: WrittenFigures;
}

export interface WrittenFigures {
  /** Characters that are there, and that were deleted. */
  readonly length: number;
  readonly tombstones: number;
  /** In the log. */
  readonly rows: number;
  readonly rowBytes: number;
  /** Bytes of rows that are kept: the most that was seen, the last before a snapshot, and after. */
  readonly recentMax: number;
  readonly recentBefore: number;
  readonly recentAfter: number;
  /** Of the newest snapshot: its last row, and its body. */
  readonly snapshotLsn: number;
  readonly snapshotBytes: number;
  /** Bytes of the text's tables: as it was typed, and as it was opened from the snapshot. */
  readonly typedTexts: number;
  readonly openedTexts: number;
  /** With the document as it was typed. */
  readonly process: ProcessMemory;
}

/** Every edit is a row. */
export const operationsPerRow = 1_000;
/** Rows between two looks at what is kept. */
const rowsPerLook = 10;
const patienceMs = 60_000;
const pollMs = 20;

/** Writes both documents; the node has nothing else, and neither of them in the end. */
export async function writeLongDocuments(
  node: NodeProcess,
  options: LongOptions,
): Promise<LongFigures> {
  const pool = new ReaderPool(options.databaseUrl);
  const parts = { ...options, node, index: new SnapshotIndex(pool) };
  try {
    const worn = await write({ ...parts, document: 'worn', wears: true });
    const others = { document: 'plain', wears: false, operations: worn.length };
    return { worn, plain: await write({ ...parts, ...others }) };
  } finally {
    await pool.close();
  }
}

interface Writing extends LongOptions {
  readonly node: NodeProcess;
  readonly index: SnapshotIndex;
  readonly document: string;
  /** With deletions. */
  readonly wears: boolean;
}

async function write(writing: Writing): Promise<WrittenFigures> {
  const { node, document, operations, databaseUrl } = writing;
  const author = new Author(writing);
  const typing = await Visitor.open(node.syncUrl, [document]);
  let [rows, recentMax] = [0, 0];
  for (let left = operations; left > 0; left -= operationsPerRow) {
    await typing.edit(author.edit(Math.min(left, operationsPerRow)));
    rows += 1;
    if (rows % rowsPerLook !== 0) continue;
    recentMax = Math.max(recentMax, (await node.gauges()).memory.rows);
  }
  const recentBefore = await cover(writing, rows, () => typing.edit(author.edit(1)));
  const { memory } = await node.gaugesWhen((now) => now.memory.rows === 0, patienceMs);
  const process = await node.memory();
  await leave(node, typing);
  const reading = await Visitor.open(node.syncUrl, [document]);
  const openedTexts = (await node.gauges()).memory.texts;
  await leave(node, reading);
  const log = openPostgresLog({ url: databaseUrl });
  const stored = await readAll(log, document).finally(() => log.close());
  const snapshot = await newest(writing);
  return {
    ...{ length: author.length, tombstones: author.deleted, rows: stored.length },
    rowBytes: stored.reduce((sum, { body }) => sum + body.length, 0),
    ...{ recentMax, recentBefore, recentAfter: memory.rows },
    ...{ snapshotLsn: snapshot.lsn, snapshotBytes: snapshot.bytes },
    ...{ typedTexts: memory.texts, openedTexts, process },
  };
}

/**
 * Goes on, a row at a time, until a snapshot covers the last one; returns the most that was kept of
 * rows just before. A node makes one after `snapshotRows` rows or, so that several nodes are not
 * all the first, a quarter more; the row that brings it must be the last one.
 */
async function cover(
  writing: Writing,
  written: number,
  typeRow: () => Promise<void>,
): Promise<number> {
  const { node, snapshotRows } = writing;
  const late = Math.ceil((snapshotRows * 5) / 4);
  let [rows, recent] = [written, 0];
  let covered = (await newest(writing)).lsn;
  const goOnTo = async (end: number): Promise<void> => {
    for (; rows < end; rows++) {
      recent = Math.max(recent, (await node.gauges()).memory.rows);
      await typeRow();
    }
    covered = await newestAfter(writing, covered);
  };
  // Until none is under way.
  while (rows - covered >= snapshotRows) await goOnTo(covered + late);
  await goOnTo(covered + late);
  // It came before the last row.
  if (covered < rows) await goOnTo(covered + snapshotRows);
  return recent;
}

async function leave(node: NodeProcess, visitor: Visitor): Promise<void> {
  visitor.leave();
  const { documents } = await node.gaugesWhen((now) => now.documents === 0, patienceMs);
  if (documents > 0)
    throw new Error(`a document that was left is in memory after ${patienceMs} ms`);
}

/** Last row and bytes of the newest snapshot; 0 and 0: there is none. */
async function newest({ index, document }: Writing) {
  const list = await index.list(document);
  const pointers = (list?.snapshots ?? []).map(({ pointer }) => pointer);
  return pointers.toSorted((a, b) => b.lsn - a.lsn)[0] ?? { lsn: 0, bytes: 0 };
}

/** Last row of the newest snapshot, as soon as it is after this one. Rejects if none comes. */
async function newestAfter(writing: Writing, lsn: number): Promise<number> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const found = (await newest(writing)).lsn;
    if (found > lsn) return found;
    if (performance.now() >= untilMs) throw new Error(`no snapshot came in ${patienceMs} ms`);
    await sleep(pollMs);
  }
}
