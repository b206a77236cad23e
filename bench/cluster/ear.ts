/**
 * What one client hears: which keys, when, from the frames that come. Its own are no receipts: it
 * is sent them only when it has come back, and a welcome then acknowledges what is committed.
 */
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
  readonly #own: () => number;
  /** Replicas by their names in frames, 1, 2, … */
  readonly #table: number[] = [];
  readonly #last = new Map<number, number>();

  /** `own`: the replica of the client. */
  constructor(own: () => number) {
    this.#own = own;
  }

  hear({ rows, ack, welcome }: ServerFrame): void {
    const atMs = nowMs();
    if (welcome !== null) this.acks.push({ through: welcome.through, atMs });
    for (const { introduced, batches } of rows) {
      this.lsn += 1;
      this.#table.push(...introduced);
      for (const batch of batches) {
        const replica = this.#table[batch.replica - 1] ?? 0;
        if (replica === this.#own()) continue;
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
