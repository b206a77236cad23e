/**
 * A person's editor: a plain string that follows what the client's core reports, and the caret in
 * it.
 *
 * The string is a model of its own: each local edit must leave exactly the text that a string would
 * have (S9), and the reported changes must lead to the core's text. What is typed and deleted is
 * entered in the ledger, by the ids that the core gives.
 */
import type { OpId } from '../../proto/batch.ts';
import type { Splice } from '../../proto/frame-messages.ts';
import { cutsPair } from '../../proto/text.ts';
import type { TypedLedger } from '../checks/check-exactly-once.ts';
import type { Coverage } from '../checks/coverage.ts';
import type { Action } from '../scenario/workload.ts';

/** A client that a person can edit with. */
export interface EditedClient {
  readonly name: string;
  readonly replica: number;
  readonly isOpen: boolean;
  readonly core: {
    readonly loaded: boolean;
    readonly text: string;
    readonly fold: {
      readonly sequence: {
        idAt(index: number): OpId | null;
        readonly versionVector: { get(replica: number): number };
      };
    };
  };
  edit(splices: readonly Splice[]): void;
  setPresence(head: number, anchor: number): void;
}

export class Editor {
  readonly #client: EditedClient;
  readonly #ledger: TypedLedger;
  readonly #coverage: Coverage;
  #view = '';
  #caret = 0;

  constructor(client: EditedClient, ledger: TypedLedger, coverage: Coverage) {
    this.#client = client;
    this.#ledger = ledger;
    this.#coverage = coverage;
  }

  /** The text as the person sees it. */
  get view(): string {
    return this.#view;
  }

  /** The core reported changes of others. */
  follow(changes: readonly Splice[]): void {
    for (const { index, deleted, inserted } of changes) {
      this.#view = spliced(this.#view, { index, deleted, inserted });
      if (this.#caret >= index + deleted) this.#caret += inserted.length - deleted;
      else if (this.#caret > index) this.#caret = index;
    }
  }

  /** Does nothing while the tab is closed, or its document is not loaded. */
  perform(action: Action): void {
    if (!this.#client.isOpen || !this.#client.core.loaded) return;
    switch (action.type) {
      case 'type':
        this.#edit([{ index: this.#place(this.#caret), deleted: 0, inserted: action.text }]);
        if (action.backward) this.#caret = Math.max(0, this.#caret - action.text.length);
        return;
      case 'move':
        this.#caret = this.#at(action.to);
        return;
      case 'erase': {
        const end = this.#place(this.#caret);
        const index = this.#place(Math.max(0, end - action.units));
        this.#edit([{ index, deleted: end - index, inserted: '' }]);
        return;
      }
      case 'delete': {
        const [index, end] = this.#range(action.from, action.units);
        this.#edit([{ index, deleted: end - index, inserted: '' }]);
        return;
      }
      case 'replace': {
        const [index, end] = this.#range(action.from, action.units);
        const deletion = { index, deleted: end - index, inserted: '' };
        this.#edit([deletion, { index, deleted: 0, inserted: action.text }]);
        return;
      }
      case 'presence':
        this.#client.setPresence(this.#place(this.#caret), this.#place(this.#caret >> 1));
        return;
    }
  }

  #edit(splices: readonly Splice[]): void {
    if (splices.every(({ deleted, inserted }) => deleted === 0 && inserted === '')) return;
    const { name, core, replica } = this.#client;
    const gone: (OpId | null)[] = [];
    let expected = this.#view;
    for (const { index, deleted, inserted } of splices) {
      if (cutsAtEdge(this.#view, index, deleted) || hasEdgePair(inserted)) {
        this.#coverage.occurred('surrogate pair at the edge of an edit');
      }
      // The text before the edit is the one that deletions of these workloads refer to.
      for (let k = 0; k < deleted; k++) gone.push(core.fold.sequence.idAt(index + k));
      expected = spliced(expected, { index, deleted, inserted });
    }
    this.#view = expected;
    this.#client.edit(splices);
    const another = (): string => `a local edit of ${name} gave another text`;
    this.#coverage.always('S9', core.text === expected, another, name);
    const timestamp = core.fold.sequence.versionVector.get(replica);
    for (const id of gone) this.#ledger.deleted(id, { replica, timestamp });
    for (const { index, inserted } of splices) {
      for (let k = 0; k < inserted.length; k++) {
        this.#ledger.typed(core.fold.sequence.idAt(index + k), inserted.charAt(k));
      }
      this.#caret = index + inserted.length;
    }
  }

  #range(from: number, units: number): readonly [number, number] {
    const index = this.#at(from);
    return [index, this.#place(Math.min(this.#view.length, index + units))];
  }

  /** A place by millionths of the text. */
  #at(millionths: number): number {
    return this.#place(Math.floor((this.#view.length * millionths) / 1_000_000));
  }

  /** The nearest place that parts no surrogate pair, at or before `index`. */
  #place(index: number): number {
    const inside = Math.min(index, this.#view.length);
    return cutsPair(this.#view, inside) ? inside - 1 : inside;
  }
}

/** Whether a half of a pair stands right beside or at the edge of what is deleted. */
function cutsAtEdge(text: string, index: number, deleted: number): boolean {
  return isHalf(text.charCodeAt(index - 1)) || isHalf(text.charCodeAt(index + deleted));
}

function hasEdgePair(text: string): boolean {
  return isHalf(text.charCodeAt(0)) || isHalf(text.charCodeAt(text.length - 1));
}

/** NaN, where there is no unit, is none. */
function isHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function spliced(text: string, { index, deleted, inserted }: Splice): string {
  return text.slice(0, index) + inserted + text.slice(index + deleted);
}
