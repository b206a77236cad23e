/** Goal: clients of a node that stops come to the next one bit by bit. */
import { describe, expect, it } from 'vitest';
import { RetryAdvice } from './retry-advice.ts';

describe('the advice of a node that stops', () => {
  it('spreads a thousand clients over about a second', () => {
    const advice = new RetryAdvice(1);
    expect(advice.afterMs('draining')).toBe(0);
    advice.spread(1_000);
    const waits = Array.from({ length: 1_000 }, () => advice.afterMs('draining'));
    const perTenth = Array.from({ length: 10 }, (_, tenth) =>
      waits.filter((ms) => Math.floor(ms / 100) === tenth),
    );
    for (const { length } of perTenth) expect(length).toBeGreaterThan(50);
    expect(advice.afterMs('history-changed')).toBe(0);
  });

  it('has an end, and none for a few clients', () => {
    const [many, few] = [new RetryAdvice(1), new RetryAdvice(1)];
    many.spread(1_000_000);
    few.spread(99);
    for (let n = 0; n < 100; n++) {
      expect(many.afterMs('draining')).toBeLessThan(10_000);
      expect(few.afterMs('draining')).toBe(0);
    }
  });
});
