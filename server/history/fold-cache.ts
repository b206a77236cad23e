/**
 * Folds that recent questions ended at, so that the next one goes on from there: a slider that
 * moves forward costs what lies between two of its places.
 *
 * A fold is taken out to be used, since it changes, and given back where it has come to. Whether
 * the log still has its last row is for playback to see. The memory of a fold is estimated, not
 * measured.
 */
import type { Fold } from '../../engine/sync/fold.ts';
import type { Moment } from '../../engine/sync/playback.ts';
import { ByteCache } from '../byte-cache.ts';

/** About what an operation takes in the engine's tables, and what a fold takes without any. */
const bytesPerOperation = 16;
const bytesPerFold = 64 * 1024;

interface Kept {
  readonly document: string;
  readonly fold: Fold;
}

export class FoldCache {
  readonly #kept: ByteCache<Kept>;

  constructor(bytesMax: number) {
    this.#kept = new ByteCache(bytesMax);
  }

  /** Estimated memory of all that is kept. */
  get bytes(): number {
    return this.#kept.bytes;
  }

  /** The last one that is no later than the moment; it stays. */
  nearest(document: string, moment: Moment): Fold | null {
    let best: Fold | null = null;
    for (const [, kept] of this.#kept.entries()) {
      if (kept.document !== document || isAfter(kept.fold, moment)) continue;
      if (kept.fold.lsn > (best?.lsn ?? 0)) best = kept.fold;
    }
    return best;
  }

  /** Takes one out: from now on it belongs to the caller. */
  take(document: string, fold: Fold): Fold {
    this.#kept.delete(keyOf(document, fold));
    return fold;
  }

  /** The fold must not be changed any more, except by who takes it out. */
  give(document: string, fold: Fold): void {
    if (fold.lsn === 0) return;
    const bytes = bytesPerFold + fold.operations * bytesPerOperation;
    this.#kept.set(keyOf(document, fold), { document, fold }, bytes);
  }

  /** The document's history is another one now. */
  forget(document: string): void {
    for (const [key, kept] of [...this.#kept.entries()]) {
      if (kept.document === document) this.#kept.delete(key);
    }
  }
}

function isAfter(fold: Fold, moment: Moment): boolean {
  return moment.type === 'lsn' ? fold.lsn > moment.lsn : fold.at > moment.at;
}

function keyOf(document: string, { epoch, lsn }: Fold): string {
  return `${document}/${epoch}/${lsn}`;
}
