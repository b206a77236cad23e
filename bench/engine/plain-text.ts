/**
 * A text without history in a gap buffer: what the synthetic workloads end with is told by it, not
 * by the engine. An edit costs the distance to the one before.
 *
 *   [ 0 … gap ) units before the gap   [ gapEnd … capacity ) units after it
 */
import { assert } from '../../engine/assert.ts';
import type { TextChange } from '../../engine/text/text-change.ts';

export class PlainText {
  #units = new Uint16Array(1024);
  #gap = 0;
  #gapEnd = 1024;

  get length(): number {
    return this.#gap + this.#units.length - this.#gapEnd;
  }

  apply({ index, deleted, inserted }: TextChange): void {
    assert(index >= 0 && index + deleted <= this.length, 'the change is inside the text');
    this.#moveGap(index);
    this.#gapEnd += deleted;
    if (this.#gapEnd - this.#gap < inserted.length) this.#grow(inserted.length);
    for (let i = 0; i < inserted.length; i++) this.#units[this.#gap + i] = inserted.charCodeAt(i);
    this.#gap += inserted.length;
  }

  toString(): string {
    const parts: string[] = [];
    for (const half of [this.#units.subarray(0, this.#gap), this.#units.subarray(this.#gapEnd)]) {
      for (let start = 0; start < half.length; start += 4096) {
        parts.push(String.fromCharCode(...half.subarray(start, start + 4096)));
      }
    }
    return parts.join('');
  }

  #moveGap(index: number): void {
    const distance = index - this.#gap;
    if (distance > 0) {
      this.#units.copyWithin(this.#gap, this.#gapEnd, this.#gapEnd + distance);
    } else if (distance < 0) {
      this.#units.copyWithin(this.#gapEnd + distance, index, this.#gap);
    }
    this.#gap += distance;
    this.#gapEnd += distance;
  }

  #grow(needed: number): void {
    const after = this.#units.length - this.#gapEnd;
    const grown = new Uint16Array((this.length + needed) * 2);
    grown.set(this.#units.subarray(0, this.#gap));
    grown.set(this.#units.subarray(this.#gapEnd), grown.length - after);
    this.#gapEnd = grown.length - after;
    this.#units = grown;
  }
}
