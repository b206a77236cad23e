/**
 * A hash of the whole state of a document: order, ids, origins, content and deletions.
 *
 * States with the same operations have the same spans, so these are hashed as they stand. Deletions
 * are hashed one by one: how they are gathered into runs may depend on how they arrived. FNV-1a
 * with two lanes of 32 bits; made to find bugs, not to resist an attacker.
 */
import type { OpId } from '../../proto/batch.ts';
import type { OpLog } from '../causal/op-log.ts';
import { idOf } from './span.ts';
import type { SpanList } from './span-list.ts';

/** 16 hexadecimal digits. */
export function digestOf(list: SpanList, log: OpLog): string {
  const hash = new Hash();
  for (const span of list.spans()) {
    hash.id(idOf({ span, offset: 0 }));
    hash.id(span.left);
    hash.id(span.right);
    hash.number(Number(span.leftChild) + 2 * Number(span.deleted));
    hash.text(span.text);
  }
  for (const run of log.deletionsIn(log.versionVector)) {
    for (let k = 0; k < run.count; k++) {
      const id = { timestamp: run.timestamp + k, replica: run.replica };
      hash.id(id);
      hash.id(log.targetOf(id));
    }
  }
  return hash.digits();
}

class Hash {
  #a = 0x811c9dc5;
  #b = 0x050c5d1f;

  id(id: OpId | null): void {
    this.number(id?.replica ?? 0);
    this.number(id?.timestamp ?? 0);
  }

  /** An integer of 0 … 2^53-1. */
  number(value: number): void {
    this.#mix(value >>> 0);
    this.#mix(Math.floor(value / 2 ** 32));
  }

  text(text: string): void {
    this.number(text.length);
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  digits(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #mix(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x01000193);
    this.#a ^= this.#a >>> 15;
    this.#b = Math.imul(this.#b ^ word, 0x5bd1e995);
    this.#b ^= this.#b >>> 13;
  }
}
