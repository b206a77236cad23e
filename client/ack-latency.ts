/** How long own edits waited for their ack, while one connection lasts. */

interface Sample {
  /** Own timestamp of the edit's last operation. */
  readonly through: number;
  readonly atMs: number;
}

/** Edits under way whose time is kept; more are not measured. */
const samplesMax = 1_000;

export class AckLatency {
  #samples: Sample[] = [];

  edited(through: number, nowMs: number): void {
    if (this.#samples.length < samplesMax) this.#samples.push({ through, atMs: nowMs });
  }

  /** Milliseconds since the oldest edit that the ack covers; null if none is known. */
  acked(through: number, nowMs: number): number | null {
    const oldest = this.#samples[0];
    const rest = this.#samples.filter((sample) => sample.through > through);
    const covered = rest.length < this.#samples.length;
    this.#samples = rest;
    return covered && oldest !== undefined ? nowMs - oldest.atMs : null;
  }

  /** The connection is gone: what waits would measure the time without one. */
  broken(): void {
    this.#samples = [];
  }
}
