/**
 * Goal: field and document stay the same, and the caret stays in its place, whatever the person, an
 * input method and others do. Method: fields that behave as a browser's, bound to sessions on a
 * node in memory; one scenario each, then random ones.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SyncSession } from './sync-session.ts';
import { Loopback } from './testing/loopback.ts';
import { bindTextarea } from './textarea-binding.ts';

/** A text field with the caret as `|`, a selection as `[…|` (or `|…]` backwards). */
class Field {
  readonly #listeners = new EventTarget();
  readonly ownerDocument = Object.assign(new EventTarget(), { activeElement: this });
  selectionStart = 0;
  selectionEnd = 0;
  selectionDirection: 'forward' | 'backward' | 'none' = 'none';
  scrollTop = 0;
  #value = '';

  get value(): string {
    return this.#value;
  }

  set value(value: string) {
    this.#value = value.replaceAll(/\r\n?/g, '\n');
    this.setSelectionRange(this.#value.length, this.#value.length);
    this.scrollTop = 0;
  }

  get state(): string {
    const { selectionStart: start, selectionEnd: end } = this;
    const [before, after] = [this.#value.slice(0, start), this.#value.slice(end)];
    if (start === end) return `${before}|${after}`;
    const selected = this.#value.slice(start, end);
    const backward = this.selectionDirection === 'backward';
    return backward ? `${before}|${selected}]${after}` : `${before}[${selected}|${after}`;
  }

  setSelectionRange(start: number | null, end: number | null, direction?: string): void {
    this.selectionStart = Math.min(start ?? 0, this.#value.length);
    this.selectionEnd = Math.min(end ?? 0, this.#value.length);
    this.selectionDirection = direction === 'backward' ? 'backward' : 'forward';
  }

  select(start: number, end = start, direction = 'forward'): void {
    this.setSelectionRange(start, end, direction);
    this.ownerDocument.dispatchEvent(new Event('selectionchange'));
  }

  /** Puts text in the place of the selection; the browser says so unless `quietly`. */
  type(text: string, quietly = false): void {
    const { selectionStart, selectionEnd } = this;
    const at = selectionStart + text.length;
    this.#value = this.#value.slice(0, selectionStart) + text + this.#value.slice(selectionEnd);
    this.setSelectionRange(at, at);
    if (!quietly) this.tell('input');
  }

  tell(type: string): void {
    this.dispatchEvent(new Event(type));
  }

  addEventListener(...listening: Parameters<EventTarget['addEventListener']>): void {
    this.#listeners.addEventListener(...listening);
  }

  removeEventListener(...listening: Parameters<EventTarget['removeEventListener']>): void {
    this.#listeners.removeEventListener(...listening);
  }

  dispatchEvent(event: Event): boolean {
    return this.#listeners.dispatchEvent(event);
  }
}

interface Desk {
  readonly field: Field;
  readonly session: SyncSession;
}

function desk(loop: Loopback): Desk {
  const [field, session] = [new Field(), loop.connect({ name: 'somebody' })];
  bindTextarea(session, field);
  return { field, session };
}

/** Two desks on a document with this text. */
function twoDesks(text: string): { loop: Loopback; ann: Desk; bob: Desk; exchange: () => void } {
  const loop = new Loopback();
  const [ann, bob] = [desk(loop), desk(loop)];
  const exchange = (): void => loop.time.advance(500);
  exchange();
  ann.field.type(text);
  exchange();
  expect(bob.field.value).toBe(ann.field.value);
  return { loop, ann, bob, exchange };
}

describe('a bound field', () => {
  it('shows what others type and keeps caret, selection and scrolling', () => {
    const { ann, bob, exchange } = twoDesks('one two three');
    bob.field.scrollTop = 7;
    for (const [select, expected] of [
      [() => bob.field.select(4), 'ZERO, one |two three'],
      [() => bob.field.select(4, 7), 'ZERO, one [two| three'],
      [() => bob.field.select(4, 7, 'backward'), 'ZERO, one |two] three'],
    ] as const) {
      select();
      ann.session.insert(0, 'ZERO, ');
      exchange();
      expect(bob.field.state).toBe(expected);
      ann.session.delete(0, 6);
      exchange();
    }
    expect(bob.field.scrollTop).toBe(7);
  });

  it('leaves the caret before what others type at it', () => {
    const { ann, bob, exchange } = twoDesks('ab');
    bob.field.select(1);
    ann.field.select(1);
    ann.field.type('X');
    exchange();
    expect(bob.field.state).toBe('a|Xb');
    expect(ann.field.state).toBe('aX|b');
  });

  it('tells the others where the caret is, and nothing when only they type', () => {
    const { ann, bob, exchange } = twoDesks('one\ntwo');
    bob.field.select(5, 7);
    exchange();
    expect(ann.session.peers).toMatchObject([{ head: 7, anchor: 5, line: 2, column: 4 }]);
    let told = 0;
    ann.session.on('presence', () => told++);
    ann.session.insert(0, 'zero\n');
    exchange();
    bob.field.ownerDocument.dispatchEvent(new Event('selectionchange'));
    exchange();
    expect(ann.session.peers).toMatchObject([{ head: 12, anchor: 10, line: 3 }]);
    expect(told).toBe(0);
  });

  it('is left alone while an input method composes', () => {
    const { ann, bob, exchange } = twoDesks('Hi, !');
    bob.field.select(4);
    bob.field.tell('compositionstart');
    bob.field.type('n');
    ann.session.insert(0, '>> ');
    ann.session.insert(7, 'dear ');
    exchange();
    expect(bob.field.state).toBe('Hi, n|!');
    expect(ann.field.value).toBe('>> Hi, dear !');
    bob.field.select(4, 5);
    bob.field.type('你');
    bob.field.tell('compositionend');
    exchange();
    expect(bob.field.state).toBe('>> Hi, 你|dear !');
    expect(ann.field.value).toBe('>> Hi, 你dear !');
  });

  it('keeps what others put into a selection that a composition replaces', () => {
    const { ann, bob, exchange } = twoDesks('abcdef');
    bob.field.select(1, 5);
    bob.field.tell('compositionstart');
    bob.field.type('X');
    ann.session.insert(3, 'new');
    exchange();
    bob.field.tell('compositionend');
    exchange();
    expect(bob.field.state).toBe('aX|newf');
    expect(ann.field.value).toBe('aXnewf');
  });

  it('shows CR LF as one line break and keeps it in the document', () => {
    const { ann, bob, exchange } = twoDesks('');
    ann.session.insert(0, 'one\r\ntwo\r\n');
    exchange();
    expect(bob.field.value).toBe('one\ntwo\n');
    bob.field.select(4, 7);
    bob.field.type('2');
    exchange();
    expect(ann.session.text).toBe('one\r\n2\r\n');
    ann.session.insert(0, '0\r\n');
    exchange();
    expect(bob.field.state).toBe('0\none\n2|\n');
    expect(bob.session.peers.length).toBe(1);
  });

  it('takes back what no document can hold: half a surrogate pair', () => {
    const { ann, bob, exchange } = twoDesks('ok');
    bob.field.select(2);
    bob.field.type('\ud83d');
    exchange();
    expect([bob.field.value, bob.session.text, ann.field.value]).toEqual(['ok', 'ok', 'ok']);
  });

  it('is free after dispose', () => {
    const loop = new Loopback();
    const session = loop.connect();
    const field = new Field();
    bindTextarea(session, field).dispose();
    field.type('mine');
    session.insert(0, 'yours');
    expect([field.value, session.text]).toEqual(['mine', 'yours']);
  });
});

type Act = (desk: Desk) => void;

/** Anything that a person or an input method does, at a place given by a fraction. */
const act: fc.Arbitrary<Act> = fc
  .tuple(
    fc.constantFrom('type', 'replace', 'compose', 'endComposition', 'quietly', 'select', 'network'),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(3),
    fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 3 }),
  )
  .map(([what, part, size, text]) => ({ field, session }) => {
    const at = Math.round(part * field.value.length);
    if (what === 'endComposition') field.tell('compositionend');
    else if (what !== 'network') field.select(at, what === 'type' ? at : at + size);
    else if (session.status === 'offline') session.goOnline();
    else session.goOffline();
    if (what === 'compose') field.tell('compositionstart');
    if (what === 'type' || what === 'replace' || what === 'compose') field.type(text);
    if (what === 'quietly') field.type(text, true);
  });

describe('two fields', () => {
  it('end with the same text, whatever is done at them', () => {
    const step = fc.tuple(fc.boolean(), act, fc.nat(4));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { loop, ann, bob } = twoDesks('base');
        for (const [first, run, waitMs] of steps) {
          run(first ? ann : bob);
          loop.time.advance(waitMs);
        }
        for (const { field, session } of [ann, bob]) {
          field.tell('blur');
          session.goOnline();
        }
        loop.time.advance(1_000);
        expect(ann.field.value).toBe(bob.field.value);
        expect(ann.session.text).toBe(ann.field.value);
        expect(ann.session.status).toBe('durable');
      }),
      { numRuns: 60 },
    );
  });
});
