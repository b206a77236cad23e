/** How many UTF-16 units splices add and remove. */
import type { TextChange } from '../../engine/text/text-change.ts';

export interface SpliceCount {
  readonly inserted: number;
  readonly deleted: number;
}

export function countSplices(splices: readonly TextChange[]): SpliceCount {
  let inserted = 0;
  let deleted = 0;
  for (const splice of splices) {
    inserted += splice.inserted.length;
    deleted += splice.deleted;
  }
  return { inserted, deleted };
}
