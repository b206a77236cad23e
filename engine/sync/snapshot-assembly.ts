/**
 * A welcome whose snapshot comes in pieces: what is here of it. The text stands at the beginning of
 * a snapshot, so it can be read before the rest has come.
 */
import { snapshotColumnsBytesMax, snapshotTextBytesMax } from '../../proto/limits.ts';
import type { Welcome } from '../../proto/server-frame.ts';
import { textOfBeginning } from '../../proto/snapshot-format.ts';

export class SnapshotAssembly {
  readonly #welcome: Welcome;
  readonly #bytes: Uint8Array;
  #length = 0;
  #isTextTold = false;

  /** Use `begin`. */
  constructor(welcome: Welcome) {
    this.#welcome = welcome;
    this.#bytes = new Uint8Array(welcome.snapshotBytes);
  }

  /** Begins with a welcome's first piece; null: it announces more than a snapshot can have. */
  static begin(welcome: Welcome): SnapshotAssembly | null {
    if (welcome.snapshotBytes > snapshotTextBytesMax + snapshotColumnsBytesMax) return null;
    const assembly = new SnapshotAssembly(welcome);
    return assembly.add(welcome.snapshot ?? new Uint8Array(0)) ? assembly : null;
  }

  /** The next piece; false: it is more than was announced. */
  add(piece: Uint8Array): boolean {
    if (this.#length + piece.length > this.#bytes.length) return false;
    this.#bytes.set(piece, this.#length);
    this.#length += piece.length;
    return true;
  }

  /** The welcome with its whole snapshot; null: there is more to come. */
  get whole(): Welcome | null {
    if (this.#length < this.#bytes.length) return null;
    return { ...this.#welcome, snapshot: this.#bytes, snapshotBytes: 0 };
  }

  /** The text, once, as soon as it can be read; else null. */
  takeText(): string | null {
    if (this.#isTextTold) return null;
    const text = textOfBeginning(this.#bytes.subarray(0, this.#length));
    this.#isTextTold = text !== null;
    return text;
  }
}
