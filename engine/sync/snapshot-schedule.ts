/**
 * When a document's next snapshot is due: its log has grown by so many rows, or bytes of rows,
 * since the last one that is known here.
 *
 *   growing ──threshold──▶ asked ──made──▶ growing
 *                            ╰──failed: again after a backoff──╯
 *
 * Every node that has the document in memory counts for itself. Thresholds are spread, so that one
 * is the first as a rule; whoever asks after it finds a snapshot that is new enough.
 */
import type { Limits } from '../limits.ts';
import type { Random } from '../random.ts';
import { Backoff } from './backoff.ts';

export class SnapshotSchedule {
  readonly #rowsMin: number;
  readonly #bytesMin: number;
  readonly #random: Random;
  readonly #backoff: Backoff;
  /** Of the newest snapshot as far as is known here; 0 = none. */
  #lsn = 0;
  /** Of rows that came since that one. */
  #bytes = 0;
  /** What `#bytes` was when one was asked for; null: none is under way. */
  #asked: number | null = null;
  #retryAtMs: number | null = null;

  constructor({ limits, random }: { readonly limits: Limits; readonly random: Random }) {
    const spread = random.between(4, 5);
    this.#rowsMin = Math.ceil((limits.snapshotRows * spread) / 4);
    this.#bytesMin = Math.ceil((limits.snapshotBytes * spread) / 4);
    this.#random = random;
    this.#backoff = new Backoff(limits.snapshotRetryMinMs, limits.snapshotRetryMaxMs);
  }

  /** When to look at `takeDue` again after a failure; null = with the next row. */
  get retryAtMs(): number | null {
    return this.#retryAtMs;
  }

  /** The room begins with the snapshot of this row; 0 = with none. */
  begin(lsn: number): void {
    this.#lsn = lsn;
    this.#bytes = 0;
  }

  /** A row of so many bytes came after all others. */
  rowFolded(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Whether to ask for a snapshot now; then one is under way. `lsn`: of the last row. */
  takeDue(lsn: number, nowMs: number): boolean {
    if (this.#asked !== null || nowMs < (this.#retryAtMs ?? 0)) return false;
    this.#retryAtMs = null;
    const isDue = lsn - this.#lsn >= this.#rowsMin || this.#bytes >= this.#bytesMin;
    if (isDue) this.#asked = this.#bytes;
    return isDue;
  }

  /** The answer: LSN of the newest snapshot, or null: it failed. */
  made(lsn: number | null, nowMs: number): void {
    const asked = this.#asked ?? 0;
    this.#asked = null;
    if (lsn === null) {
      this.#retryAtMs = nowMs + this.#backoff.next(this.#random);
      return;
    }
    this.#backoff.reset();
    this.#lsn = Math.max(this.#lsn, lsn);
    this.#bytes -= asked;
  }
}
