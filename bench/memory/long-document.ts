/**
 * One document with a long history: what of it is in memory while it is typed, when a snapshot
 * covers its rows, and when it was opened from that snapshot.
 *
 * What a tombstone costs is told by a second document: a text of the same length, of words as
 * long, from which nothing was deleted.
 */

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
/** For a snapshot, if one is under way: whether it is cannot be seen. */
const coveredMs = 250;
const patienceMs = 60_000;

/** Writes both documents; the node has nothing else, and neither of them in the end. */
export async function writeLongDocuments(
  node: NodeProcess,
  options: LongOptions,
): Promise<LongFigures> {
  const worn = await write(node, { ...options, document: 'worn', author: { wears: true } });
  const other = { document: 'plain', author: { wears: false }, operations: worn.length };
  return { worn, plain: await write(node, { ...options, ...other }) };
}

async function write(
  node: NodeProcess,
  options: LongOptions & {
    readonly document: string;
    readonly author: { readonly wears: boolean };
  },
): Promise<WrittenFigures> {
  const { document, operations, snapshotRows, databaseUrl } = options;
  const author = new Author(options.author);
  const typing = await Visitor.open(node.syncUrl, [document]);
  let recentMax = 0;
  for (let done = 0; done < operations; done += operationsPerRow) {
    await typing.edit(author.edit(Math.min(operations - done, operationsPerRow)));
    if (done % (rowsPerLook * operationsPerRow) !== 0) continue;
    recentMax = Math.max(recentMax, (await node.gauges()).memory.rows);
  }
  const recent = await cover(node, () => typing.edit(author.edit(1)), snapshotRows);
  const typedTexts = (await node.gauges()).memory.texts;
  const process = await node.memory();
  await leave(node, typing);
  const reading = await Visitor.open(node.syncUrl, [document]);
  const openedTexts = (await node.gauges()).memory.texts;
  await leave(node, reading);
  return {
    ...{ length: author.length, tombstones: author.deleted, recentMax, ...recent },
    ...{ typedTexts, openedTexts, process, ...(await readStored(databaseUrl, document)) },
  };
}

/**
 * Goes on, a row at a time, until a snapshot covers the last one: when it is made is the node's to
 * say, within bounds.
 */
async function cover(
  node: NodeProcess,
  typeRow: () => Promise<void>,
  snapshotRows: number,
): Promise<Pick<WrittenFigures, 'recentBefore' | 'recentAfter'>> {
  let recentBefore = 0;
  for (let row = 0; ; row++) {
    const { rows } = (await node.gauges()).memory;
    recentBefore = Math.max(recentBefore, rows);
    const isLast = row === 2 * snapshotRows;
    const isCovered = await node.gaugesWhen(
      ({ memory }) => memory.rows === 0,
      isLast ? patienceMs : coveredMs,
    );
    const recentAfter = isCovered.memory.rows;
    if (recentAfter === 0 || isLast) return { recentBefore, recentAfter };
    await typeRow();
  }
}

async function leave(node: NodeProcess, visitor: Visitor): Promise<void> {
  visitor.leave();
  const { documents } = await node.gaugesWhen((now) => now.documents === 0, patienceMs);
  if (documents > 0)
    throw new Error(`a document that was left is in memory after ${patienceMs} ms`);
}

/** What the database has of it. */
async function readStored(
  databaseUrl: string,
  document: string,
): Promise<Pick<WrittenFigures, 'rows' | 'rowBytes' | 'snapshotLsn' | 'snapshotBytes'>> {
  const log = openPostgresLog({ url: databaseUrl });
  const pool = new ReaderPool(databaseUrl);
  try {
    const rows = await readAll(log, document);
    const list = await new SnapshotIndex(pool).list(document);
    const pointers = (list?.snapshots ?? []).map(({ pointer }) => pointer);
    const newest = pointers.toSorted((a, b) => b.lsn - a.lsn)[0];
    return {
      rows: rows.length,
      rowBytes: rows.reduce((sum, { body }) => sum + body.length, 0),
      snapshotLsn: newest?.lsn ?? 0,
      snapshotBytes: newest?.bytes ?? 0,
    };
  } finally {
    await Promise.all([log.close(), pool.close()]);
  }
}
