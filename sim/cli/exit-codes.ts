/** What the exit code says, so that scripts and `git bisect` can tell findings apart. */
import type { FoundViolation, ViolationKind } from '../checks/violation.ts';

/** A mistake on the command line. */
export const usageMistake = 2;
/** A run that is not repeatable; seeds that did too little to count. */
export const harnessFault = 130;

const codes: Readonly<Record<ViolationKind, number>> = {
  crash: 127,
  liveness: 128,
  safety: 129,
  harness: harnessFault,
};

export function exitCodeOf(violation: FoundViolation | null): number {
  return violation === null ? 0 : codes[violation.kind];
}
