/**
 * A thread of simulations as the main thread sees it: does one task at a time, and never keeps it
 * waiting for ever.
 *
 *   idle ── perform ──▶ busy ── outcome ──▶ idle
 *                        └── a run does not end, or the thread dies ──▶ ended ── perform ──▶ busy
 *
 * A run that does not end is a finding like any other: the thread is ended from outside and the
 * next task gets a new one.
 */
import { Worker } from 'node:worker_threads';
import type { Board } from './board.ts';
import type { Interim, Outcome, Task, ThreadStart } from './thread-messages.ts';

/** The run at which the thread was, and what became of it. */
export interface Ended {
  readonly type: 'ended';
  readonly seed: number;
  readonly reason: string;
}

export interface ThreadOptions {
  readonly bundle: string;
  readonly shared: SharedArrayBuffer;
  readonly board: Board;
  /** Its number on the board. */
  readonly thread: number;
  /** Wall time that one run may take. */
  readonly stuckAfterMs: number;
}

export class SimThread {
  readonly #options: ThreadOptions;
  #worker: Worker | null = null;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** Does a task; `told` gets what comes before its end. The task before must have ended. */
  perform(task: Task, told: (interim: Interim) => void): Promise<Outcome | Ended> {
    const worker = this.#worker ?? this.#start();
    return new Promise((resolve) => {
      const end = (outcome: Outcome | Ended): void => {
        clearInterval(watch);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        resolve(outcome);
      };
      const fail = (what: string): void => {
        this.#worker = null;
        const { seed } = this.#look();
        end({ type: 'ended', seed, reason: `seed ${seed} ${what}` });
      };
      const onMessage = (message: Interim | Outcome): void => {
        if (message.type === 'tally' || message.type === 'smaller') told(message);
        else end(message);
      };
      const onError = (error: Error): void => {
        fail(`ended its thread: ${error.stack ?? error.message}`);
      };
      const onExit = (code: number): void => fail(`ended its thread with code ${code}`);
      const watch = this.#watch(() => {
        fail(`did not end within ${this.#options.stuckAfterMs / 1000} s`);
        void worker.terminate();
      });
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(task);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #start(): Worker {
    const { bundle, shared, thread } = this.#options;
    const workerData: ThreadStart = { shared, thread };
    // Not the loader with which this process may run: a bundle is plain JavaScript. With source
    // maps, so that a stack shows the files and lines that were written.
    this.#worker = new Worker(bundle, { workerData, execArgv: ['--enable-source-maps'] });
    return this.#worker;
  }

  /** Calls once, when one and the same run has gone on for too long. */
  #watch(stuck: () => void): NodeJS.Timeout {
    const { stuckAfterMs } = this.#options;
    let { runs } = this.#look();
    let sinceMs = performance.now();
    const watch = setInterval(
      () => {
        const now = this.#look().runs;
        if (now !== runs) [runs, sinceMs] = [now, performance.now()];
        else if (performance.now() - sinceMs >= stuckAfterMs) stuck();
      },
      Math.min(1000, stuckAfterMs / 4),
    );
    return watch;
  }

  #look(): { readonly seed: number; readonly runs: number } {
    return this.#options.board.lookAt(this.#options.thread);
  }
}
