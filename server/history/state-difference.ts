/** Where two states of one document differ first, in words: what people look for before bytes. */
import type { Fold } from '../../engine/sync/fold.ts';

/** Characters of each text that are shown from where they differ. */
const shownUnits = 20;

export interface EncodedState {
  readonly fold: Fold;
  /** Its snapshot without compression; equal states have equal bytes. */
  readonly bytes: Uint8Array;
}

/** null: they are equal. `expected` is what the rows make. */
export function firstDifference(expected: EncodedState, found: EncodedState): string | null {
  if (Buffer.compare(expected.bytes, found.bytes) === 0) return null;
  return (
    textDifference(expected.fold.sequence.text, found.fold.sequence.text) ??
    replicaDifference(expected.fold, found.fold) ??
    countDifference(expected.fold, found.fold) ??
    byteDifference(expected.bytes, found.bytes)
  );
}

function textDifference(expected: string, found: string): string | null {
  if (expected === found) return null;
  let index = 0;
  while (index < expected.length && expected[index] === found[index]) index++;
  const [wanted, there] = [expected, found].map((text) =>
    JSON.stringify(text.slice(index, index + shownUnits)),
  );
  const lengths = `${expected.length} and ${found.length} units`;
  return `its text differs at index ${index}: expected ${wanted}, found ${there} (${lengths})`;
}

function replicaDifference(expected: Fold, found: Fold): string | null {
  const [wanted, there] = [expected, found].map((fold) =>
    fold.table.entries.map(({ replica, since, binding }) => {
      const bound = binding === null ? 'unbound' : Buffer.from(binding.secretHash).toString('hex');
      const last = fold.committed.get(replica);
      return `${replica} up to ${last} since row ${since}, ${bound} ${binding?.principal ?? ''}`;
    }),
  );
  const index = (wanted ?? []).findIndex((entry, i) => entry !== there?.[i]);
  if (index === -1 && wanted?.length === there?.length) return null;
  const at = index === -1 ? (wanted?.length ?? 0) : index;
  const [one, other] = [wanted?.[at] ?? 'none', there?.[at] ?? 'none'];
  return `its replica ${at + 1} differs: expected ${one}, found ${other}`;
}

function countDifference(expected: Fold, found: Fold): string | null {
  if (expected.operations !== found.operations) {
    return `it has ${found.operations} operations, expected ${expected.operations}`;
  }
  const [wanted, there] = [expected, found].map((fold) => JSON.stringify([...fold.voided]));
  return wanted === there ? null : `its void batches are ${there}, expected ${wanted}`;
}

function byteDifference(expected: Uint8Array, found: Uint8Array): string {
  const index = expected.findIndex((byte, i) => byte !== found[i]);
  const at = index === -1 ? expected.length : index;
  return `its deleted text or its deletions differ, from byte ${at} of the plain snapshot on`;
}
