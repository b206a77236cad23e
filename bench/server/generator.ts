/** A generator as its parent sees it: a process (generator-process.ts) that answers in turn. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Job, LoadAnswer, LoadJob, OpenJob, SettleAnswer, SettleJob } from './jobs.ts';

export class Generator {
  readonly #child: ChildProcess;

  /** Starts the process: a bundled entry. */
  constructor(script: string) {
    this.#child = fork(script, [], { execArgv: ['--max-old-space-size=4000'] });
  }

  async open(job: OpenJob): Promise<void> {
    await this.#ask({ type: 'open', ...job });
  }

  async load(job: LoadJob): Promise<LoadAnswer> {
    return await this.#ask({ type: 'load', ...job });
  }

  async settle(job: SettleJob): Promise<SettleAnswer> {
    return await this.#ask({ type: 'settle', ...job });
  }

  /** Its clients end with it. */
  end(): void {
    this.#child.kill('SIGKILL');
  }

  #ask(job: Job) {
    return new Promise<ReturnType<typeof JSON.parse>>((resolve, reject) => {
      const onExit = (): void => reject(new Error('a generator has ended: what it said is above'));
      this.#child.once('exit', onExit);
      this.#child.once('message', (answer) => {
        this.#child.off('exit', onExit);
        resolve(answer);
      });
      this.#child.send(job);
    });
  }
}
