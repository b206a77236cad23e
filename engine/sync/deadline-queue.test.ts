/** The heap of deadlines against the obvious thing: a map that is searched. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DeadlineQueue } from './deadline-queue.ts';

it('says the same as a map that is searched', () => {
  const due = fc.option(fc.nat(50), { nil: null });
  const change = fc.record({ item: fc.nat(9), due, now: fc.nat(60) });
  let taken = 0;
  fc.assert(
    fc.property(fc.array(change, { maxLength: 100, size: 'max' }), (changes) => {
      const queue = new DeadlineQueue<number>();
      const model = new Map<number, number>();
      for (const { item, due: dueMs, now } of changes) {
        queue.set(item, dueMs);
        if (dueMs === null) model.delete(item);
        else model.set(item, dueMs);
        expect(queue.nextMs).toBe(model.size === 0 ? null : Math.min(...model.values()));
        if (now % 3 !== 0) continue;
        const expected = [...model].filter(([, at]) => at <= now);
        const items = queue.takeDue(now);
        expect([...items].sort((a, b) => a - b)).toEqual(
          expected.map(([key]) => key).sort((a, b) => a - b),
        );
        const times = items.map((key) => model.get(key) ?? Number.NaN);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        for (const key of items) model.delete(key);
        taken += items.length;
      }
    }),
  );
  expect(taken).toBeGreaterThan(100);
});
