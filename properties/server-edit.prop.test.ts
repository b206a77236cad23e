/**
 * Edits that the server makes, in random histories: they do what they say where nothing happened
 * since, and merge with what did.
 *
 * Method: a history's batches are the rows of a log, one each. An edit is made at one row and
 * appended after the last; the text is compared with the splices applied to a plain string, and the
 * characters that others wrote since are looked for by their ids.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fold } from '../engine/sync/fold.ts';
import { foldOf, snapshotOf } from '../engine/sync/fold-snapshot.ts';
import { composeEdits, composeRestore, type ServerEdit } from '../engine/sync/server-edit.ts';
import { type Batch, batchOperations, type OpId } from '../proto/batch.ts';
import { cutsPair } from '../proto/text.ts';
import { encodeUpdate } from '../proto/update-codec.ts';
import { anyPlan, Cluster, type Plan } from './histories.ts';

const numRuns = 300;
const options = { replica: 2 ** 52 + 11, operationsMax: 10_000 };

interface Wish {
  readonly type: ServerEdit['type'];
  readonly at: number;
  readonly size: number;
  readonly text: string;
}

const anyWish = fc.record({
  type: fc.constantFrom<ServerEdit['type']>('insert', 'delete', 'replace', 'append'),
  at: fc.nat({ max: 9_999 }),
  size: fc.nat({ max: 6 }),
  text: fc.constantFrom('', 'A', 'BC', 'D😀', '\n'),
});

/** A log, the row at which an edit is made, and what is wanted. */
const anyCase = fc.record({
  plan: anyPlan(40),
  at: fc.nat({ max: 9_999 }),
  wishes: fc.array(anyWish, { minLength: 1, maxLength: 4 }),
});

/** The fold of the first `count` rows, some of them read back from a snapshot. */
function foldRows(batches: readonly Batch[], count = batches.length): Fold {
  const fold = new Fold(7);
  for (const batch of batches.slice(0, count)) append(fold, batch);
  return count % 3 === 0 ? foldOf(snapshotOf(fold, { bindings: true })) : fold;
}

function append(fold: Fold, batch: Batch): string {
  const lsn = fold.lsn + 1;
  const [folded] = fold.apply({ lsn, at: 1_000 + lsn, batches: [batch] }).batches;
  return folded?.verdict.type ?? 'none';
}

/** Rows of a plan, and how many of them the edit has seen. */
function logOf({ plan, at }: { readonly plan: Plan; readonly at: number }) {
  const { batches } = Cluster.run(plan, false);
  return { batches, seen: at % (batches.length + 1) };
}

/** Edits that fit the text, and what they make of it. */
function fitted(text: string, wishes: readonly Wish[]): { edits: ServerEdit[]; after: string } {
  const edits: ServerEdit[] = [];
  let after = text;
  for (const { type, at, size, text: inserted } of wishes) {
    const index = legal(after, at % (after.length + 1));
    const end = legal(after, Math.min(index + size, after.length));
    const length = end - index;
    if (type === 'append') {
      edits.push({ type, text: inserted });
      after += inserted;
    } else if (type === 'insert') {
      edits.push({ type, index, text: inserted });
      after = after.slice(0, index) + inserted + after.slice(index);
    } else if (type === 'delete') {
      edits.push({ type, index, length });
      after = after.slice(0, index) + after.slice(end);
    } else {
      edits.push({ type, index, length, text: inserted });
      after = after.slice(0, index) + inserted + after.slice(end);
    }
  }
  return { edits, after };
}

function legal(text: string, index: number): number {
  return cutsPair(text, index) ? index - 1 : index;
}

/** Characters of these batches that show. */
function shown(fold: Fold, batches: readonly Batch[]): readonly OpId[] {
  return batches
    .flatMap((batch) => {
      const { replica, first } = batch;
      return Array.from({ length: batchOperations(batch) }, (_, k) => ({
        timestamp: first + k,
        replica,
      }));
    })
    .filter((id) => fold.sequence.isVisible(id));
}

test('an edit where nothing happened since is its splices on a plain string', () => {
  fc.assert(
    fc.property(anyCase, (each) => {
      const { batches } = logOf(each);
      const head = foldRows(batches);
      const { edits, after } = fitted(head.sequence.text, each.wishes);
      const digest = head.sequence.digest();
      const batch = composeEdits(head, edits, options);
      expect(head.sequence.digest()).toBe(digest);
      if (batch === null) expect(after).toBe(head.sequence.text);
      else expect(append(head, batch)).toBe('applied');
      expect(head.sequence.text).toBe(after);
    }),
    { numRuns },
  );
});

test('an edit at an old row is applied at the head, and what was written since is there', () => {
  fc.assert(
    fc.property(anyCase, (each) => {
      const { batches, seen } = logOf(each);
      const base = foldRows(batches, seen);
      const { edits } = fitted(base.sequence.text, each.wishes);
      const batch = composeEdits(base, edits, options);
      fc.pre(batch !== null);
      const head = foldRows(batches);
      const before = shown(head, batches.slice(seen));
      expect(batch).toMatchObject({ base: seen, gap: batch.first - 1 });
      expect(append(head, batch)).toBe('applied');
      expect(shown(head, batches.slice(seen))).toEqual(before);
    }),
    { numRuns },
  );
});

test('the same request at the same row gives the same bytes', () => {
  fc.assert(
    fc.property(anyCase, (each) => {
      const { batches, seen } = logOf(each);
      const { edits } = fitted(foldRows(batches, seen).sequence.text, each.wishes);
      const through = new Fold(7);
      for (const batch of batches.slice(0, seen)) append(through, batch);
      const loaded = foldOf(snapshotOf(through, { bindings: true }));
      const [one, other] = [through, loaded].map((fold) => composeEdits(fold, edits, options));
      fc.pre(one !== null && one !== undefined && other !== null && other !== undefined);
      expect(encodeUpdate({ batches: [one] })).toEqual(encodeUpdate({ batches: [other] }));
    }),
    { numRuns },
  );
});

test('a restore gives the past text, and restoring the row before it takes it back', () => {
  fc.assert(
    fc.property(anyCase, (each) => {
      const { batches, seen } = logOf(each);
      const past = foldRows(batches, seen);
      const head = foldRows(batches);
      const present = { text: head.sequence.text, version: head.committed.clone() };
      const batch = composeRestore(head, past.committed, options);
      if (batch === null) expect(present.text).toBe(past.sequence.text);
      else expect(append(head, batch)).toBe('applied');
      expect(head.sequence.text).toBe(past.sequence.text);
      const undo = composeRestore(head, present.version, { ...options, replica: 99_999 });
      if (undo !== null) expect(append(head, undo)).toBe('applied');
      expect(head.sequence.text).toBe(present.text);
    }),
    { numRuns },
  );
});

test('a restore leaves alone what came since it was made, and what both versions have', () => {
  fc.assert(
    fc.property(anyCase, fc.nat({ max: 9_999 }), (each, then) => {
      const { batches, seen } = logOf(each);
      const asked = seen + (then % (batches.length + 1 - seen));
      const past = foldRows(batches, seen);
      const batch = composeRestore(foldRows(batches, asked), past.committed, options);
      fc.pre(batch !== null);
      const head = foldRows(batches);
      const others = shown(head, batches.slice(asked));
      const both = shown(head, batches.slice(0, seen)).filter((id) => past.sequence.isVisible(id));
      expect(append(head, batch)).toBe('applied');
      expect(shown(head, batches.slice(asked))).toEqual(others);
      expect(shown(head, batches.slice(0, seen))).toEqual(both);
    }),
    { numRuns },
  );
});
