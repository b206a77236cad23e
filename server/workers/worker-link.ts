/**
 * A worker's end of the way to its primary (primary.ts). If the primary ends, so does the worker:
 * Node sees to that.
 */
import cluster from 'node:cluster';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { NodeFacts } from '../node.ts';
import type { ToPrimary, ToWorker } from './worker-messages.ts';

/** Where the primary puts the pipe of the bus: after input, output, error and its channel. */
export const busDescriptor = 4;
/** The variable that tells a worker its number, from 1. */
export const workerVariable = 'SVE_WORKER';
/** Then a worker tells its own metrics only: that is more than nothing. */
const scrapeTimeoutMs = 3_000;

export interface WorkerOrders {
  stop(): void;
  reload(): void;
}

/** Of one worker (metrics.ts). */
export interface OwnMetrics {
  readonly type: string;
  expose(): Promise<string>;
  report(): Promise<readonly object[]>;
}

export class WorkerLink {
  readonly number = Number(process.env[workerVariable] ?? 0);
  readonly busPipe: Duplex = new Socket({ fd: busDescriptor, readable: true, writable: true });
  /** How many workers there are, and how many there should be, as last heard. */
  running = 1;
  wanted = 1;
  /** To be called when the database cannot be reached. */
  readonly databaseLost = (): void => this.#send({ type: 'databaseLost' });
  #own: OwnMetrics | null = null;
  readonly #scrapes = new Map<number, (text: string | null) => void>();
  #lastScrape = 0;

  constructor() {
    process.on('message', (message: ToWorker) => {
      if (message.type === 'scraped') this.#scrapes.get(message.id)?.(message.text);
      else if (message.type === 'workers') {
        this.running = message.running;
        this.wanted = message.wanted;
      } else if (message.type === 'report') void this.#report(message.id);
    });
  }

  /** null: this process is no worker. */
  static ofThisProcess(): WorkerLink | null {
    return cluster.isWorker && workerVariable in process.env ? new WorkerLink() : null;
  }

  /** What comes before somebody follows is not lost: the primary says it later again. */
  follow(orders: WorkerOrders): void {
    // The primary says when to stop: a terminal, or a supervisor, may tell every process.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
    process.on('SIGHUP', () => orders.reload());
    process.on('message', ({ type }: ToWorker) => {
      if (type === 'stop' || type === 'reload') orders[type]();
    });
  }

  ready(facts: NodeFacts): void {
    this.#send({ type: 'ready', facts });
  }

  /** What is exposed here from now on: the metrics of all workers, of which these are one's. */
  share(own: OwnMetrics): Pick<OwnMetrics, 'type' | 'expose'> {
    this.#own = own;
    const expose = async (): Promise<string> => (await this.#scrape()) ?? (await own.expose());
    return { type: own.type, expose };
  }

  /** null: the primary does not answer. */
  async #scrape(): Promise<string | null> {
    const id = ++this.#lastScrape;
    const text = await new Promise<string | null>((resolve) => {
      this.#scrapes.set(id, resolve);
      setTimeout(() => resolve(null), scrapeTimeoutMs).unref();
      this.#send({ type: 'scrape', id });
    });
    this.#scrapes.delete(id);
    return text;
  }

  async #report(id: number): Promise<void> {
    this.#send({ type: 'reported', id, metrics: (await this.#own?.report()) ?? [] });
  }

  #send(message: ToPrimary): void {
    // The end of the primary is this one's, too; nobody has to hear of a message that did not go.
    if (process.connected) process.send?.(message, undefined, {}, () => {});
  }
}
