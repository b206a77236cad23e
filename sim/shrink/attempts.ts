/**
 * The smallest scenario so far that fails in the same way, and the one gate to a smaller one.
 *
 * Only a candidate that can be run, and whose violation has the fingerprint of the first, takes its
 * place: otherwise one bug would turn into another on the way.
 */
import { type FoundViolation, fingerprint } from '../checks/violation.ts';
import type { SimResult } from '../result.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { scenarioMistake } from '../scenario/scenario-mistake.ts';

export interface AttemptOptions {
  readonly run: (scenario: Scenario) => Pick<SimResult, 'violation'>;
  /** Whether so many runs, or the time they took, are enough. Asked before each. */
  readonly isUsedUp: (runs: number) => boolean;
  /** Told of each smaller one, and how it fails. */
  readonly smaller?: (scenario: Scenario, violation: FoundViolation) => void;
}

export class Attempts {
  readonly #options: AttemptOptions;
  readonly #fingerprint: string;
  #scenario: Scenario;
  #violation: FoundViolation;
  #runs = 0;
  #isUsedUp = false;

  constructor(scenario: Scenario, violation: FoundViolation, options: AttemptOptions) {
    this.#scenario = scenario;
    this.#violation = violation;
    this.#fingerprint = fingerprint(violation);
    this.#options = options;
  }

  get scenario(): Scenario {
    return this.#scenario;
  }

  /** Of `scenario`. */
  get violation(): FoundViolation {
    return this.#violation;
  }

  get runs(): number {
    return this.#runs;
  }

  /** True: nothing is tried any more. */
  get isUsedUp(): boolean {
    return this.#isUsedUp;
  }

  /** Runs the scenario with these changes; true if it takes the old one's place. */
  attempt(changes: Partial<Scenario>): boolean {
    const candidate = { ...this.#scenario, ...changes };
    if (this.#isUsedUp || scenarioMistake(candidate) !== null) return false;
    this.#isUsedUp = this.#options.isUsedUp(this.#runs);
    if (this.#isUsedUp) return false;
    this.#runs++;
    const { violation } = this.#options.run(candidate);
    if (violation === null || fingerprint(violation) !== this.#fingerprint) return false;
    this.#scenario = candidate;
    this.#violation = violation;
    this.#options.smaller?.(candidate, violation);
    return true;
  }
}
