/**
 * When edits came and how stale they were, noted as they are acknowledged, for whoever measures the
 * node. Decides nothing. Bounded: if nobody takes the notes, later ones are not made.
 */

/** The frames of one replica that one row acknowledges. */
export interface EditTime {
  /** When the first of them came; ms of the node's monotonic clock. */
  readonly receivedMs: number;
  /** When the acknowledgement was made. */
  readonly ackedMs: number;
  /** What others had committed since the base: as in the ack. */
  readonly staleOperations: number;
  readonly staleMs: number;
}

const notesMax = 1024;

export class EditTimes {
  #notes: EditTime[] = [];

  note(time: EditTime): void {
    if (this.#notes.length < notesMax) this.#notes.push(time);
  }

  /** What was noted since the last call. */
  take(): readonly EditTime[] {
    if (this.#notes.length === 0) return this.#notes;
    const notes = this.#notes;
    this.#notes = [];
    return notes;
  }
}
