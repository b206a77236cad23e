/**
 * Appends that wait for the next statement, and which of them go into it.
 *
 * A group holds at most one append per document (one row per document per commit), so two appends
 * to one document keep their order by going into different groups. Documents take turns: one that
 * has more waiting goes to the end of the line. Both the queue and a group are bounded in bytes.
 */
import { must } from '../../engine/assert.ts';
import type { AppendResult } from '../../engine/driver/ports.ts';

/** One append between the call and its callback. */
export interface PendingAppend {
  readonly document: string;
  readonly epoch: number;
  readonly body: Uint8Array;
  readonly done: (result: AppendResult) => void;
}

export interface AppendQueueLimits {
  /** Bytes that may wait, counted with `entryBytes` per append. */
  readonly queuedBytesMax: number;
  /** Bytes of bodies in one group; a larger body goes alone. */
  readonly groupBytesMax: number;
  readonly groupRowsMax: number;
}

/** What a waiting append costs besides its body: its objects, its name, its place in the queue. */
const entryBytes = 512;

export class AppendQueue {
  readonly #limits: AppendQueueLimits;
  /** Documents in the order of their turns. */
  readonly #waiting = new Map<string, PendingAppend[]>();
  #bytes = 0;

  constructor(limits: AppendQueueLimits) {
    this.#limits = limits;
  }

  get empty(): boolean {
    return this.#waiting.size === 0;
  }

  /** False when the queue is full; the append was not taken. */
  push(append: PendingAppend): boolean {
    const bytes = this.#bytes + entryBytes + append.body.length;
    if (bytes > this.#limits.queuedBytesMax) return false;
    this.#bytes = bytes;
    const sameDocument = this.#waiting.get(append.document);
    if (sameDocument) sameDocument.push(append);
    else this.#waiting.set(append.document, [append]);
    return true;
  }

  /** Takes the next group out, in the order of arrival; empty only if nothing waits. */
  takeGroup(): PendingAppend[] {
    const group: PendingAppend[] = [];
    let bodyBytes = 0;
    for (const [first] of this.#waiting.values()) {
      if (first === undefined || group.length === this.#limits.groupRowsMax) break;
      bodyBytes += first.body.length;
      if (group.length > 0 && bodyBytes > this.#limits.groupBytesMax) break;
      group.push(first);
    }
    for (const append of group) this.#remove(append);
    return group;
  }

  /** Takes everything out. */
  takeAll(): PendingAppend[] {
    const all = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#bytes = 0;
    return all;
  }

  #remove({ document, body }: PendingAppend): void {
    this.#bytes -= entryBytes + body.length;
    const sameDocument = must(this.#waiting.get(document), `${document} waits`);
    sameDocument.shift();
    this.#waiting.delete(document);
    if (sameDocument.length > 0) this.#waiting.set(document, sameDocument);
  }
}
