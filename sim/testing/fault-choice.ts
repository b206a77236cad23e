/** Fault plans for tests: calm, but for what a test asks for. */
import { calm, type FaultPlan, Faults } from '../fault-plan.ts';

export function faultsWith(plan: Partial<FaultPlan>): Faults {
  return new Faults({ ...calm, ...plan });
}
