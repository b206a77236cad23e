/**
 * The past computed the slow, obvious way: every character with everything that hit it, and a
 * question asked of each. What history, authorship and undo are compared with.
 */
import { must } from '../engine/assert.ts';
import type { ReferenceDocument } from '../engine/text/reference.ts';
import { type Batch, type OpId, opLength } from '../proto/batch.ts';
import { cutsPair } from '../proto/text.ts';

export interface NaiveCharacter {
  readonly id: OpId;
  readonly unit: string;
  /** The deletions that hit it. */
  readonly deletions: readonly OpId[];
}

/** All characters of a document that has exactly these batches, in document order. */
export function charactersOf(
  reference: ReferenceDocument,
  batches: readonly Batch[],
): NaiveCharacter[] {
  const hits = new Map<string, OpId[]>();
  for (const { id } of reference.units) hits.set(keyOf(id), []);
  for (const { replica, ops } of batches) {
    for (const op of ops) {
      if (op.type === 'insert') continue;
      for (let k = 0; k < opLength(op); k++) {
        const offset = op.reversed ? op.count - 1 - k : k;
        const target = { timestamp: op.target.timestamp + offset, replica: op.target.replica };
        must(hits.get(keyOf(target)), 'the target').push({ timestamp: op.timestamp + k, replica });
      }
    }
  }
  return reference.units.map(({ id, unit }) => ({
    id,
    unit,
    deletions: must(hits.get(keyOf(id)), 'a character'),
  }));
}

/** The characters that show if only these operations had happened; of a pair both or none. */
export function shownIf(
  characters: readonly NaiveCharacter[],
  happened: (id: OpId) => boolean,
): NaiveCharacter[] {
  const shows = ({ id, deletions }: NaiveCharacter) => happened(id) && !deletions.some(happened);
  return characters.filter((character, at) => {
    const others = [characters[at - 1], characters[at + 1]];
    const isWhole = others.every((other, side) => {
      if (other === undefined) return true;
      const pair = side === 0 ? other.unit + character.unit : character.unit + other.unit;
      return !cutsPair(pair, 1) || shows(other);
    });
    return isWhole && shows(character);
  });
}

export function textOf(characters: readonly NaiveCharacter[]): string {
  return characters.map(({ unit }) => unit).join('');
}

export function keyOf({ timestamp, replica }: OpId): string {
  return `${timestamp}.${replica}`;
}
