/**
 * Work that would block the event loop, done by a thread of its own: one job at a time, in order.
 *
 *   none ── run ──▶ busy ── last answer ──▶ idle ── idleMs ──▶ none
 *                     └── the thread dies: its jobs fail ──▶ none
 *
 * The thread starts with the first job and ends when it has had none for a while, so that a node
 * without such work has no memory for it. A queue that is full refuses: whoever asks is told to
 * come again, and nothing grows.
 */
import { Worker } from 'node:worker_threads';

/** Too many jobs wait. */
export class ThreadBusyError extends Error {}

export interface JobThreadOptions {
  /** Module without its ending; of ours, so source or build as this file is. */
  readonly module: URL;
  /** What the module finds as `workerData`. */
  readonly data: unknown;
  /** Jobs under way and waiting. */
  readonly jobsMax: number;
  readonly idleMs: number;
}

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** What a module posts for each job, in order. */
export type JobAnswer<Result = unknown> =
  | { readonly type: 'done'; readonly result: Result }
  | { readonly type: 'failed'; readonly message: string };

/** `Job` and `Result` are what the module takes and answers; both are copied between threads. */
export class JobThread<Job, Result> {
  readonly #options: JobThreadOptions;
  readonly #waiting: Waiting<Result>[] = [];
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: JobThreadOptions) {
    this.#options = options;
  }

  /**
   * Resolves with what the module answered. Rejects with ThreadBusyError, or with what the job or
   * the thread died of.
   */
  run(job: Job): Promise<Result> {
    if (this.#closed) return Promise.reject(new Error('the thread is closed'));
    if (this.#waiting.length >= this.#options.jobsMax) {
      return Promise.reject(new ThreadBusyError(`${this.#waiting.length} jobs wait already`));
    }
    this.#worker ??= this.#start();
    const worker = this.#worker;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      worker.postMessage(job);
    });
  }

  /** Ends the thread; jobs that wait fail. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#end(new Error('the server stops'));
  }

  #start(): Worker {
    const { module, data } = this.#options;
    const worker = startModule(module, data);
    worker.on('message', (answer: JobAnswer<Result>) => this.#answered(answer));
    worker.on('error', (error) => this.#died(worker, error));
    worker.on('exit', (code) =>
      this.#died(worker, new Error(`the thread ended with code ${code}`)),
    );
    return worker;
  }

  #answered(answer: JobAnswer<Result>): void {
    const job = this.#waiting.shift();
    if (answer.type === 'done') job?.resolve(answer.result);
    else job?.reject(new Error(answer.message));
    if (this.#waiting.length > 0) return;
    this.#idle = setTimeout(() => void this.#end(new Error('idle')), this.#options.idleMs);
    this.#idle.unref();
  }

  #died(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#fail(error);
  }

  async #end(reason: Error): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    this.#fail(reason);
    await worker?.terminate();
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** From source, the thread needs a loader for TypeScript, which Node 20 takes from inside only. */
function startModule(module: URL, workerData: unknown): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL(`${module.href}.js`), { workerData });
  const source = JSON.stringify(`${module.href}.ts`);
  const code = `import('tsx/esm/api').then(({ register }) => (register(), import(${source})))`;
  return new Worker(code, { eval: true, execArgv: [], workerData });
}
