/** Our own engine as a library to be measured: engine/index.ts and nothing else. */
import { Document, VersionVector } from '../../engine/index.ts';
import type { Library, Replica, Splices } from './library.ts';

class EngineReplica implements Replica {
  readonly #document: Document;

  constructor(document: Document) {
    this.#document = document;
  }

  text(): string {
    return this.#document.text;
  }

  edit(splices: Splices): Uint8Array {
    return this.#document.edit(splices);
  }

  apply(update: Uint8Array): void {
    this.#document.apply(update);
  }

  wholeUpdate(): Uint8Array {
    return this.#document.updateSince(new VersionVector());
  }

  save(_format: string): Uint8Array {
    return this.#document.encode();
  }
}

export const library: Library = {
  name: 'engine',
  version: 'this tree',
  notes: [],
  lines: ['local', 'remote', 'merge', 'combined', 'load', 'memory', 'objects'],
  saves: [{ name: 'full', history: 'full', compression: 'none' }],
  create: (replica) => new EngineReplica(Document.create({ replica })),
  merge: (replica, updates) => {
    const document = Document.create({ replica });
    document.apply(Document.mergeUpdates(updates));
    return new EngineReplica(document);
  },
  load: (replica, bytes) => new EngineReplica(Document.decode(bytes, { replica })),
};
