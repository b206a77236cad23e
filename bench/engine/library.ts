/**
 * What a text CRDT has to be able to do to be measured: the seam between the benchmarks and the
 * libraries. One adapter per library: ours in adapter.ts, the others' in bench/peers.
 *
 * An adapter does what the library's own documentation tells an application to do, the fastest way
 * where there are several, and no more. Positions are UTF-16 units.
 */
import type { TextChange } from '../../engine/text/text-change.ts';

/** One way to save a document. */
export interface SaveFormat {
  /** Names the row: `full`, `full+deflate`, `bare`. */
  readonly name: string;
  /**
   * `full`: any earlier state can be told from it. `no deleted text`: the structure of the history
   * without the text that was deleted. `none`: the present text and what is needed to go on.
   */
  readonly history: 'full' | 'no deleted text' | 'none';
  /** What the library itself compresses with, as its documentation says. */
  readonly compression: string;
}

/** Each in the coordinates that the one before left. */
export type Splices = readonly TextChange[];

/** A copy of the document. */
export interface Replica {
  text(): string;
  /** One transaction; returns one update for others. */
  edit(splices: Splices): Uint8Array;
  apply(update: Uint8Array): void;
  /** Everything as one update. */
  wholeUpdate(): Uint8Array;
  save(format: string): Uint8Array;
}

/** What a library may be timed at; see job.ts. */
export type Line = 'local' | 'remote' | 'merge' | 'combined' | 'load' | 'memory' | 'objects';

export interface Library {
  readonly name: string;
  readonly version: string;
  /** What there is to say about the figures of this library. */
  readonly notes: readonly string[];
  /** Measured at these only. */
  readonly lines: readonly Line[];
  readonly saves: readonly SaveFormat[];
  /** An empty document; `replica` is 2^52 … 2^53-1, full size on the wire. */
  create(replica: number): Replica;
  /** A fresh copy made of all updates at once. */
  merge(replica: number, updates: readonly Uint8Array[]): Pick<Replica, 'text'>;
  load(replica: number, bytes: Uint8Array, format: string): Replica;
}
