/** What is told of repeated measurements. */
import { must } from '../../engine/assert.ts';

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** Of at least one value; of an even number of them the lower of the two in the middle. */
export function summaryOf(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: must(sorted[Math.floor((sorted.length - 1) / 2)], 'a value'),
    min: must(sorted[0], 'a value'),
    max: must(sorted.at(-1), 'a value'),
    runs: sorted.length,
  };
}
