/**
 * The smallest scenario that still fails in the same way: people read scenarios, and most of one
 * that was drawn has nothing to do with its failure.
 *
 * Passes go from what takes away most to what only tidies up, and are repeated until none finds
 * anything. Each makes the scenario smaller or simpler in one fixed sense, so that this ends. The
 * fates of what stays do not change with what goes (they are hashes of names), which is what makes
 * it work at all. Nothing here knows the clock: the budget is a callback.
 */
import type { FoundViolation } from '../checks/violation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { type AttemptOptions, Attempts } from './attempts.ts';
import { calmRates, steadyLatencies, usualLimits } from './calmer.ts';
import { cutAfterFailure, dropActors, dropItems, dropQuestions } from './fewer.ts';
import { roundTimes, shortenFaults, simplifyTexts } from './simpler.ts';

export interface Shrunk {
  readonly scenario: Scenario;
  /** Of this scenario; its fingerprint is that of the first. */
  readonly violation: FoundViolation;
  readonly runs: number;
}

const passes: readonly ((attempts: Attempts) => void)[] = [
  cutAfterFailure,
  dropActors,
  calmRates,
  dropQuestions,
  (attempts) => dropItems(attempts, 'faults'),
  (attempts) => dropItems(attempts, 'intents'),
  (attempts) => dropItems(attempts, 'questions'),
  steadyLatencies,
  usualLimits,
  simplifyTexts,
  shortenFaults,
  roundTimes,
];

/** `scenario` fails with `violation`. */
export function shrink(
  scenario: Scenario,
  violation: FoundViolation,
  options: AttemptOptions,
): Shrunk {
  const attempts = new Attempts(scenario, violation, options);
  for (let before: Scenario | null = null; before !== attempts.scenario; ) {
    before = attempts.scenario;
    for (const pass of passes) pass(attempts);
  }
  return { scenario: attempts.scenario, violation: attempts.violation, runs: attempts.runs };
}
