/**
 * One line about how far a batch is: rewritten once a second on a terminal; elsewhere a plain line
 * after two seconds and then every ten, so that a log stays short. A batch that is over before that
 * says nothing.
 */
import { sometimes } from '../checks/coverage.ts';
import type { Tally } from './tally.ts';

const terminalEveryMs = 1_000;
const plainFirstMs = 2_000;
const plainEveryMs = 10_000;

export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #startMs = performance.now();
  #nextMs: number;
  #isShown = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#nextMs = this.#startMs + (out.isTTY ? terminalEveryMs : plainFirstMs);
  }

  /** Tells it, if it is time to. */
  told(sum: Tally): void {
    const nowMs = performance.now();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + (this.#out.isTTY ? terminalEveryMs : plainEveryMs);
    const line = progressLine(sum, (nowMs - this.#startMs) / 1000);
    this.#out.write(this.#out.isTTY ? `\r${line}\x1b[K` : `${line}\n`);
    this.#isShown = this.#out.isTTY;
  }

  /** Ends the line, if there is one that would be written over. */
  end(): void {
    if (this.#isShown) this.#out.write('\n');
    this.#isShown = false;
  }
}

function progressLine(sum: Tally, seconds: number): string {
  const { seeds, events, simulatedMs, faults, violations } = sum;
  const reached = sometimes.filter((state) => sum.sometimes.has(state)).length;
  return [
    `${seeds} seeds`,
    `${Math.round((seeds / seconds) * 60)}/min`,
    `${Math.round(events / seconds)} events/s`,
    `${(simulatedMs / 3_600_000).toFixed(1)} h simulated`,
    `${faults} faults`,
    `${violations} violations`,
    `sometimes ${reached}/${sometimes.length}`,
  ].join(', ');
}
