/** What one client hears: which keys, when, from the frames that come. */
import { batchLast } from '../../proto/batch.ts';
import type { ServerFrame } from '../../proto/server-frame.ts';
import { nowMs } from './jobs.ts';

/** A key that came. */
export interface Receipt {
  readonly replica: number;
  readonly timestamp: number;
  readonly atMs: number;
}

export class Ear {
  /** LSN of the last row. */
  lsn = 0;
  readonly receipts: Receipt[] = [];
  /** Timestamps of own keys up to which they are acknowledged, and when. */
  readonly acks: { readonly through: number; readonly atMs: number }[] = [];
  doubled = 0;
  /** Replicas by their names in frames, 1, 2, … */
  readonly #table: number[] = [];
  readonly #last = new Map<number, number>();

  hear({ rows, ack }: ServerFrame): void {
    const atMs = nowMs();
    for (const { introduced, batches } of rows) {
      this.lsn += 1;
      this.#table.push(...introduced);
      for (const batch of batches) {
        const replica = this.#table[batch.replica - 1] ?? 0;
        const last = this.#last.get(replica) ?? 0;
        this.doubled += Math.max(0, last - batch.first + 1);
        for (let timestamp = batch.first; timestamp <= batchLast(batch); timestamp++) {
          if (timestamp > last) this.receipts.push({ replica, timestamp, atMs });
        }
        this.#last.set(replica, Math.max(last, batchLast(batch)));
      }
    }
    if (ack !== null) this.acks.push({ through: ack.through, atMs });
  }
}
