/** Faults that random histories found in the engine, as small as they could be made. */
import { expect, test } from 'vitest';
import type { Batch, OpId } from '../../proto/batch.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import { OpColumns } from '../../proto/op-columns.ts';
import { Document } from './document.ts';
import { Inspection } from './inspection.ts';
import { OperationNumbers } from './operation-numbers.ts';
import { ReferenceDocument } from './reference.ts';
import { Sequence } from './sequence.ts';
import { TextState } from './text-state.ts';

function insertion(replica: number, timestamp: number, right: OpId | null, text: string): Batch {
  const op = { type: 'insert', timestamp, left: null, right, text } as const;
  return { replica, first: timestamp, gap: timestamp - 1, base: 0, ops: [op] };
}

test('a left child before all others is the new left edge in a directory of siblings', () => {
  const sequence = new Sequence();
  const reference = new ReferenceDocument();
  const crowd = Array.from({ length: 70 }, (_, at) => insertion(100 + 2 * at, 1, null, '.'));
  const at180 = { timestamp: 1, replica: 180 };
  const late = [insertion(9, 2, at180, 'b'), insertion(7, 2, at180, 'a')];
  const roots = [...crowd, insertion(300, 1, null, '.')];
  for (const batch of [...roots, ...late, insertion(179, 1, null, 'X')]) {
    sequence.integrate(batch);
    reference.integrate(batch);
    sequence.check();
  }
  expect(sequence.text).toContain('Xab');
  expect(sequence.text).toBe(reference.text);
});

test('tombstones of two authors whose numbers run on stay two after loading', () => {
  const first = Document.create({ replica: 7 });
  const second = Document.create({ replica: 2 ** 40 + 3 });
  second.apply(first.insert(0, 'hello'));
  second.insert(5, 'c');
  second.delete(4, 2);
  const loaded = Document.decode(second.encode(), { replica: 9 });
  loaded.check();
  expect(loaded.digest()).toBe(second.digest());
});

test('looking behind the caret while typing does not lead later edits astray', () => {
  const document = Document.create({ replica: 1 });
  document.insert(0, 'hello world');
  document.insert(5, 'A');
  document.idAt(10);
  document.insert(6, 'B');
  expect(document.idAt(10)).toEqual({ timestamp: 9, replica: 1 });
  document.insert(11, '!');
  expect(document.text).toBe('helloAB wor!ld');
});

test('a document without history that deletes again can be saved again', () => {
  const document = Document.create({ replica: 1 });
  document.insert(0, 'hello');
  document.delete(1, 2);
  const shallow = Document.decode(document.encode({ history: 'none' }), { replica: 2 });
  shallow.delete(0, 1);
  const again = Document.decode(shallow.encode(), { replica: 3 });
  again.check();
  expect(again.text).toBe('lo');
});

test('spans that do not stand between their origins are no snapshot', () => {
  const sequence = new Sequence();
  sequence.edit(1, [{ index: 0, deleted: 0, inserted: 'ac' }], 0);
  sequence.edit(1, [{ index: 1, deleted: 0, inserted: 'b' }], 0);
  const snapshot = sequence.toSnapshot();
  const { spans } = snapshot;
  const flags = spans.flags.map(() => 0);
  const left = spans.left.with(0, 2);
  expect(() => Sequence.fromSnapshot({ ...snapshot, spans: { ...spans, flags } })).toThrow(
    DecodeError,
  );
  expect(() => Sequence.fromSnapshot({ ...snapshot, spans: { ...spans, left } })).toThrow(
    DecodeError,
  );
});

test('a full document refuses more before anything is changed', () => {
  const numbers = new OperationNumbers();
  numbers.append(numbers.author(1), 1, 2 ** 31 - 4096);
  expect(numbers.hasRoom(1)).toBe(true);
  expect(numbers.hasRoom(4096)).toBe(false);
  expect(() => numbers.checkRoom(4096)).toThrow(RangeError);
  const state = new TextState();
  state.numbers = numbers;
  const columns = new OpColumns();
  const text = 'x'.repeat(4096);
  columns.addBatch({ ...insertion(2, 1, null, text) });
  const obstacle = new Inspection(state, columns).inspect(columns, 0);
  expect(obstacle).toEqual({ type: 'invalid', reason: 'no room for 4096 more operations' });
});
