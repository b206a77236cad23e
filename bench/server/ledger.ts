/**
 * Every delivery of one generator's clients: when it was due, whether it came, whether it came
 * twice. What each author is to type, and when, is known from the plan to all processes.
 */
import { Histogram } from '../cluster/histogram.ts';
import type { PlannedEdit } from './plan.ts';

/** A plan counts authors from 0; as ids they are as long as the random ones of real clients. */
export const firstAuthor = 2 ** 30;

/** Edits that are due in it are measured. */
export interface Measured {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What one client was told. */
export interface Hearing {
  /** Its id as an author. */
  readonly author: number;
  /** Number of its document, from 0. */
  readonly document: number;
  /** By author, its last edit that came. */
  readonly heard: Map<number, number>;
  /** Different edits that came. */
  count: number;
  /** Own edits that are acknowledged. */
  acked: number;
}

const never: Measured = { fromMs: Infinity, untilMs: Infinity };

export class Ledger {
  broadcast = new Histogram();
  ack = new Histogram();
  doubled = 0;
  /** Deliveries, also those that are not measured. */
  deliveries = 0;
  readonly hearings: Hearing[] = [];
  readonly #documents: number;
  /** By author: when each of its edits is due. */
  readonly #dues: number[][] = [];
  /** By document: edits that were planned. */
  readonly #planned: number[] = [];
  #measured: Measured = never;

  constructor(documents: number) {
    this.#documents = documents;
  }

  join(author: number): Hearing {
    const document = (author - firstAuthor) % this.#documents;
    const hearing = { author, document, heard: new Map(), count: 0, acked: 0 };
    this.hearings.push(hearing);
    return hearing;
  }

  /** Edits of all processes that follow those planned before; histograms begin anew. */
  plan(edits: readonly PlannedEdit[], measured: Measured): void {
    this.#measured = measured;
    this.broadcast = new Histogram();
    this.ack = new Histogram();
    for (const { author, dueMs } of edits) {
      const dues = this.#dues[author] ?? [];
      this.#dues[author] = dues;
      dues.push(dueMs);
      const document = author % this.#documents;
      this.#planned[document] = (this.#planned[document] ?? 0) + 1;
    }
  }

  delivered(hearing: Hearing, author: number, seq: number, nowMs: number): void {
    this.deliveries++;
    if (seq <= (hearing.heard.get(author) ?? 0)) {
      this.doubled++;
      return;
    }
    hearing.heard.set(author, seq);
    hearing.count++;
    const dueMs = this.#dues[author - firstAuthor]?.[seq - 1] ?? 0;
    if (this.#isMeasured(dueMs)) this.broadcast.add(nowMs - dueMs);
  }

  acked(hearing: Hearing, through: number, nowMs: number): void {
    const dues = this.#dues[hearing.author - firstAuthor] ?? [];
    for (; hearing.acked < through; hearing.acked++) {
      const dueMs = dues[hearing.acked] ?? 0;
      if (this.#isMeasured(dueMs)) this.ack.add(nowMs - dueMs);
    }
  }

  /** Deliveries that have not come, of everything that was planned. */
  get missing(): number {
    let missing = 0;
    for (const hearing of this.hearings) {
      const others = (this.#planned[hearing.document] ?? 0) - this.#ownOf(hearing);
      missing += others - hearing.count;
    }
    return missing;
  }

  /** Own edits of its clients without an acknowledgement. */
  get unacked(): number {
    let unacked = 0;
    for (const hearing of this.hearings) unacked += this.#ownOf(hearing) - hearing.acked;
    return unacked;
  }

  #ownOf({ author }: Hearing): number {
    return this.#dues[author - firstAuthor]?.length ?? 0;
  }

  #isMeasured(dueMs: number): boolean {
    return dueMs >= this.#measured.fromMs && dueMs < this.#measured.untilMs;
  }
}
