/**
 * Questions on their way to the history thread: few are with the thread, the rest waits here, where
 * it can be given up, and what does not fit is refused at once.
 */
import { assert } from '../../engine/assert.ts';
import type { JobThread } from '../job-thread.ts';
import { type HistoryJob, isAnswer, type Refused, type TimedJob } from './history-job.ts';
import { HistoryRefusal } from './history-refusal.ts';

/** One that is worked on, and one so that the thread need not wait for us. */
const handedMax = 2;

export interface HistoryThreadOptions {
  /** Runs history-jobs.ts. Must take at least two jobs. */
  readonly thread: Pick<JobThread<TimedJob, unknown>, 'run'>;
  /** Questions that wait; more are refused. */
  readonly waitingMax: number;
  /** Time that one may be worked on. */
  readonly limitMs: number;
}

interface Question {
  readonly job: HistoryJob;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class HistoryThread {
  readonly #options: HistoryThreadOptions;
  readonly #waiting = new Set<Question>();
  #handed = 0;

  constructor(options: HistoryThreadOptions) {
    this.#options = options;
  }

  /** Questions that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * The answer, of the type that this job gives. Rejects with HistoryRefusal, with the reason of
   * the signal, or with what the thread died of. What has not begun when the signal comes never
   * does.
   */
  async ask<Answer extends { readonly type: string }>(
    type: Answer['type'],
    job: HistoryJob,
    signal: AbortSignal,
  ): Promise<Answer> {
    signal.throwIfAborted();
    if (this.#waiting.size >= this.#options.waitingMax) {
      const detail = `${this.#waiting.size} questions about the past wait already; ask again later`;
      throw new HistoryRefusal('overloaded', detail);
    }
    const answer = await new Promise((resolve, reject) => {
      const question: Question = { job, resolve, reject };
      this.#waiting.add(question);
      signal.addEventListener(
        'abort',
        () => {
          this.#waiting.delete(question);
          reject(signal.reason);
        },
        { once: true },
      );
      this.#handOver();
    });
    if (isAnswer<Refused>('refused', answer)) throw new HistoryRefusal(answer.code, answer.detail);
    assert(isAnswer<Answer>(type, answer), `an answer of type ${type}`);
    return answer;
  }

  #handOver(): void {
    for (const question of this.#waiting) {
      if (this.#handed >= handedMax) return;
      this.#waiting.delete(question);
      this.#handed++;
      void this.#run(question);
    }
  }

  async #run({ job, resolve, reject }: Question): Promise<void> {
    const { thread, limitMs } = this.#options;
    try {
      resolve(await thread.run({ job, limitMs } satisfies TimedJob));
    } catch (error) {
      reject(error);
    }
    this.#handed--;
    this.#handOver();
  }
}
