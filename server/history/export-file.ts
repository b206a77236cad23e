/**
 * Reads an exported history (proto/export-format.ts) and says whether it is whole: records in their
 * order, rows without a hole and with times that never fall, the counts and the hash of the end.
 *
 *   header ─▶ snapshot … ─▶ row … ─▶ version … ─▶ end ─▶ nothing
 *
 * What it gave before it rejects is of a damaged file: nothing of it may be kept. What the rows
 * amount to is for the caller.
 */
import { createHash } from 'node:crypto';
import { DecodeError } from '../../proto/decode-error.ts';
import {
  type ExportEnd,
  type ExportHeader,
  type ExportRecord,
  ExportSplitter,
  exportMagic,
} from '../../proto/export-format.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { endProblem, orderProblem, type RowPlace } from './log-walk.ts';

/** A file as it comes, cut anywhere. */
export type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Gives every record but the end. Rejects with HistoryRefusal `damaged-file`. */
export async function* readExportFile(
  pieces: Pieces,
): AsyncGenerator<Exclude<ExportRecord, { type: 'end' }>> {
  const splitter = new ExportSplitter();
  const hash = createHash('sha256').update(exportMagic);
  const order = new FileOrder();
  for await (const piece of pieces) {
    splitter.feed(piece);
    for (let next = take(splitter); next !== null; next = take(splitter)) {
      const { record, framed } = next;
      order.add(record);
      if (record.type === 'end') {
        if (!hash.digest().equals(record.end.hash)) throw damaged('its hash is another one');
        continue;
      }
      hash.update(framed);
      yield record;
    }
  }
  order.finish(splitter.held);
}

/** null: more is needed. */
function take(splitter: ExportSplitter): ReturnType<ExportSplitter['next']> {
  try {
    return splitter.next();
  } catch (error) {
    throw error instanceof DecodeError ? damaged(error.message) : error;
  }
}

const stages = ['header', 'snapshot', 'row', 'version', 'end'] as const;

/** Which record may come next. */
class FileOrder {
  #header: ExportHeader | null = null;
  #stage: (typeof stages)[number] = 'header';
  #snapshotBytes = 0;
  #last: RowPlace = { lsn: 0, at: 0 };
  #versions = 0;

  add(record: ExportRecord): void {
    if (this.#stage === 'end') throw damaged(`after its end comes another ${record.type}`);
    if (record.type === 'header') {
      this.#begin(record.header);
      return;
    }
    const header = this.#header;
    if (header === null) throw damaged(`it begins with a ${record.type}, not with a header`);
    if (stages.indexOf(record.type) < stages.indexOf(this.#stage)) {
      throw damaged(`a ${record.type} comes after a ${this.#stage}`);
    }
    this.#stage = record.type;
    if (record.type === 'snapshot') {
      this.#snapshotBytes += record.piece.length;
      if (this.#snapshotBytes > header.snapshotBytes) throw this.#otherSnapshot(header);
      return;
    }
    if (this.#snapshotBytes !== header.snapshotBytes) throw this.#otherSnapshot(header);
    if (record.type === 'row') {
      refuse(orderProblem(this.#last, record.row));
      this.#last = record.row;
      return;
    }
    refuse(endProblem(this.#last, header));
    if (record.type === 'version') this.#versions++;
    else this.#end(record.end, header);
  }

  /** There are no more bytes, besides `held` that are no record. */
  finish(held: number): void {
    if (held > 0) throw damaged(`it ends within a record, after ${held} bytes of it`);
    if (this.#stage !== 'end') throw damaged(`it has no end: ${this.#stage} is its last record`);
  }

  #begin(header: ExportHeader): void {
    if (this.#header !== null) throw damaged('it has a second header');
    this.#header = header;
    // The time of the snapshot's row is in the snapshot: the caller compares.
    this.#last = { lsn: header.prunedLsn, at: 0 };
  }

  #end({ rows, versions }: ExportEnd, header: ExportHeader): void {
    const found = { rows: this.#last.lsn - header.prunedLsn, versions: this.#versions };
    if (rows === found.rows && versions === found.versions) return;
    const expected = `${rows} rows and ${versions} versions`;
    throw damaged(`its end counts ${expected}, it has ${found.rows} and ${found.versions}`);
  }

  #otherSnapshot({ snapshotBytes }: ExportHeader): HistoryRefusal {
    return damaged(`its snapshot has ${this.#snapshotBytes} bytes, not ${snapshotBytes}`);
  }
}

/** The error for bytes that are not what an export writes. */
export function damaged(problem: string): HistoryRefusal {
  const what = `the file is damaged, or no exported history: ${problem}. Nothing was imported`;
  return new HistoryRefusal('damaged-file', what);
}

function refuse(problem: string | null): void {
  if (problem !== null) throw damaged(problem);
}
