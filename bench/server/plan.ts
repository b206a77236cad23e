/**
 * Who types when. Every process of a run computes the whole plan from its seed, so that a reader in
 * one process knows when an edit of another was due, and nobody has to tell.
 *
 * The gaps are exponential (a Poisson process) and the authors are chosen evenly: nothing waits for
 * what comes back, so an edit that a slow server delays is timed from when it was due.
 */
import { Random } from '../../engine/random.ts';

export interface PlanOptions {
  readonly seed: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly editsPerSecond: number;
  /** Indexes of authors are below it. */
  readonly authors: number;
}

export interface PlannedEdit {
  readonly dueMs: number;
  readonly author: number;
}

/** In order of time. */
export function planOf(options: PlanOptions): PlannedEdit[] {
  const { seed, startMs, endMs, editsPerSecond, authors } = options;
  const random = new Random(seed, 'plan');
  const edits: PlannedEdit[] = [];
  for (let dueMs = startMs; ; ) {
    dueMs -= (Math.log(1 - random.next() / 2 ** 32) * 1000) / editsPerSecond;
    if (dueMs >= endMs) return edits;
    edits.push({ dueMs, author: random.below(authors) });
  }
}
