/**
 * A hash of the whole state of a document: order, ids, origins, content and deletions.
 *
 * Characters are hashed in runs that do not depend on how the operations came, deletions one by
 * one: how they are gathered into runs may depend on it. FNV-1a with two lanes of 32 bits; made to
 * find bugs, not to resist an attacker.
 */
import type { OpId } from '../../proto/batch.ts';
import { characterRuns, idOf } from './character-runs.ts';
import type { TextState } from './text-state.ts';

/** 16 hexadecimal digits. */
export function digestOf(state: TextState): string {
  const hash = new Hash();
  for (const { id, text, left, right, leftChild, deleted } of characterRuns(state)) {
    hash.id(id);
    hash.id(left);
    hash.id(right);
    hash.number(Number(leftChild) + 2 * Number(deleted));
    hash.text(text);
  }
  const { deletions, numbers } = state;
  const authors = [...numbers.authors].sort((a, b) => a.replica - b.replica);
  for (const { index } of authors) {
    for (let run = 0; run < deletions.count(index); run++) {
      const start = deletions.start(index, run);
      for (let number = start; number < start + deletions.length(index, run); number++) {
        hash.id(idOf(state, number));
        hash.id(idOf(state, deletions.targetOf(index, number)));
      }
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
