/**
 * Loro (Rust as WebAssembly): an update per commit from subscribeLocalUpdates; all updates at once
 * by importBatch.
 */
import { LoroDoc, type LoroText } from 'loro-crdt';
import type { Library, Replica, Splices } from '../engine/library.ts';

class LoroReplica implements Replica {
  readonly #doc: LoroDoc;
  readonly #text: LoroText;
  #update: Uint8Array = new Uint8Array();
  #listening = false;

  constructor(replica: number, doc: LoroDoc) {
    this.#doc = doc;
    this.#doc.setPeerId(BigInt(replica));
    this.#text = this.#doc.getText('text');
  }

  text(): string {
    return this.#text.toString();
  }

  edit(splices: Splices): Uint8Array {
    if (!this.#listening) {
      this.#doc.subscribeLocalUpdates((update) => {
        this.#update = update;
      });
      this.#listening = true;
    }
    for (const { index, deleted, inserted } of splices) {
      if (deleted > 0) this.#text.delete(index, deleted);
      if (inserted !== '') this.#text.insert(index, inserted);
    }
    this.#doc.commit();
    return this.#update;
  }

  apply(update: Uint8Array): void {
    this.#doc.import(update);
  }

  wholeUpdate(): Uint8Array {
    return this.#doc.export({ mode: 'update' });
  }

  save(format: string): Uint8Array {
    if (format === 'snapshot') return this.#doc.export({ mode: 'snapshot' });
    return this.#doc.export({ mode: 'shallow-snapshot', frontiers: this.#doc.frontiers() });
  }
}

export const loro: Library = {
  name: 'loro',
  version: '1.17.1',
  notes: ['WebAssembly', 'replica ids of 64 bits'],
  lines: ['local', 'remote', 'merge', 'combined', 'load', 'memory', 'objects'],
  saves: [
    { name: 'snapshot', history: 'full', compression: 'LZ4 of blocks, its own' },
    { name: 'shallow', history: 'none', compression: 'LZ4 of blocks, its own' },
  ],
  create: (replica) => new LoroReplica(replica, new LoroDoc()),
  merge: (replica, updates) => {
    const doc = new LoroDoc();
    doc.importBatch([...updates]);
    return new LoroReplica(replica, doc);
  },
  load: (replica, bytes) => new LoroReplica(replica, LoroDoc.fromSnapshot(bytes)),
};
