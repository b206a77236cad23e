/**
 * json-joy: a patch per transaction from `flush`. A model is the present state with its tombstones,
 * their text dropped; a log of patches would be the history. Has no one update of everything: its
 * whole state is a save. All updates at once are applied one after another, which is several times
 * as fast as its applyBatch.
 */
import { Model } from 'json-joy/lib/json-crdt/index.js';
import { Patch, s } from 'json-joy/lib/json-crdt-patch/index.js';
import type { Library, Replica, Splices } from '../engine/library.ts';

type TextModel = ReturnType<typeof emptyModel>;

/** All copies begin with the same string node. */
const empty = Model.create(s.str(''), 65_536).toBinary();

function emptyModel(replica: number) {
  return Model.load(empty, replica, s.str(''));
}

class JsonJoyReplica implements Replica {
  readonly #model: TextModel;
  readonly #string: ReturnType<TextModel['api']['str']>;

  constructor(model: TextModel) {
    this.#model = model;
    this.#string = model.api.str([]);
  }

  text(): string {
    return String(this.#model.view());
  }

  edit(splices: Splices): Uint8Array {
    for (const { index, deleted, inserted } of splices) {
      if (deleted > 0) this.#string.del(index, deleted);
      if (inserted !== '') this.#string.ins(index, inserted);
    }
    return this.#model.api.flush().toBinary();
  }

  apply(update: Uint8Array): void {
    this.#model.applyPatch(Patch.fromBinary(update));
  }

  wholeUpdate(): Uint8Array {
    throw new Error('json-joy has no one update of everything');
  }

  save(_format: string): Uint8Array {
    return this.#model.toBinary();
  }
}

export const jsonJoy: Library = {
  name: 'json-joy',
  version: '17.67.0',
  notes: ['a model, not its log: drops deleted text'],
  lines: ['local', 'remote', 'merge', 'load', 'memory', 'objects'],
  saves: [{ name: 'binary', history: 'no deleted text', compression: 'none' }],
  create: (replica) => new JsonJoyReplica(emptyModel(replica)),
  merge: (replica, updates) => {
    const model = emptyModel(replica);
    for (const update of updates) model.applyPatch(Patch.fromBinary(update));
    return new JsonJoyReplica(model);
  },
  load: (replica, bytes) => new JsonJoyReplica(Model.load(bytes, replica, s.str(''))),
};
