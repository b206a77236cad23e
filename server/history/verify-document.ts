/**
 * Whether what is stored of a document fits together: the whole log is folded once, from its
 * beginning or from the snapshot at the LSN up to which it was pruned, and every snapshot is
 * compared with the fold at its LSN, byte for byte. It changes nothing and may run beside nodes.
 *
 * A row that is wrong ends it: what comes after cannot be judged. A snapshot that is wrong does
 * not. A row's body has no checksum of its own: one that was replaced by another well-formed one is
 * found by the next snapshot after it, and told with the rows among which it is.
 */
import type { LogHead, LogRow, SnapshotPointer } from '../../engine/driver/ports.ts';
import { readBody } from '../../engine/driver/snapshot-loader.ts';
import { rowFromLog } from '../../engine/sync/durability.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { snapshotOf } from '../../engine/sync/fold-snapshot.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import { snapshotBody } from '../snapshots/snapshot-body.ts';
import type { ExportSource } from './export-document.ts';
import { endProblem, findHead, orderProblem, walkLog } from './log-walk.ts';
import { firstDifference } from './state-difference.ts';

export type VerifySource = Omit<ExportSource, 'versions'>;

export interface Difference {
  readonly in: 'log' | 'snapshot';
  /** Of the last row that is as it should be, or of the snapshot. */
  readonly lsn: number;
  /** Of the snapshot's body. */
  readonly key?: string;
  /** What was expected, and what is there. */
  readonly problem: string;
}

export interface Verified {
  readonly document: string;
  readonly epoch: number;
  /** Of the head, when it began. */
  readonly lsn: number;
  /** Rows that were folded. */
  readonly rows: number;
  /** Snapshots that were compared. */
  readonly snapshots: number;
  /** Pointers to snapshots of another history, which nobody loads. */
  readonly ignored: number;
  /** Batches that change nothing. */
  readonly voidBatches: number;
  /** In the order in which they were found; none: it is sound. */
  readonly differences: readonly Difference[];
}

/** Rejects with HistoryRefusal when there is no such document, or it changes meanwhile. */
export async function verifyDocument(
  source: VerifySource,
  document: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Verified> {
  const listed = (await source.index.list(document))?.snapshots ?? [];
  const head = await findHead(source.log, document);
  const pointers = listed.filter((each) => each.isOfThisLog).map(({ pointer }) => pointer);
  const verifying = new Verifying(source, head, pointers);
  if (await verifying.begin()) {
    const start = verifying.lsn;
    for await (const rows of walkLog(source.log, document, { head, afterLsn: start })) {
      if (!(await verifying.addRows(rows))) break;
      onProgress(verifying.rows, head.lsn - start);
    }
    verifying.end();
  }
  const { rows, snapshots, voidBatches, differences } = verifying;
  const { epoch, lsn } = head;
  const ignored = listed.length - pointers.length;
  return { document, epoch, lsn, rows, snapshots, ignored, voidBatches, differences };
}

class Verifying {
  readonly #source: VerifySource;
  readonly #head: LogHead;
  readonly #pointers: readonly SnapshotPointer[];
  /** Position in `#pointers` of the next that is compared. */
  #next = 0;
  #fold: Fold;
  /** LSN of the last snapshot that was as the fold, or of the fold's beginning. */
  #agreedLsn = 0;
  rows = 0;
  snapshots = 0;
  readonly differences: Difference[] = [];

  /** `pointers`: of this history, by LSN. */
  constructor(source: VerifySource, head: LogHead, pointers: readonly SnapshotPointer[]) {
    this.#source = source;
    this.#head = head;
    this.#pointers = pointers;
    this.#fold = new Fold(head.epoch);
  }

  get voidBatches(): number {
    return [...this.#fold.voided.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Of the last row that is as it should be. */
  get lsn(): number {
    return this.#fold.lsn;
  }

  /** Reads the snapshots of which not all rows are there. False: there is nothing to begin with. */
  async begin(): Promise<boolean> {
    const { prunedLsn = 0 } = this.#head;
    if (prunedLsn === 0) return true;
    const first = this.#pointers.find(({ lsn }) => lsn >= prunedLsn)?.lsn ?? prunedLsn;
    const early = this.#pointers.filter(({ lsn }) => lsn <= first);
    this.#next = early.length;
    for (const pointer of early) {
      const fold = await this.#read(pointer);
      if (fold !== null && pointer.lsn === first) this.#fold = fold;
    }
    this.#agreedLsn = this.#fold.lsn;
    if (this.#fold.lsn === first) return true;
    const problem = `no snapshot that can be read has the rows up to ${prunedLsn}, which are gone`;
    this.differences.push({ in: 'log', lsn: prunedLsn, problem });
    return false;
  }

  /** False: a row is wrong. */
  async addRows(rows: readonly LogRow[]): Promise<boolean> {
    for (const row of rows) {
      const problem = orderProblem(this.#fold, row) ?? this.#apply(row);
      if (problem !== null) {
        this.differences.push({ in: 'log', lsn: this.#fold.lsn, problem });
        return false;
      }
      this.rows++;
      await this.#compareAt(row.lsn);
    }
    return true;
  }

  /** There are no more rows. */
  end(): void {
    if (this.differences.some((difference) => difference.in === 'log')) return;
    const problem = endProblem(this.#fold, this.#head);
    if (problem !== null) this.differences.push({ in: 'log', lsn: this.#fold.lsn, problem });
  }

  #apply(row: LogRow): string | null {
    try {
      this.#fold.apply(rowFromLog(this.#head.epoch, row));
      return null;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return `row ${row.lsn} cannot be read: ${error.message}`;
    }
  }

  async #compareAt(row: number): Promise<void> {
    for (let next = this.#pointers[this.#next]; next?.lsn === row; ) {
      await this.#compare(next);
      next = this.#pointers[++this.#next];
    }
  }

  async #compare(pointer: SnapshotPointer): Promise<void> {
    const found = await this.#read(pointer);
    if (found === null) return;
    const difference = firstDifference(stateOf(this.#fold), stateOf(found));
    if (difference === null) {
      this.#agreedLsn = pointer.lsn;
      return;
    }
    const first = this.#agreedLsn + 1;
    const rows = `rows ${first} … ${pointer.lsn}`;
    this.#tell(pointer, `${difference}; the snapshot is wrong, or one of ${rows}`);
  }

  /** null: it cannot be read, and that was told. */
  async #read(pointer: SnapshotPointer): Promise<Fold | null> {
    this.snapshots++;
    const bytes = await new Promise<Uint8Array | null | 'failed'>((done) =>
      this.#source.objects.get(pointer.key, done),
    );
    const read = readBody(snapshotBody, pointer, bytes);
    if ('fold' in read) return read.fold;
    this.#tell(pointer, `its body is ${wordsOf[read.reason]}: ${read.detail}`);
    return null;
  }

  #tell({ lsn, key }: SnapshotPointer, problem: string): void {
    this.differences.push({ in: 'snapshot', lsn, key, problem });
  }
}

const wordsOf = {
  unreachable: 'out of reach',
  absent: 'absent',
  checksum: 'not the one that was stored',
  unreadable: 'unreadable',
} as const;

/** Equal states have equal bytes. */
function stateOf(fold: Fold): { readonly fold: Fold; readonly bytes: Uint8Array } {
  return { fold, bytes: snapshotOf(fold, { bindings: true }) };
}
