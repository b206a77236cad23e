/** A dialect that can also say which edits a document holds: what `--kills` and cold opens ask. */
import type { Dialect, Seat, Talker } from '../../server/dialect.ts';

/** Called with characters `seq` … `seq + count - 1` of an author. */
export type RunReader = (author: number, seq: number, count: number) => void;

export interface ReadingDialect extends Dialect {
  /** Reads a document instead of typing into it; `ready` comes when the server has told all. */
  openToRead(seat: Seat, onRun: RunReader): Talker;
}
