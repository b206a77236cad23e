/** Faults for tests: calm, but for what a test asks for. */
import { calm, FaultCount, type FaultRates } from '../scenario/faults.ts';

export function faultsWith(rates: Partial<FaultRates>): FaultCount {
  return new FaultCount({ ...calm, ...rates });
}
