/**
 * What every clock must keep, the real one and the model: ClockPort of engine/driver/ports.ts.
 *
 * Method: deadlines that are waited for; that one does not come is shown by a later one of another
 * clock on the same time. No moment is asserted but in relation to another of the same clock.
 */
import { expect, it } from 'vitest';
import type { ClockPort } from '../../engine/driver/ports.ts';

/** A time of its own, and clocks on it. */
export interface TimeUnderTest {
  /** The clock of another process of one machine. */
  clock(): ClockPort;
  /** Somebody sets the machine's wall clock; null: this time cannot play that. */
  readonly setWallClock: ((byMs: number) => void) | null;
  close(): void;
}

export type OpenTime = () => TimeUnderTest;

/** Registers the tests; each opens a time of its own. */
export function clockContract(open: OpenTime): void {
  readingContract(open);
  deadlineContract(open);
  replacementContract(open);
}

function readingContract(open: OpenTime): void {
  it('never goes back on its monotonic side, whatever the wall clock does', async () => {
    await withTime(open, async (time) => {
      const clock = time.clock();
      const readings: number[] = [];
      for (let n = 0; n < 30; n++) {
        readings.push(clock.now().monoMs, clock.now().monoMs);
        time.setWallClock?.(n % 2 === 0 ? -60_000 : 45_000);
        await wakeIn(clock, 1);
      }
      expect(readings).toEqual(readings.toSorted((a, b) => a - b));
      expect(readings.at(-1)).toBeGreaterThan(readings[0] ?? Infinity);
    });
  });

  it('does not jump on its monotonic side when the wall clock does', async () => {
    await withTime(open, async (time) => {
      const clock = time.clock();
      await wakeIn(clock, 1);
      for (const byMs of [-3_600_000, 7_200_000]) {
        const before = clock.now();
        time.setWallClock?.(byMs);
        const after = clock.now();
        expect(after.monoMs).toBeGreaterThanOrEqual(before.monoMs);
        expect(after.monoMs - before.monoMs).toBeLessThan(3_600_000);
        if (time.setWallClock !== null) {
          expect(after.wallMs - before.wallMs).toBeCloseTo(byMs + after.monoMs - before.monoMs, -1);
        }
      }
    });
  });

  it('wakes when its monotonic side says so, though the wall clock was set', async () => {
    await withTime(open, async (time) => {
      const clock = time.clock();
      for (const byMs of [-3_600_000, 7_200_000]) {
        const woken = wakeIn(clock, 20);
        time.setWallClock?.(byMs);
        await woken;
      }
    });
  });
}

function deadlineContract(open: OpenTime): void {
  it('is not called early, nor within the call', async () => {
    await withTime(open, async (time) => {
      const clock = time.clock();
      for (let n = 0; n < 20; n++) await wakeIn(clock, 0.1 + n / 7);
    });
  });

  it('is called soon if it has passed, but not within the call', async () => {
    await withTime(open, async (time) => {
      const clock = time.clock();
      await wakeIn(clock, 5);
      for (const byMs of [0, -1, -1_000]) await wakeIn(clock, byMs);
      await new Promise<void>((resolve) => clock.wakeAt(0, resolve));
      await new Promise<void>((resolve) => clock.wakeAt(-1e12, resolve));
    });
  });

  it('is called once', async () => {
    await withTime(open, async (time) => {
      const [clock, other] = [time.clock(), time.clock()];
      let calls = 0;
      clock.wakeAt(clock.now().monoMs + 1, () => calls++);
      await wakeIn(other, 20);
      expect(calls).toBe(1);
      await wakeIn(clock, 1);
      await wakeIn(other, 20);
      expect(calls).toBe(1);
    });
  });
}

function replacementContract(open: OpenTime): void {
  it('takes the place of the one before, later or earlier, and null of any', async () => {
    await withTime(open, async (time) => {
      const woken: string[] = [];
      const [postponed, hastened, ended, other] = [
        time.clock(),
        time.clock(),
        time.clock(),
        time.clock(),
      ];
      postponed.wakeAt(postponed.now().monoMs + 1, () => woken.push('too early'));
      hastened.wakeAt(hastened.now().monoMs + 10, () => woken.push('too late'));
      ended.wakeAt(ended.now().monoMs + 1, () => woken.push('ended'));
      ended.wakeAt(null, () => woken.push('null'));
      await Promise.all([wakeIn(postponed, 10), wakeIn(hastened, 1)]);
      await wakeIn(other, 30);
      expect(woken).toEqual([]);
      await wakeIn(ended, 1);
    });
  });

  it('may be set again by the one that was reached', async () => {
    await withTime(open, async (time) => {
      const clock = time.clock();
      let calls = 0;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          calls++;
          if (calls === 5) resolve();
          else clock.wakeAt(clock.now().monoMs + 1, wake);
        };
        clock.wakeAt(clock.now().monoMs + 1, wake);
      });
    });
  });

  it('that is far away does not come now', async () => {
    await withTime(open, async (time) => {
      const [clock, other] = [time.clock(), time.clock()];
      const woken: string[] = [];
      clock.wakeAt(clock.now().monoMs + 2 ** 40, () => woken.push('far'));
      await wakeIn(other, 20);
      expect(woken).toEqual([]);
      await wakeIn(clock, 1);
      clock.wakeAt(null, () => {});
    });
  });
}

/** Resolves when the deadline has come; rejects if it came early or within the call. */
function wakeIn(clock: ClockPort, byMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let isWithin = true;
    const deadlineMs = clock.now().monoMs + byMs;
    clock.wakeAt(deadlineMs, () => {
      const { monoMs } = clock.now();
      if (isWithin) reject(new Error('woken within the call'));
      else if (monoMs < deadlineMs) reject(new Error(`woken at ${monoMs}, before ${deadlineMs}`));
      else resolve();
    });
    isWithin = false;
  });
}

async function withTime(
  open: OpenTime,
  body: (time: TimeUnderTest) => Promise<void>,
): Promise<void> {
  const time = open();
  try {
    await body(time);
  } finally {
    time.close();
  }
}
