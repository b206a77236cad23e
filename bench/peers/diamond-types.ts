/**
 * diamond-types (Rust as WebAssembly): the patch since the version before is the update; all
 * updates at once go into an operation log that is checked out at the end. Counts Unicode
 * characters: right for texts without characters of two UTF-16 units, refused here for others.
 */
import diamondModule from 'diamond-types-node';
import type { Library, Replica, Splices } from '../engine/library.ts';

const { Doc, OpLog } = diamondModule;

class DiamondReplica implements Replica {
  readonly #doc: InstanceType<typeof Doc>;

  constructor(doc: InstanceType<typeof Doc>) {
    this.#doc = doc;
  }

  text(): string {
    return this.#doc.get();
  }

  edit(splices: Splices): Uint8Array {
    const before = this.#doc.getLocalVersion();
    for (const { index, deleted, inserted } of splices) {
      if (/[\ud800-\udfff]/.test(inserted)) throw new Error('a character of two units');
      if (deleted > 0) this.#doc.del(index, deleted);
      if (inserted !== '') this.#doc.ins(index, inserted);
    }
    return this.#doc.getPatchSince(before);
  }

  apply(update: Uint8Array): void {
    this.#doc.mergeBytes(update);
  }

  wholeUpdate(): Uint8Array {
    return this.#doc.getPatchSince(new Uint32Array());
  }

  save(_format: string): Uint8Array {
    return this.#doc.toBytes();
  }
}

export const diamondTypes: Library = {
  name: 'diamond-types',
  version: '1.0.2',
  notes: ['WebAssembly', 'replica ids are names, 11 characters here'],
  lines: ['local', 'remote', 'merge', 'combined', 'load', 'memory', 'objects'],
  saves: [{ name: 'bytes', history: 'full', compression: 'LZ4 of the text, its own' }],
  create: (replica) => new DiamondReplica(new Doc(replica.toString(36))),
  merge: (replica, updates) => {
    const log = new OpLog(replica.toString(36));
    for (const update of updates) log.addFromBytes(update);
    const branch = log.checkout();
    return { text: () => branch.get() };
  },
  load: (replica, bytes) => new DiamondReplica(Doc.fromBytes(bytes, replica.toString(36))),
};
