/** What the main thread and a thread of simulations say to each other: plain data. */
import type { FoundViolation } from '../checks/violation.ts';
import type { SimResult } from '../result.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Shrunk } from '../shrink/shrink.ts';
import type { Tally } from './tally.ts';

/** What a thread is told when it starts. */
export interface ThreadStart {
  /** A Board. */
  readonly shared: SharedArrayBuffer;
  /** Its number on the board. */
  readonly thread: number;
}

export type Task =
  /** Runs seeds off the board until there are no more. */
  | {
      readonly type: 'seeds';
      /** Does not end the batch at a violation. */
      readonly keepGoing: boolean;
      /** Lists what each seed did. */
      readonly eachSeed: boolean;
    }
  | { readonly type: 'run'; readonly of: Scenario | number; readonly trace: boolean }
  | {
      readonly type: 'shrink';
      readonly scenario: Scenario;
      readonly violation: FoundViolation;
      readonly budget: ShrinkBudget;
    };

export interface ShrinkBudget {
  readonly runs: number;
  readonly seconds: number;
}

/** Answers on the way to a task's end. */
export type Interim =
  | { readonly type: 'tally'; readonly tally: Tally }
  | { readonly type: 'smaller'; readonly shrunk: Shrunk };

/** How a task ends. */
export type Outcome =
  | { readonly type: 'no more seeds' }
  | { readonly type: 'ran'; readonly ran: Ran }
  | { readonly type: 'shrunk'; readonly shrunk: Shrunk };

export interface Ran {
  readonly scenario: Scenario;
  readonly lanes: readonly string[];
  readonly result: SimResult;
}
