/**
 * What a browser keeps for a client: written as a whole, some time after it was asked for, one
 * write at a time. A tab that ends in the middle of a write leaves the old content or the new one.
 */
import type { StoredReplica } from '../../engine/sync/replica-options.ts';
import type { Site, World } from './world.ts';

export type StoreFate = 'intact' | 'stale' | 'lost';

/** Older contents that a restored profile may bring back. */
const copiesMax = 6;

export class LocalStore {
  readonly #world: World;
  readonly #latency: Site;
  readonly #fate: Site;
  readonly #copies: StoredReplica[] = [];
  #writing: StoredReplica | null = null;
  #dirty = false;
  #life = 0;

  /** `owner`: whose it is; its fates hang on the name. */
  constructor(world: World, owner: string) {
    this.#world = world;
    this.#latency = world.site(`${owner} store latency`);
    this.#fate = world.site(`${owner} store fate`);
  }

  /** Writes `content()` as it is now, or after the write under way; `written` is told each time. */
  write(content: () => StoredReplica, written: (content: StoredReplica) => void): void {
    if (this.#writing !== null) {
      this.#dirty = true;
      return;
    }
    const writing = content();
    const life = this.#life;
    this.#writing = writing;
    this.#world.after(this.#latency.between(0, 15), () => {
      if (life !== this.#life) return;
      this.#writing = null;
      this.#keep(writing);
      written(writing);
      if (!this.#dirty || life !== this.#life) return;
      this.#dirty = false;
      this.write(content, written);
    });
  }

  /** The tab ends without a word: a write under way was done, or it was not. */
  close(): void {
    this.#life++;
    this.#dirty = false;
    if (this.#writing !== null && this.#fate.chance(500_000)) this.#keep(this.#writing);
    this.#writing = null;
  }

  /** What the next tab finds. */
  reopen(fate: StoreFate): StoredReplica | null {
    if (fate === 'lost') this.#copies.length = 0;
    const last = this.#copies.length - 1;
    const index = fate === 'stale' ? this.#fate.between(0, Math.max(0, last - 1)) : last;
    this.#copies.length = Math.max(0, Math.min(this.#copies.length, index + 1));
    return this.#copies.at(-1) ?? null;
  }

  #keep(content: StoredReplica): void {
    this.#copies.push(content);
    if (this.#copies.length > copiesMax) this.#copies.shift();
  }
}
