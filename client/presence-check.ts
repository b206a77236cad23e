/** What an application may say about its person. */
import type { LocalPresence } from '../engine/sync/replica-effects.ts';
import { presenceColorUnitsMax, presenceNameUnitsMax } from '../proto/limits.ts';
import { loneSurrogate } from '../proto/text.ts';

/** RangeError for what others could not be shown; `length` is the text's. */
export function checkPresence(presence: LocalPresence, length: number): void {
  const texts = [
    ['name', presence.name, presenceNameUnitsMax],
    ['color', presence.color, presenceColorUnitsMax],
  ] as const;
  for (const [field, text, unitsMax] of texts) {
    if (text.length > unitsMax) {
      throw new RangeError(`a ${field} has at most ${unitsMax} units, got ${text.length}`);
    }
    if (loneSurrogate(text) >= 0) throw new RangeError(`the ${field} has a lone surrogate`);
  }
  for (const index of [presence.head, presence.anchor]) {
    if (index === null || (Number.isSafeInteger(index) && index >= 0 && index <= length)) continue;
    throw new RangeError(`index ${index} is not in a text of ${length} units`);
  }
}
