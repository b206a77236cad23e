/**
 * The whole state as newcomers get it, encoded once for many of them.
 *
 * Encoding a large document takes longer than sending its next rows, so a state that lies a little
 * back is served again: the rows after it follow anyway. It leaves memory when nobody asked for a
 * while; who is still being sent it keeps it until then.
 */
import type { VersionVector } from '../causal/version-vector.ts';
import type { Cursor } from '../ids.ts';
import type { Limits } from '../limits.ts';
import type { Fold } from './fold.ts';
import { snapshotOf } from './fold-snapshot.ts';

export interface ServedSnapshot {
  readonly cursor: Cursor;
  /** What was committed of every replica by then. */
  readonly committed: VersionVector;
  /** Encoded, without secrets' hashes. */
  readonly bytes: Uint8Array;
}

export class ServedSnapshots {
  readonly #fold: Fold;
  readonly #limits: Limits;
  #last: ServedSnapshot | null = null;
  /** Of rows after the last one. */
  #bytesSince = 0;
  #dropAtMs: number | null = null;

  constructor(fold: Fold, limits: Limits) {
    this.#fold = fold;
    this.#limits = limits;
  }

  /** Kept in memory. */
  get bytes(): number {
    return this.#last?.bytes.length ?? 0;
  }

  /** When `drop` has something to do; null = never. */
  get dropAtMs(): number | null {
    return this.#dropAtMs;
  }

  /** A row of so many bytes came. */
  rowFolded(bytes: number): void {
    this.#bytesSince += bytes;
  }

  /** The state at `lsn` or later that has all that is committed of the replica. */
  serve(needs: { readonly lsn: number; readonly replica: number }, nowMs: number): ServedSnapshot {
    const last = this.#last !== null && this.#fits(this.#last, needs) ? this.#last : this.#encode();
    this.#last = last;
    this.#dropAtMs = nowMs + this.#limits.servedSnapshotMs;
    return last;
  }

  drop(nowMs: number): void {
    if (nowMs < (this.#dropAtMs ?? Infinity)) return;
    this.#last = null;
    this.#dropAtMs = null;
  }

  #fits(
    { cursor, committed, bytes }: ServedSnapshot,
    needs: { readonly lsn: number; readonly replica: number },
  ): boolean {
    const behind = this.#fold.lsn - cursor.lsn;
    if (behind === 0) return true;
    const isNear = behind <= this.#limits.catchUpRowsMax / 2 && this.#bytesSince * 4 < bytes.length;
    const own = this.#fold.committed.get(needs.replica);
    return isNear && cursor.lsn >= needs.lsn && committed.get(needs.replica) === own;
  }

  #encode(): ServedSnapshot {
    const { cursor, committed } = this.#fold;
    this.#bytesSince = 0;
    const bytes = snapshotOf(this.#fold, { bindings: false });
    return { cursor, committed: committed.clone(), bytes };
  }
}
