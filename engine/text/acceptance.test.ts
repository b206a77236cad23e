/**
 * The cases C1 … C20: what the order of FugueMax must be where algorithms differ, in every causal
 * order of delivery, compared with the oracle after each step.
 *
 * Notation: `A0:x(l,r)` = agent A's operation 0 inserts the character x with the left origin l and
 * the right origin r; ^ = start of the document, $ = its end. An operation has seen its author's
 * earlier ones, its origins, and what those had seen. Its timestamp is one above the highest that
 * it has seen.
 */
import { describe, expect, test } from 'vitest';
import { linearExtensions } from '../../properties/linear-extensions.ts';
import { expectSame } from '../../properties/same-state.ts';
import type { Batch, OpId } from '../../proto/batch.ts';
import { must } from '../assert.ts';
import { ReferenceDocument } from './reference.ts';
import { Sequence } from './sequence.ts';

interface Case {
  readonly name: string;
  readonly ops: string;
  readonly order: string;
}

const cases: readonly Case[] = [
  { name: 'C1 a tie', ops: 'A0:a(^,$) B0:b(^,$)', order: 'a b' },
  {
    name: 'C1 a tie of the agents 99 and 100: ids are numbers, not text',
    ops: 'c0:a(^,$) d0:b(^,$)',
    order: 'a b',
  },
  {
    name: 'C2 forward runs',
    ops: 'A0:a1(^,$) A1:a2(a1,$) A2:a3(a2,$) B0:b1(^,$) B1:b2(b1,$) B2:b3(b2,$)',
    order: 'a1 a2 a3 b1 b2 b3',
  },
  {
    name: 'C3 forward runs, the agent changes inside',
    ops: 'A0:a1(^,$) X0:a2(a1,$) Y0:a3(a2,$) B0:b1(^,$) C0:b2(b1,$) D0:b3(b2,$)',
    order: 'a1 a2 a3 b1 b2 b3',
  },
  {
    name: 'C4 backward runs',
    ops: 'A0:a3(^,$) A1:a2(^,a3) A2:a1(^,a2) B0:b3(^,$) B1:b2(^,b3) B2:b1(^,b2)',
    order: 'a1 a2 a3 b1 b2 b3',
  },
  {
    name: 'C5 backward runs, mixed agents',
    ops: 'A0:a2(^,$) X0:a1(^,a2) B0:b2(^,$) B1:b1(^,b2)',
    order: 'a1 a2 b1 b2',
  },
  {
    name: 'C6 tails',
    ops: 'A0:a(^,$) A1:a0(^,a) A2:a1(a,$) B0:b(^,$) B1:b0(^,b) B2:b1(b,$)',
    order: 'a0 a a1 b0 b b1',
  },
  {
    name: 'C7 tails, the lowest agent prepends',
    ops: 'B0:a(^,$) B1:a0(^,a) B2:a1(a,$) C0:b(^,$) A0:b0(^,b) C1:b1(b,$)',
    order: 'a0 a a1 b0 b b1',
  },
  {
    name: 'C8 the right origin counts',
    ops: 'C0:a(^,$) B0:b(^,$) A0:c(^,a)',
    order: 'b c a',
  },
  {
    name: 'C9 a local insertion against a concurrent one',
    ops: 'A0:a(^,$) C0:c(^,$) B0:b(^,$) D0:d(a,c)',
    order: 'a d b c',
  },
  {
    name: 'C10 right siblings in reverse order of right origins',
    ops: 'A0:A(^,$) B0:B(^,$) C0:C(^,$) E0:X(A,C) D0:Y(A,B)',
    order: 'A X Y B C',
  },
  {
    name: 'C11 the same with the other agent lower',
    ops: 'A0:A(^,$) B0:B(^,$) C0:C(^,$) D0:X(A,C) E0:Y(A,B)',
    order: 'A X Y B C',
  },
  {
    name: 'C12 the shortest difference to Fugue',
    ops: 'A0:a(^,$) B0:b(^,$) A1:c(a,b) C0:d(a,$)',
    order: 'a d c b',
  },
  {
    name: 'C13 equal left origins',
    ops: 'A0:a(^,$) B0:b(^,$) C0:c(^,a)',
    order: 'c a b',
  },
  {
    name: 'C14 the search goes on behind a sibling',
    ops: 'B0:a(^,$) A0:b(^,$) B1:c(^,a)',
    order: 'b c a',
  },
  {
    name: 'C15 the search ends at a left origin further left',
    ops: 'A0:a(^,$) A1:b(a,$) C0:c(^,$)',
    order: 'a b c',
  },
  {
    name: "C16 a sibling's children are passed over",
    ops: 'C0:a(^,$) A0:b(^,$) A1:c(b,$)',
    order: 'b c a',
  },
  { name: 'C17 the search ends at the right origin', ops: 'B0:a(^,$) B1:b(^,a)', order: 'b a' },
  {
    name: 'C18 nested',
    ops: 'A0:p(^,$) B0:x(p,$) C0:y(p,$) B1:x2(x,$) C1:y2(p,y) D0:z(x,y)',
    order: 'p x x2 z y2 y',
  },
];

/** Operations by position, what each must come after, and the names of the characters. */
interface Parsed {
  readonly batches: readonly Batch[];
  readonly before: readonly (readonly number[])[];
  readonly labels: ReadonlyMap<string, string>;
}

describe('the order is that of the table, whatever the order of delivery', () => {
  // A name in full, by which sim/planted-engine-bugs.ts can tell it.
  test.each(cases.map((each) => [each.name, each] as const))('%s', (_, { ops, order }) => {
    const { batches, before, labels } = parse(ops);
    let count = 0;
    for (const delivery of linearExtensions(before)) {
      count++;
      const sequence = new Sequence();
      const reference = new ReferenceDocument();
      for (const position of delivery) {
        const batch = must(batches[position], 'a batch');
        expect(sequence.obstacle(batch)).toBeNull();
        sequence.integrate(batch);
        reference.integrate(batch);
        expectSame(sequence, reference);
      }
      expect(labelsOf(sequence, labels)).toBe(order);
    }
    expect(count).toBeGreaterThan(0);
  });

  test('C19 the right origin is the next character, tombstones included', () => {
    const a = new Sequence();
    const b = new Sequence();
    const one = must(b.edit(2, [{ index: 0, deleted: 0, inserted: '1' }], 0), 'an insertion');
    a.integrate(one);
    // The clock is raised, so that the lower id is that of 3.
    const two = must(b.edit(2, [{ index: 0, deleted: 0, inserted: '2' }], 0, 9), 'an insertion');
    const gone = must(a.edit(1, [{ index: 0, deleted: 1, inserted: '' }], 0), 'a deletion');
    const three = must(a.edit(1, [{ index: 0, deleted: 0, inserted: '3' }], 0), 'an insertion');
    expect(three.ops).toMatchObject([{ left: null, right: { timestamp: 1, replica: 2 } }]);
    const batches = [one, two, gone, three];
    for (const order of linearExtensions([[], [0], [0], [2]])) {
      const sequence = new Sequence();
      for (const position of order) sequence.integrate(must(batches[position], 'a batch'));
      // Both are left children of 1; with the tombstone as left origin, 3 would stand behind 2.
      expect(sequence.text).toBe('32');
    }
  });

  test('C20 eight agents at the same place, in all 40,320 orders', () => {
    const agents = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'];
    const { batches } = parse(agents.map((agent) => `${agent}0:${agent}(^,$)`).join(' '));
    let count = 0;
    for (const order of linearExtensions(agents.map(() => []))) {
      const sequence = new Sequence();
      for (const position of order) sequence.integrate(must(batches[position], 'a batch'));
      if (count % 1000 === 0) sequence.check();
      if (sequence.text !== 'abcdefgh') expect(sequence.text, String(order)).toBe('abcdefgh');
      count++;
    }
    expect(count).toBe(40_320);
  });
});

function parse(source: string): Parsed {
  const ids = new Map<string, OpId>();
  const batches: Batch[] = [];
  const before: number[][] = [];
  const labels = new Map<string, string>();
  for (const [position, op] of source.split(' ').entries()) {
    const [, agent = '', label = '', l = '', r = ''] = /^(.)\d+:(\w+)\((.+),(.+)\)$/.exec(op) ?? [];
    const replica = agent.charCodeAt(0);
    const origins = [ids.get(l) ?? null, ids.get(r) ?? null] as const;
    const seen = batches.flatMap((batch, other) => {
      const isOrigin = origins.some((id) => id !== null && isOf(batch, id));
      return isOrigin || batch.replica === replica ? [other] : [];
    });
    const own = batches.findLast((batch) => batch.replica === replica)?.first ?? 0;
    const first = 1 + Math.max(0, ...seen.map((other) => must(batches[other], 'a batch').first));
    const text = String.fromCharCode('a'.charCodeAt(0) + position);
    const insert = {
      type: 'insert',
      timestamp: first,
      left: origins[0],
      right: origins[1],
    } as const;
    batches.push({ replica, first, gap: first - 1 - own, base: 0, ops: [{ ...insert, text }] });
    before.push(seen);
    ids.set(label, { timestamp: first, replica });
    labels.set(text, label);
  }
  return { batches, before, labels };
}

function isOf(batch: Batch, id: OpId): boolean {
  return batch.replica === id.replica && batch.first === id.timestamp;
}

function labelsOf(sequence: Sequence, labels: ReadonlyMap<string, string>): string {
  return [...sequence.text].map((unit) => labels.get(unit)).join(' ');
}
