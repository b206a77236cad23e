/**
 * The whole history of a document as the bytes of a file (proto/export-format.ts), a page of rows
 * at a time. It may run beside nodes: the file ends where the head was when it began.
 */
import { createHash, type Hash } from 'node:crypto';
import type { LogHead, LogPort, LogRow, ObjectStorePort } from '../../engine/driver/ports.ts';
import { readBody } from '../../engine/driver/snapshot-loader.ts';
import {
  type ExportRecord,
  type ExportVersion,
  exportMagic,
  frameExportRecord,
} from '../../proto/export-format.ts';
import type { SnapshotIndex } from '../postgres/snapshot-index.ts';
import type { NamedVersion } from '../postgres/version-statements.ts';
import { snapshotBody } from '../snapshots/snapshot-body.ts';
import { HistoryRefusal } from './history-refusal.ts';
import {
  endProblem,
  findHead,
  orderProblem,
  type RowPlace,
  type Walk,
  walkLog,
} from './log-walk.ts';

/** Of the snapshot, in one record. */
const pieceBytes = 262_144;

export interface ExportSource {
  readonly log: Pick<LogPort, 'read'>;
  readonly index: Pick<SnapshotIndex, 'list'>;
  readonly objects: ObjectStorePort;
  /** Every named version of a document. */
  readonly versions: (document: string) => Promise<readonly NamedVersion[]>;
}

export interface ExportOptions {
  /** The time that the file tells; ms since 1970. */
  readonly now: number;
  /** Rows so far, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Of rows that are read at a time; see `walkLog`. */
  readonly pageBytesMax?: number;
}

/**
 * Yields the file in pieces; the first comes when it is known that there is such a document.
 * Rejects with HistoryRefusal: what was yielded until then is no whole file, and no reader takes it
 * for one.
 */
export async function* exportDocument(
  source: ExportSource,
  document: string,
  { now, onProgress, ...paging }: ExportOptions,
): AsyncGenerator<Uint8Array> {
  const head = await findHead(source.log, document);
  const { epoch, lsn, at } = head;
  const snapshot = await findBase(source, document, head);
  const prunedLsn = snapshot?.lsn ?? 0;
  const snapshotBytes = snapshot?.bytes.length ?? 0;
  const hash = createHash('sha256');
  const header = { document, epoch, lsn, at, prunedLsn, exportedAt: now, snapshotBytes };
  yield hashed(hash, [exportMagic, frameExportRecord({ type: 'header', header })]);
  for (let start = 0; start < snapshotBytes; start += pieceBytes) {
    const piece = snapshot?.bytes.subarray(start, start + pieceBytes) ?? new Uint8Array(0);
    yield hashed(hash, [frameExportRecord({ type: 'snapshot', piece })]);
  }
  const start = { lsn: prunedLsn, at: snapshot?.at ?? 0 };
  for await (const page of rowPages(source.log, document, { head, start, ...paging })) {
    yield hashed(
      hash,
      page.map((row) => frameExportRecord({ type: 'row', row })),
    );
    onProgress?.((page.at(-1)?.lsn ?? lsn) - prunedLsn, lsn - prunedLsn);
  }
  const versions = exported(await source.versions(document), lsn);
  if (versions.length > 0) {
    yield hashed(
      hash,
      versions.map((version) => frameExportRecord({ type: 'version', version })),
    );
  }
  const counts = { rows: lsn - prunedLsn, versions: versions.length };
  const end: ExportRecord = { type: 'end', end: { ...counts, hash: hash.digest() } };
  yield frameExportRecord(end);
}

/** Those of this history; what was named since the export began is not in it. */
function exported(versions: readonly NamedVersion[], throughLsn: number): ExportVersion[] {
  return versions
    .filter(({ lsn, isOfThisLog }) => isOfThisLog && lsn <= throughLsn)
    .map(({ isOfThisLog: _, createdBy: principal, ...version }) => ({ ...version, principal }));
}

/** Rows as the log should have them; a hole is not exported. */
async function* rowPages(
  log: Pick<LogPort, 'read'>,
  document: string,
  { start, ...walk }: Omit<Walk, 'afterLsn'> & { readonly start: RowPlace },
): AsyncGenerator<readonly LogRow[]> {
  let last = start;
  for await (const rows of walkLog(log, document, { ...walk, afterLsn: start.lsn })) {
    for (const row of rows) {
      refuse(document, orderProblem(last, row));
      last = row;
    }
    yield rows;
  }
  refuse(document, endProblem(last, walk.head));
}

function refuse(document: string, problem: string | null): void {
  if (problem === null) return;
  throw new HistoryRefusal('damaged-history', `${document} is damaged: ${problem}; see verify`);
}

/** The first snapshot that has the rows that were pruned; null: none were. */
async function findBase(
  source: ExportSource,
  document: string,
  { prunedLsn = 0 }: LogHead,
): Promise<(RowPlace & { readonly bytes: Uint8Array }) | null> {
  if (prunedLsn === 0) return null;
  const listed = (await source.index.list(document))?.snapshots ?? [];
  const pointers = listed.filter((each) => each.isOfThisLog).map(({ pointer }) => pointer);
  const first = pointers.find(({ lsn }) => lsn >= prunedLsn)?.lsn;
  const problems: string[] = [];
  for (const pointer of pointers.filter(({ lsn }) => lsn === first)) {
    const bytes = await new Promise<Uint8Array | null | 'failed'>((done) =>
      source.objects.get(pointer.key, done),
    );
    const read = readBody(snapshotBody, pointer, bytes);
    if ('fold' in read && bytes instanceof Uint8Array) return { ...pointer, bytes };
    if ('detail' in read) problems.push(`${pointer.key}: ${read.detail}`);
  }
  const found = problems.length === 0 ? 'there is none' : problems.join('; ');
  const what = `no snapshot has the rows up to ${prunedLsn}, which were pruned: ${found}`;
  throw new HistoryRefusal('damaged-history', `${document} is damaged: ${what}`);
}

/** In one piece; they are part of what the hash is of. */
function hashed(hash: Hash, parts: readonly Readonly<Uint8Array>[]): Uint8Array {
  const bytes = Buffer.concat(parts);
  hash.update(bytes);
  return bytes;
}
