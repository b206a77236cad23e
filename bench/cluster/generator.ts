/** A generator as its parent sees it: a process (child.ts) that is asked and answers in turn. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { HeardAnswer, HearJob, OpenJob, TypedAnswer, TypeJob } from './jobs.ts';

export class Generator {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  /** Starts the process, which opens its clients: see `opened`. */
  constructor(script: string, job: OpenJob) {
    this.#child = spawn(process.execPath, [script, JSON.stringify(job)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    // A process that has ended is told by the answer that does not come.
    this.#child.stdin.on('error', () => {});
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async opened(): Promise<void> {
    await this.#answer();
  }

  async type(job: TypeJob): Promise<TypedAnswer> {
    this.#child.stdin.write(`${JSON.stringify(job)}\n`);
    return await this.#answer();
  }

  async hear(job: HearJob): Promise<HeardAnswer> {
    this.#child.stdin.write(`${JSON.stringify(job)}\n`);
    return await this.#answer();
  }

  /** No more typing. */
  stopTyping(): void {
    this.#child.kill('SIGUSR2');
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  async #answer() {
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('a generator has ended: what it said stands above');
    return JSON.parse(value);
  }
}
