/**
 * The heads that rooms want to know, asked for together: one question at a time, for many rooms.
 * What comes up while it is under way goes into the next.
 */
import { assert } from '../assert.ts';
import type { LogHead } from '../driver/ports.ts';
import type { Room } from './room.ts';

export class HeadQuestions {
  readonly #roomsMax: number;
  readonly #waiting = new Set<Room>();
  #asked: readonly Room[] | null = null;

  /** `roomsMax`: in one question. */
  constructor(roomsMax: number) {
    this.#roomsMax = roomsMax;
  }

  want(room: Room): void {
    this.#waiting.add(room);
  }

  /** The room has left memory. */
  forget(room: Room): void {
    this.#waiting.delete(room);
  }

  /** The rooms of the next question, which begins now; none: nobody asks, or one is under way. */
  next(): readonly Room[] {
    if (this.#asked !== null || this.#waiting.size === 0) return [];
    const rooms = [...this.#waiting].slice(0, this.#roomsMax);
    this.#asked = rooms;
    for (const room of rooms) {
      this.#waiting.delete(room);
      room.headAsked();
    }
    return rooms;
  }

  /** Hands the answer out; null = it failed. Returns the rooms that it was for. */
  answered(heads: ReadonlyMap<string, LogHead> | null): readonly Room[] {
    const rooms = this.#asked;
    assert(rooms !== null, 'heads arrived that nobody asked for');
    this.#asked = null;
    for (const room of rooms) {
      room.headRead(heads === null ? 'failed' : (heads.get(room.document) ?? null));
    }
    return rooms;
  }
}
