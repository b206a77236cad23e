/**
 * A history as people make it, for tests of what is done with whole logs: two of them type and
 * delete in turns and at once, and one batch changes nothing.
 */
import { must } from '../../engine/assert.ts';
import { Random } from '../../engine/random.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { Sequence } from '../../engine/text/sequence.ts';
import type { Batch } from '../../proto/batch.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';

export interface TypedHistory {
  /** Encoded Updates, of row 1, 2, 3, … */
  readonly bodies: readonly Uint8Array[];
  /** The text at LSN 0, 1, 2, … */
  readonly texts: readonly string[];
}

/** Its timestamp is far ahead of the log's. */
const tooEarly: Batch = {
  replica: 13,
  first: 999,
  gap: 998,
  base: 0,
  ops: [{ type: 'insert', timestamp: 999, left: null, right: null, text: 'never' }],
};

const pieces = ['a', 'words ', 'né', '😀', '\n', 'x'] as const;

export function typedHistory(rows: number, seed = 1): TypedHistory {
  const random = new Random(seed);
  const fold = new Fold(1);
  const people = [11, 12].map((replica) => ({ replica, sequence: new Sequence(), seen: 0 }));
  const batches: Batch[][] = [];
  const bodies: Uint8Array[] = [];
  const texts = [''];
  for (let lsn = 1; lsn <= rows; lsn++) {
    const authors = random.chance(200_000) ? people : [random.pick(people)];
    const row = authors.map((person) => {
      // Who is behind types into an older text.
      const through = random.chance(500_000) ? batches.length : person.seen;
      for (const batch of batches.slice(person.seen, through).flat()) {
        if (batch.replica !== person.replica) person.sequence.integrate(batch);
      }
      person.seen = through;
      return edit(person, random);
    });
    if (lsn === 5) row.push(tooEarly);
    const at = fold.at + 1;
    const { batches: folded } = fold.apply({ lsn, at, batches: row });
    batches.push(folded.filter(({ verdict }) => verdict.type === 'applied').map((b) => b.batch));
    bodies.push(encodeUpdate({ batches: row }));
    texts.push(fold.sequence.text);
  }
  return { bodies, texts };
}

function edit(
  { replica, sequence, seen }: { replica: number; sequence: Sequence; seen: number },
  random: Random,
): Batch {
  const { text } = sequence;
  const isFirst = sequence.lastOf(replica) === 0;
  // The end never lies within a pair, and neither does a word that was typed before it.
  const index = text.length > 4 && random.chance(700_000) ? boundary(text, random) : text.length;
  const deleted = text.slice(index).startsWith('words') ? random.below(3) : 0;
  const splice = { index, deleted, inserted: random.pick(pieces) };
  const batch = must(sequence.edit(replica, [splice], seen), 'an edit makes a batch');
  if (!isFirst) return batch;
  const secretHash = new Uint8Array(32).fill(replica);
  return { ...batch, binding: { secretHash, principal: `person-${replica}` } };
}

/** A place that is not within a surrogate pair. */
function boundary(text: string, random: Random): number {
  const index = random.below(text.length);
  return /[\ud800-\udbff]/.test(text[index - 1] ?? '') ? index - 1 : index;
}
