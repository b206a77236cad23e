/**
 * A number of threads that simulate, and what is done with them: a batch of seeds on all of them, a
 * single run or a shrinking on one.
 */
import type { FoundViolation } from '../checks/violation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Shrunk } from '../shrink/shrink.ts';
import { Board } from './board.ts';
import { type Ended, SimThread } from './sim-thread.ts';
import { addFinding, mergeTally, newTally, type Tally } from './tally.ts';
import type { Ran, ShrinkBudget, Task } from './thread-messages.ts';

export interface JobsOptions {
  /** Path of a worker's bundle. */
  readonly bundle: string;
  readonly jobs: number;
  /** Wall time that one run may take. */
  readonly stuckAfterMs: number;
}

export interface BatchOptions {
  readonly from: number;
  readonly count: number;
  /** Goes on at a violation. */
  readonly keepGoing?: boolean;
  /** Lists what each seed did. */
  readonly eachSeed?: boolean;
  /** Told of the sum so far, now and then. */
  readonly told?: (sum: Tally) => void;
}

export class Jobs {
  readonly #board: Board;
  readonly #threads: readonly SimThread[];

  constructor({ bundle, jobs, stuckAfterMs }: JobsOptions) {
    const shared = Board.memory(jobs);
    const board = new Board(shared);
    this.#board = board;
    this.#threads = Array.from({ length: jobs }, (_, thread) => {
      return new SimThread({ bundle, shared, board, thread, stuckAfterMs });
    });
  }

  /** Runs seeds until they are used up, one fails, or `stop` is called. */
  async batch(options: BatchOptions): Promise<Tally> {
    const { from, count, keepGoing = false, eachSeed = false } = options;
    const sum = newTally();
    this.#board.offer(from, from + count);
    const task: Task = { type: 'seeds', keepGoing, eachSeed };
    const work = async (thread: SimThread): Promise<void> => {
      for (;;) {
        const outcome = await thread.perform(task, (interim) => {
          if (interim.type !== 'tally') return;
          mergeTally(sum, interim.tally);
          options.told?.(sum);
        });
        if (outcome.type !== 'ended') return;
        sum.seeds++;
        const { seed } = outcome;
        addFinding(sum, { seed, violation: crashOf(outcome), traceHash: null, count: 1 });
        if (!keepGoing) this.#board.endBefore(seed);
      }
    };
    await Promise.all(this.#threads.map(work));
    return sum;
  }

  /** Ends a batch after the seeds that are being run. */
  stop(): void {
    this.#board.endBefore(0);
  }

  /** Runs a scenario, or the one of a seed. */
  async run(of: Scenario | number, options: { readonly trace: boolean }): Promise<Ran | Ended> {
    const outcome = await this.#first().perform({ type: 'run', of, ...options }, () => undefined);
    if (outcome.type === 'ended') return outcome;
    if (outcome.type !== 'ran') throw new Error(`a run gave ${outcome.type}`);
    return outcome.ran;
  }

  /** The smallest scenario that fails like this one. One that does not end, ends the search. */
  async shrink(
    scenario: Scenario,
    violation: FoundViolation,
    budget: ShrinkBudget,
  ): Promise<Shrunk> {
    let smallest: Shrunk = { scenario, violation, runs: 0 };
    const task: Task = { type: 'shrink', scenario, violation, budget };
    const outcome = await this.#first().perform(task, (interim) => {
      if (interim.type === 'smaller') smallest = interim.shrunk;
    });
    return outcome.type === 'shrunk' ? outcome.shrunk : smallest;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #first(): SimThread {
    const [thread] = this.#threads;
    if (thread === undefined) throw new Error('no threads');
    return thread;
  }
}

/** A run that did not come to its end, as a violation. */
export function crashOf({ reason }: Ended): FoundViolation {
  return { kind: 'crash', property: 'assert', message: reason, about: [], event: 0, timeMs: 0 };
}
