/** Edits that cannot be made, and large ones; the rest is properties/server-edit.prop.test.ts. */
import { describe, expect, it } from 'vitest';
import { Fold } from './fold.ts';
import {
  composeEdits,
  composeRestore,
  countsOf,
  EditRefusedError,
  type ServerEdit,
} from './server-edit.ts';
import { Typist } from './testing/gateway-script.ts';

const options = { replica: 99, operationsMax: 50_000 };

/** A document with one row. */
function foldWith(text: string): Fold {
  const fold = new Fold(7);
  fold.apply({ lsn: 1, at: 1_000, batches: [new Typist(11).type(0, text)] });
  return fold;
}

function refusalOf(edits: readonly ServerEdit[], operationsMax = options.operationsMax): unknown {
  const fold = foldWith('a😀b');
  try {
    composeEdits(fold, edits, { ...options, operationsMax });
  } catch (error) {
    expect(fold.sequence.text).toBe('a😀b');
    if (error instanceof EditRefusedError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return null;
}

describe('an edit is refused', () => {
  it.each<[string, ServerEdit]>([
    ['splice [5, 5) is not inside a text of 4 units', { type: 'insert', index: 5, text: 'x' }],
    ['splice [3, 5) is not inside a text of 4 units', { type: 'delete', index: 3, length: 2 }],
    ['splice [-1, 0) is not inside', { type: 'delete', index: -1, length: 1 }],
    ['index 2 is inside a surrogate pair', { type: 'insert', index: 2, text: 'x' }],
    ['index 2 is inside a surrogate pair', { type: 'delete', index: 1, length: 1 }],
    ['lone surrogate at 1', { type: 'append', text: 'x\ud83d' }],
  ])('%s', (reason, edit) => {
    expect(refusalOf([edit])).toContain('bad-range: ');
    expect(refusalOf([edit])).toContain(reason);
  });

  it('as a whole if the last of several cannot be made', () => {
    const edits: ServerEdit[] = [
      { type: 'append', text: 'xyz' },
      { type: 'delete', index: 0, length: 8 },
    ];
    expect(refusalOf(edits)).toBe('bad-range: splice [0, 8) is not inside a text of 7 units');
  });

  it('if it is too large', () => {
    const many = Array.from({ length: 1_001 }, (): ServerEdit => ({ type: 'append', text: 'x' }));
    expect(refusalOf(many)).toBe('too-large: 1001 edits, 1000 is the limit');
    expect(refusalOf([{ type: 'append', text: 'xyz' }], 2)).toBe(
      'too-large: 3 units inserted and deleted, 2 is the limit',
    );
  });
});

it('an edit that changes nothing is no batch', () => {
  const edits: ServerEdit[] = [
    { type: 'insert', index: 1, text: '' },
    { type: 'delete', index: 0, length: 0 },
  ];
  expect(composeEdits(foldWith('ab'), edits, options)).toBeNull();
});

it('an edit tells what it inserts and deletes', () => {
  const edit: ServerEdit = { type: 'replace', index: 0, length: 2, text: 'xyz' };
  const batch = composeEdits(foldWith('ab'), [edit], options);
  expect(batch && countsOf(batch)).toEqual({ inserted: 3, deleted: 2 });
});

it('a restore with thousands of places is one batch', () => {
  const fold = foldWith('é-'.repeat(5_000));
  const past = fold.committed.clone();
  const ben = new Typist(22);
  ben.sequence.integrate(new Typist(11).type(0, 'é-'.repeat(5_000)));
  for (let index = 0; index < 5_000; index++) {
    const splice = { index, deleted: 1, inserted: '' };
    const batch = ben.sequence.edit(22, [splice], 1);
    if (batch !== null) fold.apply({ lsn: fold.lsn + 1, at: 1_000, batches: [batch] });
  }
  expect(fold.sequence.text).toBe('-'.repeat(5_000));
  const batch = composeRestore(fold, past, options);
  expect(batch).toMatchObject({ replica: 99, base: fold.lsn, gap: fold.clock });
  expect(batch?.ops).toHaveLength(5_000);
  if (batch !== null) fold.apply({ lsn: fold.lsn + 1, at: 1_000, batches: [batch] });
  expect(fold.sequence.text).toBe('é-'.repeat(5_000));
});
