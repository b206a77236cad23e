/**
 * The log with an eye on its connection: what is known about durability, and who must be told when
 * the database was away.
 */
import type { Log } from './log.ts';
import type { GroupReport } from './postgres/append-writer.ts';
import type { DurabilityReport } from './postgres/durability-check.ts';
import { PostgresLog } from './postgres/postgres-log.ts';

export interface WatchedLogOptions {
  readonly url: string;
  readonly readersMax: number;
  readonly log: Log;
  readonly onGroup: (report: GroupReport) => void;
  /** The connection was lost, or an attempt to get it back failed. */
  readonly onLost: () => void;
}

export class WatchedLog {
  readonly port: PostgresLog;
  /** Resolves when the log was connected and its settings read for the first time. */
  readonly connected: Promise<DurabilityReport>;
  /** After every connection but the first: rows may have been missed. */
  onReconnected: () => void = () => {};
  readonly #log: Log;
  #isUp = false;
  #durability: DurabilityReport | null = null;

  constructor({ url, readersMax, log, onGroup, onLost }: WatchedLogOptions) {
    this.#log = log;
    let connections = 0;
    let firstUp = (): void => {};
    const up = new Promise<void>((resolve) => {
      firstUp = resolve;
    });
    this.port = new PostgresLog({
      url,
      limits: { readersMax },
      onGroup,
      onConnection: (isUp, reason) => {
        this.#isUp = isUp;
        log[isUp ? 'info' : 'error']({ event: isUp ? 'log-up' : 'log-down', reason });
        if (!isUp) return onLost();
        connections++;
        if (connections === 1) return firstUp();
        this.onReconnected();
        this.#readDurability().catch((error: unknown) => {
          log.warn({ event: 'durability-unknown', err: error });
        });
      },
    });
    this.connected = up.then(() => this.#readDurability());
  }

  /** Whether appends are taken now. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** As last read; null = not yet. */
  get durability(): DurabilityReport | null {
    return this.#durability;
  }

  /** Read again with each connection: the database may be another one. */
  async #readDurability(): Promise<DurabilityReport> {
    const durability = await this.port.checkDurability();
    this.#durability = durability;
    if (durability.advice !== '') {
      this.#log.warn({ event: 'durability', ok: durability.ok, advice: durability.advice });
    }
    return durability;
  }
}
