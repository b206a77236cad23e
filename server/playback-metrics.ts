/** What is measured of questions about the past; a part of metrics.ts. */
import { Counter, Histogram, type Registry } from 'prom-client';

/** From a fold that is at hand to the longest that a question may take; seconds. */
const buckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

export class PlaybackMetrics {
  readonly #answers: Histogram;
  readonly #refused: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#answers = new Histogram({
      name: 'sve_playback_seconds',
      help: 'From a question about the past to its answer, waiting included',
      buckets,
      registers,
    });
    this.#refused = new Counter({
      name: 'sve_playback_refused_total',
      help: 'Questions about the past that were refused as too many or too long',
      registers,
    });
  }

  /** A question has its answer. */
  answered(seconds: number): void {
    this.#answers.observe(seconds);
  }

  /** A question was refused for want of time. */
  refused(): void {
    this.#refused.inc();
  }
}
