/** That all processes of a run have the same plan, and that it is the load that was asked for. */
import { expect, it } from 'vitest';
import { Ledger } from './ledger.ts';
import { planOf } from './plan.ts';

const options = { seed: 3, startMs: 1_000, endMs: 21_000, editsPerSecond: 500, authors: 100 };

it('is the same for the same seed, in order, and inside its time', () => {
  const plan = planOf(options);
  expect(planOf(options)).toEqual(plan);
  expect(planOf({ ...options, seed: 4 })).not.toEqual(plan);
  const times = plan.map(({ dueMs }) => dueMs);
  expect(times.toSorted((a, b) => a - b)).toEqual(times);
  expect(times.every((ms) => ms > 1_000 && ms < 21_000)).toBe(true);
  // Of 10,000 expected edits; five standard deviations.
  expect(Math.abs(plan.length - 10_000)).toBeLessThan(500);
  expect(new Set(plan.map(({ author }) => author)).size).toBe(100);
});

it('owes every edit to everybody else on its document, once', () => {
  const ledger = new Ledger(2);
  const first = 2 ** 30;
  // Authors 0 and 2 share document 0; author 4 of it is in another process.
  const [ann, bob, carl] = [0, 2, 1].map((author) => ledger.join(first + author));
  if (ann === undefined || bob === undefined || carl === undefined) throw new Error('three joined');
  const plan = [0, 2, 4, 4].map((author, index) => ({ author, dueMs: 10 * (index + 1) }));
  ledger.plan(plan, { fromMs: 15, untilMs: 35 });
  expect([ledger.missing, ledger.unacked]).toEqual([6, 2]);
  ledger.delivered(bob, first, 1, 12);
  ledger.delivered(ann, first + 2, 1, 25);
  for (const hearing of [ann, bob]) {
    ledger.delivered(hearing, first + 4, 1, 31);
    ledger.delivered(hearing, first + 4, 2, 41);
  }
  ledger.acked(ann, 1, 13);
  ledger.acked(bob, 1, 26);
  expect([ledger.missing, ledger.unacked, ledger.doubled]).toEqual([0, 0, 0]);
  ledger.delivered(ann, first + 4, 2, 50);
  expect([ledger.missing, ledger.doubled]).toEqual([0, 1]);
  // Due at 20 and 30: the edits of 10 and 40 are not measured.
  expect(ledger.broadcast.count).toBe(3);
  expect(ledger.broadcast.quantile(1)).toBe(5);
  expect(ledger.ack.count).toBe(1);
});
