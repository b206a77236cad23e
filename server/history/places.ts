/**
 * How many may do something at a time. Who comes when all places are taken is refused and does not
 * wait: what has places takes long.
 */
import { HistoryRefusal } from './history-refusal.ts';

export class Places {
  readonly #max: number;
  readonly #what: string;
  #taken = 0;

  /** `what`: those who have them, for people. */
  constructor(max: number, what: string) {
    this.#max = max;
    this.#what = what;
  }

  /** Takes one; returns what gives it back, however often it is called. Throws HistoryRefusal. */
  take(): () => void {
    if (this.#taken >= this.#max) {
      const detail = `${this.#what} at a time: ${this.#max}; ask again later`;
      throw new HistoryRefusal('overloaded', detail);
    }
    this.#taken++;
    let isMine = true;
    return () => {
      if (isMine) this.#taken--;
      isMine = false;
    };
  }
}
