/**
 * Automerge (Rust as WebAssembly): milliseconds per change, so that only what a save can do is
 * measured: one author's edits become a single change when the text is first asked for, and what
 * was typed by several is left out.
 */
import {
  applyChanges,
  change,
  type Doc,
  from,
  getLastLocalChange,
  load,
  save,
  splice,
} from '@automerge/automerge';
import type { Library, Replica, Splices } from '../engine/library.ts';

/** Its documents are plain objects; ours has the text in a field. */
interface Content extends Record<string, unknown> {
  text: string;
}

class AutomergeReplica implements Replica {
  #doc: Doc<Content>;
  /** Splices that wait to be made one change; null: each edit is a change. */
  #collected: Splices[number][] | null;

  constructor(doc: Doc<Content>, changes: 'one' | 'each edit') {
    this.#doc = doc;
    this.#collected = changes === 'one' ? [] : null;
  }

  text(): string {
    this.#flush();
    return this.#doc.text;
  }

  edit(splices: Splices): Uint8Array {
    if (this.#collected !== null) {
      for (const each of splices) this.#collected.push(each);
      return new Uint8Array();
    }
    this.#change(splices);
    const update = getLastLocalChange(this.#doc);
    if (update === undefined) throw new Error('no change was made');
    return update;
  }

  apply(update: Uint8Array): void {
    if (this.#collected !== null) throw new Error('too slow for what several authors type');
    [this.#doc] = applyChanges(this.#doc, [update]);
  }

  wholeUpdate(): Uint8Array {
    return this.save();
  }

  save(): Uint8Array {
    this.#flush();
    return save(this.#doc);
  }

  #flush(): void {
    const collected = this.#collected ?? [];
    if (collected.length === 0) return;
    this.#collected = [];
    this.#change(collected);
  }

  #change(splices: Splices): void {
    this.#doc = change(this.#doc, (draft) => {
      for (const { index, deleted, inserted } of splices) {
        splice(draft, ['text'], index, deleted, inserted);
      }
    });
  }
}

const actor = (replica: number) => replica.toString(16).padStart(32, '0');

export const automerge: Library = {
  name: 'automerge',
  version: '3.5.0',
  notes: ['WebAssembly', 'the whole history is one change', 'replica ids of 128 bits'],
  lines: ['load', 'memory', 'objects'],
  saves: [{ name: 'save', history: 'full', compression: 'deflate of columns, its own' }],
  create: (replica) => new AutomergeReplica(from({ text: '' }, actor(replica)), 'one'),
  merge: () => {
    throw new Error('too slow one change at a time');
  },
  load: (replica, bytes) => new AutomergeReplica(load<Content>(bytes, actor(replica)), 'each edit'),
};
