/**
 * Yjs: an update per transaction from the `update` event; all updates at once in one transaction,
 * which is many times as fast as its mergeUpdates. By default it drops the text that was deleted;
 * `yjs-gc-off` keeps it.
 */
import {
  applyUpdate,
  applyUpdateV2,
  Doc,
  encodeStateAsUpdate,
  encodeStateAsUpdateV2,
  type Text,
} from 'yjs';
import type { Library, Replica, Splices } from '../engine/library.ts';

class YjsReplica implements Replica {
  readonly #doc: Doc;
  readonly #text: Text;
  #update: Uint8Array = new Uint8Array();
  readonly #keep = (update: Uint8Array) => {
    this.#update = update;
  };

  constructor(replica: number, gc: 'gc' | 'no gc') {
    this.#doc = new Doc({ gc: gc === 'gc' });
    // Its ids have 32 bits.
    this.#doc.clientID = replica % 2 ** 32;
    this.#text = this.#doc.getText('text');
  }

  text(): string {
    return this.#text.toString();
  }

  edit(splices: Splices): Uint8Array {
    // Only a copy that is edited makes updates.
    this.#doc.on('update', this.#keep);
    this.#doc.transact(() => {
      for (const { index, deleted, inserted } of splices) {
        if (deleted > 0) this.#text.delete(index, deleted);
        if (inserted !== '') this.#text.insert(index, inserted);
      }
    });
    this.#doc.off('update', this.#keep);
    return this.#update;
  }

  apply(update: Uint8Array): void {
    applyUpdate(this.#doc, update);
  }

  wholeUpdate(): Uint8Array {
    return encodeStateAsUpdate(this.#doc);
  }

  save(format: string): Uint8Array {
    return format.endsWith('v2') ? encodeStateAsUpdateV2(this.#doc) : this.wholeUpdate();
  }

  applyAll(updates: readonly Uint8Array[]): this {
    this.#doc.transact(() => {
      for (const update of updates) applyUpdate(this.#doc, update);
    });
    return this;
  }

  restore(bytes: Uint8Array, format: string): this {
    if (format.endsWith('v2')) applyUpdateV2(this.#doc, bytes);
    else applyUpdate(this.#doc, bytes);
    return this;
  }
}

const version = '13.6.33';

export const yjs: Library = {
  name: 'yjs',
  version,
  notes: ['drops deleted text', 'replica ids of 32 bits'],
  lines: ['local', 'remote', 'merge', 'combined', 'load', 'memory', 'objects'],
  saves: [
    { name: 'v1', history: 'no deleted text', compression: 'none' },
    { name: 'v2', history: 'no deleted text', compression: 'none (columns)' },
  ],
  create: (replica) => new YjsReplica(replica, 'gc'),
  merge: (replica, updates) => new YjsReplica(replica, 'gc').applyAll(updates),
  load: (replica, bytes, format) => new YjsReplica(replica, 'gc').restore(bytes, format),
};

export const yjsGcOff: Library = {
  ...yjs,
  name: 'yjs-gc-off',
  notes: ['keeps deleted text'],
  lines: ['load', 'memory', 'objects'],
  saves: [{ name: 'all v2', history: 'full', compression: 'none (columns)' }],
  create: (replica) => new YjsReplica(replica, 'no gc'),
  load: (replica, bytes, format) => new YjsReplica(replica, 'no gc').restore(bytes, format),
};
