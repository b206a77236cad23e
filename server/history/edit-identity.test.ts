/** What an idempotency key stands for, in the fold of a log. */
import { describe, expect, it } from 'vitest';
import { must } from '../../engine/assert.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { foldOf, snapshotOf } from '../../engine/sync/fold-snapshot.ts';
import { composeEdits, type ServerEdit } from '../../engine/sync/server-edit.ts';
import { Sequence } from '../../engine/text/sequence.ts';
import type { Batch } from '../../proto/batch.ts';
import { type EditRequest, editBinding, editReplica, findEdit } from './edit-identity.ts';

function requestOf(edits: readonly ServerEdit[], other: Partial<EditRequest> = {}): EditRequest {
  const wish = { type: 'edits', edits, base: null } as const;
  return { document: 'd', principal: 'anna', key: 'k', wish, ...other };
}

/** As a node makes it that has come as far as the fold. */
function batchAt(fold: Fold, request: EditRequest): Batch {
  if (request.wish.type === 'restore') throw new Error('edits only');
  const options = { replica: editReplica(request, fold.epoch), operationsMax: 100 };
  const batch = must(composeEdits(fold, request.wish.edits, options), 'a change');
  return { ...batch, binding: editBinding(request, batch) };
}

function append(fold: Fold, batch: Batch): string {
  const lsn = fold.lsn + 1;
  return fold.apply({ lsn, at: 1_000, batches: [batch] }).batches[0]?.verdict.type ?? 'none';
}

/** A document with one row, and who wrote it. */
function written(text: string): { fold: Fold; author: Sequence } {
  const fold = new Fold(7);
  const author = new Sequence();
  append(fold, must(author.edit(11, [{ index: 0, deleted: 0, inserted: text }], 0), 'text'));
  return { fold, author };
}

const word = requestOf([{ type: 'append', text: 'word' }]);
const atRowOne: EditRequest['wish'] = {
  ...{ type: 'edits', base: 1 },
  edits: [{ type: 'append', text: 'word' }],
};

describe('a fold that has the edit', () => {
  const { fold } = written('abc');
  append(fold, batchAt(fold, word));

  it('tells its row, also after a snapshot', () => {
    for (const each of [fold, foldOf(snapshotOf(fold, { bindings: true }))]) {
      expect(findEdit(each, word)).toEqual({ lsn: 2, replica: editReplica(word, 7) });
    }
  });

  it('tells it under another epoch, too: a backup was restored that has it', () => {
    const restored = foldOf(snapshotOf(fold, { bindings: true }));
    restored.epoch = 8;
    expect(findEdit(restored, word)).toEqual({ lsn: 2, replica: editReplica(word, 7) });
    expect(editReplica(word, 8)).not.toBe(editReplica(word, 7));
  });

  it.each<[string, EditRequest]>([
    ['other edits', requestOf([{ type: 'append', text: 'words' }])],
    ['another principal', requestOf([{ type: 'append', text: 'word' }], { principal: 'ben' })],
    ['a base', requestOf([{ type: 'append', text: 'word' }], { wish: atRowOne })],
    ['a restore', { ...word, wish: { type: 'restore', moment: { type: 'lsn', lsn: 1 } } }],
  ])('does not take %s under the same key for it', (_, other) => {
    expect(findEdit(fold, other)).toBe('reused');
  });

  it('does not take the same edits under another key for it', () => {
    expect(findEdit(fold, { ...word, key: 'other' })).toBeNull();
  });
});

it('made twice at the same row it is covered', () => {
  const { fold } = written('abc');
  const batch = batchAt(fold, word);
  expect([append(fold, batch), append(fold, batch)]).toEqual(['applied', 'covered']);
  expect(fold.sequence.text).toBe('abcword');
});

it('made at two rows it is void the second time, even if it begins as the first one ended', () => {
  const { fold, author } = written('abcdefgh');
  const request = requestOf([{ type: 'delete', index: 0, length: 4 }]);
  const first = batchAt(fold, request);
  // Somebody deletes `a`: the same request means the characters b … e now, one timestamp later.
  const other = must(author.edit(11, [{ index: 0, deleted: 1, inserted: '' }], 1), 'a deletion');
  append(fold, other);
  const second = batchAt(fold, request);
  expect(second.first).toBe(first.first + 1);
  expect([append(fold, first), append(fold, second)]).toEqual(['applied', 'void']);
  expect(fold.sequence.text).toBe('efgh');
  expect(findEdit(fold, request)).toMatchObject({ lsn: 3 });
});
