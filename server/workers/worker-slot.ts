/**
 * One of the workers, as its primary sees it: a process that is started again when it ends, sooner
 * if it had run for long.
 *
 *   starting ──ready──▶ running ──exit──▶ waiting ──backoff──▶ starting
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { assert } from '../../engine/assert.ts';
import type { Log } from '../log.ts';
import type { NodeFacts } from '../node.ts';
import { busDescriptor, workerVariable } from './worker-link.ts';
import type { ToPrimary, ToWorker } from './worker-messages.ts';

const againAfterMs = 100;
const againAfterMsMax = 10_000;
/** Who ran that long did not end because it cannot run. */
const calmMs = 60_000;

export interface SlotOptions {
  readonly number: number;
  readonly log: Log;
  readonly env: Readonly<Record<string, string>>;
  readonly onPipe: (pipe: Duplex) => void;
  /** Everything but that it is ready. */
  readonly onMessage: (message: ToPrimary) => void;
  /** It has begun or ceased to run. */
  readonly onChange: () => void;
}

export class WorkerSlot {
  readonly #options: SlotOptions;
  #worker: Worker | null = null;
  #isReady = false;
  #isStopping = false;
  #delayMs = againAfterMs;
  #again: NodeJS.Timeout | null = null;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#isReady;
  }

  /** 0: none runs. */
  get pid(): number {
    return this.#worker?.process.pid ?? 0;
  }

  /** Resolves when it takes connections; rejects when it ends before, and is not started again. */
  async start(): Promise<NodeFacts> {
    const { number, env, onPipe, onMessage } = this.#options;
    const worker = cluster.fork({ ...env, [workerVariable]: String(number) });
    this.#worker = worker;
    const pipe = worker.process.stdio[busDescriptor];
    // A socket, whatever the types say of descriptors after standard error.
    assert(pipe instanceof Duplex, 'the pipe that was asked for');
    onPipe(pipe);
    const startedMs = performance.now();
    return await new Promise((resolve, reject) => {
      worker.on('message', (message: ToPrimary) => {
        if (message.type !== 'ready') return onMessage(message);
        this.#change({ isReady: true });
        resolve(message.facts);
      });
      worker.once('exit', (code, signal) => {
        this.#worker = null;
        const wasReady = this.#isReady;
        this.#change({ isReady: false });
        if (wasReady) this.#ended({ code, signal, ranMs: performance.now() - startedMs });
        else reject(new Error(`worker ${number} ended with ${signal ?? code} before it was ready`));
      });
    });
  }

  tell(message: ToWorker): void {
    const worker = this.#worker;
    // Without the callback, a channel that has just ended is an error that nobody expects.
    if (worker?.isConnected()) worker.process.send?.(message, undefined, {}, () => {});
  }

  /** In order, or by force after `patienceMs`. */
  async stop(patienceMs: number): Promise<void> {
    this.#isStopping = true;
    if (this.#again !== null) clearTimeout(this.#again);
    const worker = this.#worker;
    if (worker === null) return;
    const exited = once(worker, 'exit');
    this.tell({ type: 'stop' });
    const patience = setTimeout(() => worker.process.kill('SIGKILL'), patienceMs);
    await exited;
    clearTimeout(patience);
  }

  #change({ isReady }: { readonly isReady: boolean }): void {
    if (this.#isReady === isReady) return;
    this.#isReady = isReady;
    this.#options.onChange();
  }

  #ended(end: { readonly code: number; readonly signal: string; readonly ranMs: number }): void {
    if (this.#isStopping) return;
    const { code, signal, ranMs } = end;
    if (ranMs > calmMs) this.#delayMs = againAfterMs;
    const againAfter = this.#delayMs;
    this.#options.log.error({
      ...{ event: 'worker-ended', worker: this.#options.number, code, signal, againAfter },
    });
    this.#later();
  }

  #later(): void {
    this.#again = setTimeout(() => {
      this.start().then(
        () => this.#options.log.info({ event: 'worker-back', worker: this.#options.number }),
        (error: unknown) => {
          if (this.#isStopping) return;
          this.#options.log.error({ event: 'worker-not-started', err: error });
          this.#later();
        },
      );
    }, this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, againAfterMsMax);
  }
}
