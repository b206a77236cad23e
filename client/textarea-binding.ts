/**
 * Keeps a text field and a document the same: what the person types becomes edits, what others type
 * appears in the field, and the caret stays where it was in the text.
 *
 * While an input method composes, the field belongs to it: nothing is written and nothing is read.
 * What others change meanwhile waits, and what was composed is put where its place is by then.
 *
 * A field shows CR LF as one line break; the document keeps it. The browser's own undo undoes what
 * it knows of; the result is an edit like any other.
 */
import type { TextChange } from '../engine/text/text-change.ts';
import { shownIndex, shownText, textIndex } from './line-breaks.ts';
import type { SyncSession } from './sync-session.ts';
import { difference, moveIndex, rebase } from './text-splices.ts';

export interface TextareaBinding {
  /** Takes its hands off the field. */
  dispose(): void;
}

/** The part of a session that a field needs. */
export type BoundSession = Pick<SyncSession, 'text' | 'edit' | 'on' | 'setPresence'>;

/** The part of a text field that is used here. */
export interface BoundField
  extends EventTarget,
    Pick<
      HTMLTextAreaElement,
      | 'value'
      | 'selectionStart'
      | 'selectionEnd'
      | 'selectionDirection'
      | 'scrollTop'
      | 'setSelectionRange'
    > {
  readonly ownerDocument: EventTarget & { readonly activeElement: unknown };
}

/** Binds the field, whose content is replaced, and tells the others the place of its caret. */
export function bindTextarea(session: BoundSession, field: BoundField): TextareaBinding {
  return new Binding(session, field);
}

class Binding implements TextareaBinding {
  readonly #session: BoundSession;
  readonly #field: BoundField;
  readonly #listening = new AbortController();
  readonly #unsubscribe: () => void;
  /** The document's text that the field shows, apart from what the person did to it since. */
  #text: string;
  /** Changes of that text which the field does not show yet. */
  #changes: TextChange[] = [];
  #composing = false;
  #editing = false;
  /** The caret that others were told, moved along with the text. */
  #told: { readonly head: number; readonly anchor: number } | null = null;

  constructor(session: BoundSession, field: BoundField) {
    this.#session = session;
    this.#field = field;
    this.#text = session.text;
    field.value = this.#text;
    this.#unsubscribe = session.on('change', ({ changes }) => this.#changed(changes));
    this.#listen(field, 'compositionstart', () => {
      this.#composing = true;
    });
    for (const type of ['compositionend', 'blur']) {
      this.#listen(field, type, () => {
        this.#composing = false;
        this.#reconcile();
      });
    }
    this.#listen(field, 'input', () => this.#reconcile());
    // Browsers differ in where they tell it. Text that came without an `input` comes first.
    for (const target of [field, field.ownerDocument]) {
      this.#listen(target, 'selectionchange', () => {
        this.#reconcile();
        this.#tellCaret();
      });
    }
    this.#listen(field, 'focus', () => this.#tellCaret());
  }

  dispose(): void {
    this.#unsubscribe();
    this.#listening.abort();
  }

  #listen(target: EventTarget, type: string, listener: () => void): void {
    target.addEventListener(type, listener, { signal: this.#listening.signal });
  }

  #changed(changes: readonly TextChange[]): void {
    if (this.#editing) return;
    this.#changes.push(...changes);
    this.#reconcile();
  }

  /** Takes what the person did to the field since, and shows what others did to the document. */
  #reconcile(): void {
    if (this.#composing) return;
    const field = this.#field;
    const before = this.#text;
    const changes = this.#changes;
    const shown = difference(shownText(before), field.value, field.selectionEnd);
    if (shown === null && changes.length === 0) return;
    const index = textIndex(before, shown?.index ?? 0);
    const end = textIndex(before, (shown?.index ?? 0) + (shown?.deleted ?? 0));
    const inserted = shown?.inserted ?? '';
    const own = rebase({ index, deleted: end - index, inserted }, changes);
    const moves = [...changes, ...(this.#edit(own) ? own : [])];
    this.#changes = [];
    this.#text = this.#session.text;
    /** From a place in the field, with the person's edit, to one in the text as it is now. */
    const place = (at: number): number => {
      const past = at - (shown?.index ?? 0);
      if (shown === null || past <= 0) return moveIndex(textIndex(before, at), moves);
      const typed = own.at(-1);
      if (past <= inserted.length && typed !== undefined) return typed.index + past;
      const old = at - inserted.length + shown.deleted;
      return moveIndex(textIndex(before, old), moves);
    };
    const [start, stop] = [place(field.selectionStart), place(field.selectionEnd)];
    if (field.value !== shownText(this.#text)) this.#show(start, stop);
    if (this.#told !== null) {
      const { head, anchor } = this.#told;
      this.#told = { head: moveIndex(head, moves), anchor: moveIndex(anchor, moves) };
    }
    if (shown !== null) this.#tellCaret();
  }

  /** False if the text cannot take the edit (half a surrogate pair): the field is set back. */
  #edit(splices: readonly TextChange[]): boolean {
    if (splices.length === 0) return true;
    this.#editing = true;
    try {
      this.#session.edit(splices);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    } finally {
      this.#editing = false;
    }
  }

  #show(start: number, end: number): void {
    const field = this.#field;
    const { scrollTop, selectionDirection } = field;
    field.value = shownText(this.#text);
    field.setSelectionRange(
      shownIndex(this.#text, start),
      shownIndex(this.#text, end),
      selectionDirection,
    );
    field.scrollTop = scrollTop;
  }

  #tellCaret(): void {
    const field = this.#field;
    if (this.#composing || field.ownerDocument.activeElement !== field) return;
    const { selectionStart, selectionEnd, selectionDirection } = field;
    const start = textIndex(this.#text, selectionStart);
    const end = textIndex(this.#text, selectionEnd);
    const backward = selectionDirection === 'backward';
    const caret = backward ? { head: start, anchor: end } : { head: end, anchor: start };
    if (caret.head === this.#told?.head && caret.anchor === this.#told.anchor) return;
    this.#told = caret;
    this.#session.setPresence(caret);
  }
}
