/**
 * What clients were told, against the log: durable before visible, seen from outside (G2).
 *
 * When a frame comes, the witness asks the log for every row that the frame tells of. When all is
 * over, what was told of a row is compared with the row: its commit time, and that an
 * acknowledgement says no more of its replica than the rows up to its own. Rows of the log never
 * change, so both together are the answer of that moment.
 */

import type { RowContent } from '../engine/sync/fold.ts';
import { Fold } from '../engine/sync/fold.ts';
import type { ServerFrame } from '../proto/server-frame.ts';
import type { LogWitness } from '../server/testing/log-witness.ts';

interface Told {
  readonly lsn: number;
  /** Commit time that was told; 0 = none. */
  readonly at: number;
  readonly replica: number;
  /** Of the replica, all up to this timestamp. */
  readonly through: number;
}

/** Of one client. */
export class ToldRows {
  readonly #document: string;
  readonly #by: string;
  readonly #witness: LogWitness;
  readonly #told: Told[] = [];
  /** Place and time of the last row, by connection. */
  #connection = 0;
  #lsn = 0;
  #at = 0;

  constructor(document: string, by: string, witness: LogWitness) {
    this.#document = document;
    this.#by = by;
    this.#witness = witness;
  }

  /** A frame has come; `replica` is who the client is. */
  frame(connection: number, frame: ServerFrame, replica: number): void {
    const { welcome, rows, ack } = frame;
    if (welcome !== null) {
      const { lsn, at } = welcome.cursor;
      [this.#connection, this.#lsn, this.#at] = [connection, lsn, at];
      this.#note({ lsn, at, replica, through: 0 });
      this.#note({ lsn: welcome.headLsn, at: 0, replica, through: welcome.through });
    }
    // The rest of a connection that the client has left already.
    if (connection !== this.#connection) return;
    for (const row of rows) {
      this.#lsn += 1;
      this.#at += row.at;
      this.#note({ lsn: this.#lsn, at: this.#at, replica, through: 0 });
    }
    if (ack === null) return;
    const place = ack.lsn === 0 ? { lsn: this.#lsn, at: this.#at } : ack;
    this.#note({ lsn: place.lsn, at: place.at, replica, through: ack.through });
  }

  /** What does not agree with these rows, all of the document's. */
  faults(rows: readonly RowContent[]): string[] {
    const faults: string[] = [];
    const fold = new Fold(1);
    const ordered = this.#told.toSorted((a, b) => a.lsn - b.lsn);
    for (const { lsn, at, replica, through } of ordered) {
      while (fold.lsn < lsn) {
        const row = rows[fold.lsn];
        if (row === undefined) break;
        fold.apply(row);
      }
      const known = fold.committed.get(replica);
      if (fold.lsn !== lsn) faults.push(`${this.#by} was told of row ${lsn} of ${rows.length}`);
      else if (at !== 0 && at !== fold.at) {
        faults.push(`${this.#by} was told of row ${lsn} at ${at}, in the log it is of ${fold.at}`);
      }
      if (through > known) {
        faults.push(`${this.#by} has ack ${through} at row ${lsn}, in the log is ${known}`);
      }
    }
    return faults;
  }

  #note(told: Told): void {
    this.#told.push(told);
    this.#witness.claim({ document: this.#document, lsn: told.lsn, by: this.#by });
  }
}
