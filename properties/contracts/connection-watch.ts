/** What a bus reports of its connection, for tests that wait for it. */
import { Signal } from './signal.ts';

export class ConnectionWatch {
  readonly reports: boolean[] = [];
  readonly #signal = new Signal();

  readonly onConnection = (isUp: boolean): void => {
    this.reports.push(isUp);
    this.#signal.tell();
  };

  until(condition: () => boolean): Promise<void> {
    return this.#signal.until(condition);
  }
}
