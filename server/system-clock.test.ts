/**
 * Goal: deadlines come once, in order, never within the call. Method: the real clock, short
 * deadlines.
 */
import { describe, expect, it } from 'vitest';
import { SystemClock } from './system-clock.ts';

describe('SystemClock', () => {
  it('wakes at a deadline in the past soon, but not within the call', async () => {
    const clock = new SystemClock();
    let woken = false;
    const wake = new Promise<void>((resolve) => {
      clock.wakeAt(clock.now().monoMs - 1_000, () => {
        woken = true;
        resolve();
      });
    });
    expect(woken).toBe(false);
    await wake;
  });

  it('never wakes before the deadline', async () => {
    const clock = new SystemClock();
    for (let i = 0; i < 20; i++) {
      const deadlineMs = clock.now().monoMs + 0.1 + i / 7;
      await new Promise<void>((resolve) => clock.wakeAt(deadlineMs, resolve));
      expect(clock.now().monoMs).toBeGreaterThanOrEqual(deadlineMs);
    }
  });

  it('forgets the deadline before for a later one, for none, and for the stop', async () => {
    const woken: string[] = [];
    const clocks = Array.from({ length: 4 }, () => new SystemClock());
    const [postponed, far, none, stopped] = clocks;
    for (const clock of clocks) clock.wakeAt(clock.now().monoMs + 1, () => woken.push('early'));
    const last = new Promise<void>((resolve) => {
      postponed?.wakeAt(postponed.now().monoMs + 10, resolve);
    });
    far?.wakeAt(far.now().monoMs + 2 ** 40, () => woken.push('far'));
    none?.wakeAt(null, () => woken.push('none'));
    stopped?.stop();
    stopped?.wakeAt(0, () => woken.push('stopped'));
    await last;
    expect(woken).toEqual([]);
    far?.stop();
  });
});
