/**
 * Makes a document from an exported history, under a name that was never used, with the times of
 * the file and a new epoch. All of it is validated: every row is folded, as a node will. It appears
 * as a whole or not at all.
 *
 *   header ─▶ name taken ─▶ snapshot's body stored ─▶ rows ─▶ end of the file ─▶ commit
 *
 * A crash before the commit leaves at most a body without a pointer, which nobody reads and
 * `orphans` finds.
 */

import { DatabaseError } from 'pg';
import type { LogRow, ObjectStorePort, SnapshotPointer } from '../../engine/driver/ports.ts';
import { rowFromLog } from '../../engine/sync/durability.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { foldOf } from '../../engine/sync/fold-snapshot.ts';
import { isDocumentName } from '../../proto/client-frame.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import type { ExportHeader, ExportVersion } from '../../proto/export-format.ts';
import { ImportTransaction } from '../postgres/import-transaction.ts';
import { randomEpoch } from '../postgres/log-maintenance.ts';
import { snapshotBody } from '../snapshots/snapshot-body.ts';
import { newSnapshotKey } from '../snapshots/snapshot-key.ts';
import { damaged, type Pieces, readExportFile } from './export-file.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { orderProblem } from './log-walk.ts';

/** What is in memory of the rows: what comes first, and one more row. */
const groupBytesMax = 1_048_576;
const groupRowsMax = 1_000;
/** As many as a document can have (versions.ts). */
const versionsMax = 50_000;

export interface ImportTarget {
  /** Of the database. */
  readonly url: string;
  readonly objects: ObjectStorePort;
}

export interface Imported {
  readonly document: string;
  readonly epoch: number;
  readonly lsn: number;
  readonly at: number;
  /** Name in the file. */
  readonly from: string;
  readonly rows: number;
  /** Batches that change nothing, here as there. */
  readonly voidBatches: number;
}

/**
 * Rejects with HistoryRefusal; then there is no document of this name, or the one from before,
 * unless it is `outcome-unknown`.
 */
export async function importDocument(
  target: ImportTarget,
  document: string,
  pieces: Pieces,
  onProgress: (rows: number, total: number) => void = () => {},
): Promise<Imported> {
  if (!isDocumentName(document)) {
    throw new HistoryRefusal('bad-document', `${document} is no name of a document`);
  }
  const importing = new Importing(target, document, onProgress);
  try {
    for await (const record of readExportFile(pieces)) {
      if (record.type === 'header') await importing.begin(record.header);
      else if (record.type === 'snapshot') importing.addPiece(record.piece);
      else if (record.type === 'row') await importing.addRow(record.row);
      else importing.addVersion(record.version);
    }
    return await importing.finish();
  } catch (error) {
    await importing.abandon();
    if (error instanceof HistoryRefusal) throw error;
    // Data exception, integrity constraint violation: the database refused what is in the file.
    const isRefused = error instanceof DatabaseError && /^2[23]/.test(error.code ?? '');
    if (isRefused) throw damaged(error.message);
    throw notImported(document, error);
  }
}

async function committed(transaction: ImportTransaction, document: string): Promise<void> {
  await transaction.commit().catch((error: unknown) => {
    const what = `the database did not say whether ${document} is imported: look for it`;
    throw new HistoryRefusal('outcome-unknown', `${what} (${String(error)})`);
  });
}

function notImported(document: string, error: unknown): HistoryRefusal {
  return new HistoryRefusal('unavailable', `${document} was not imported: ${String(error)}`);
}

/** What an import has by now. */
interface Begun {
  readonly header: ExportHeader;
  readonly transaction: ImportTransaction;
  /** Made by the first row, or by the end if there is none: then the snapshot is whole. */
  fold: Fold | null;
}

class Importing {
  readonly #target: ImportTarget;
  readonly #document: string;
  readonly #onProgress: (rows: number, total: number) => void;
  readonly #epoch = randomEpoch();
  readonly #pieces: Uint8Array[] = [];
  #begun: Begun | null = null;
  readonly #versions: ExportVersion[] = [];
  #group: LogRow[] = [];
  #groupBytes = 0;
  /** Of the body that was stored. */
  #key: string | null = null;

  constructor(
    target: ImportTarget,
    document: string,
    onProgress: (rows: number, total: number) => void,
  ) {
    this.#target = target;
    this.#document = document;
    this.#onProgress = onProgress;
  }

  async begin(header: ExportHeader): Promise<void> {
    const { lsn, at, prunedLsn } = header;
    const head = { epoch: this.#epoch, lsn, at, prunedLsn };
    const transaction = await ImportTransaction.begin(this.#target.url, this.#document, head);
    if (transaction === 'deleted') {
      const what = `${this.#document} was deleted: its name is not given again; choose another`;
      throw new HistoryRefusal('document-deleted', what);
    }
    if (transaction === 'live') {
      const what = `there is a document ${this.#document} already: choose another name`;
      throw new HistoryRefusal('document-exists', what);
    }
    this.#begun = { header, transaction, fold: null };
  }

  addPiece(piece: Uint8Array): void {
    this.#pieces.push(piece);
  }

  async addRow(row: LogRow): Promise<void> {
    const fold = await this.#folded();
    const problem = orderProblem(fold, row);
    if (problem !== null) throw damaged(problem);
    try {
      fold.apply(rowFromLog(this.#epoch, row));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw damaged(`row ${row.lsn} cannot be read: ${error.message}`);
    }
    this.#group.push(row);
    this.#groupBytes += row.body.length;
    const isFull = this.#groupBytes >= groupBytesMax || this.#group.length >= groupRowsMax;
    if (isFull) await this.#flush();
  }

  addVersion(version: ExportVersion): void {
    this.#versions.push(version);
    if (this.#versions.length > versionsMax) throw damaged(`it has over ${versionsMax} versions`);
  }

  async finish(): Promise<Imported> {
    const fold = await this.#folded();
    await this.#flush();
    await this.#addVersions();
    const { header, transaction } = this.#certain();
    // Of a document that may be there from here on, whatever the database answers.
    this.#key = null;
    await committed(transaction, this.#document);
    const { lsn, at, document, prunedLsn } = header;
    const voidBatches = [...fold.voided.values()].reduce((sum, { length }) => sum + length, 0);
    const place = { document: this.#document, epoch: this.#epoch, lsn, at };
    return { ...place, from: document, rows: lsn - prunedLsn, voidBatches };
  }

  /** Takes back what was done, as far as that can be. */
  async abandon(): Promise<void> {
    await this.#begun?.transaction.abandon();
    const key = this.#key;
    if (key === null) return;
    await new Promise((done) => this.#target.objects.remove(key, done));
  }

  async #addVersions(): Promise<void> {
    const versions = this.#versions;
    if (versions.length === 0) return;
    const added = await this.#certain().transaction.addVersions(versions);
    if (added === versions.length) return;
    throw damaged(`${versions.length - added} of its versions stand for no row of it`);
  }

  async #flush(): Promise<void> {
    const { header, transaction } = this.#certain();
    const last = this.#group.at(-1);
    if (last === undefined) return;
    await transaction.addRows(this.#group);
    this.#group = [];
    this.#groupBytes = 0;
    this.#onProgress(last.lsn - header.prunedLsn, header.lsn - header.prunedLsn);
  }

  /** The document before the next row. */
  async #folded(): Promise<Fold> {
    const begun = this.#certain();
    begun.fold ??=
      this.#pieces.length === 0 ? new Fold(this.#epoch) : await this.#storeSnapshot(begun);
    return begun.fold;
  }

  async #storeSnapshot({ header, transaction }: Begun): Promise<Fold> {
    const { objects } = this.#target;
    const bytes = Buffer.concat(this.#pieces.splice(0));
    const fold = this.#readSnapshot(bytes);
    const { lsn, at } = fold;
    if (lsn !== header.prunedLsn) {
      throw damaged(`its snapshot is of LSN ${lsn}, not of ${header.prunedLsn}`);
    }
    fold.epoch = this.#epoch;
    const key = newSnapshotKey(this.#document, { epoch: this.#epoch, lsn });
    this.#key = key;
    const isStored = await new Promise<boolean>((done) => objects.put(key, bytes, done));
    if (!isStored) throw new Error('the object store did not take the snapshot: try again');
    const checksum = snapshotBody.checksumOf(bytes);
    const pointer: SnapshotPointer = {
      ...{ epoch: this.#epoch, lsn, at },
      ...{ key, bytes: bytes.length, checksum },
    };
    await transaction.addSnapshot(pointer);
    return fold;
  }

  #readSnapshot(bytes: Uint8Array): Fold {
    try {
      return foldOf(bytes, snapshotBody);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw damaged(`its snapshot cannot be read: ${error.message}`);
    }
  }

  /** The reader of the file gives a header first. */
  #certain(): Begun {
    if (this.#begun === null) throw damaged('it has no header');
    return this.#begun;
  }
}
