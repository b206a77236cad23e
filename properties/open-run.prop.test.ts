/**
 * Keystrokes that go on in an open run (engine/text/open-run.ts) do exactly what the same splices
 * do one by one: the same update bytes, changes, ids and state.
 *
 * Each writer is a Document, which keeps runs open, beside a Sequence that goes the general way:
 * local edits by `edit`, those of others by `integrate`, both with Batch objects. What a writer's
 * text is, is followed by its changes alone: a look at the document would settle the run, so that
 * only the plan looks.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { must } from '../engine/assert.ts';
import { Document } from '../engine/text/document.ts';
import { Sequence } from '../engine/text/sequence.ts';
import { applyChanges, type TextChange } from '../engine/text/text-change.ts';
import type { Batch } from '../proto/batch.ts';
import { cutsPair } from '../proto/text.ts';
import { decodeUpdate, encodeUpdate } from '../proto/update-codec.ts';

const numRuns = 100;
/** The `look` that tells the id of a unit. */
const lookId = 2;
const replicas = [1, 300, 2 ** 53 - 1] as const;

const kinds = [
  // Up to `count` keystrokes of one kind at the caret.
  ['type', 8],
  ['backspace', 5],
  ['deleteForward', 3],
  ['jump', 3],
  ['paste', 1],
  ['erase', 1],
  // What comes next from one other replica, up to `count` updates; or any one, early or again.
  ['receive', 6],
  ['receiveAny', 3],
  ['look', 4],
] as const;

interface Action {
  readonly kind: (typeof kinds)[number][0];
  readonly writer: number;
  /** Where, as a fraction of what there is, in the range 0 … 9999. */
  readonly at: number;
  readonly count: number;
  readonly text: string;
  /** Looks at the place `at` after each keystroke, which is not where the keystrokes are. */
  readonly peeks: boolean;
}

const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.oneof(...kinds.map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind) }))),
  writer: fc.nat({ max: replicas.length - 1 }),
  at: fc.nat({ max: 9_999 }),
  count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40 })),
  text: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('a', 'b', ' ', '\n', '\0', '\x7f') },
    { weight: 1, arbitrary: fc.constantFrom('é', 'ー', '😀') },
  ),
  peeks: fc.boolean(),
});

interface Plan {
  /** Timestamps are above this. */
  readonly clock: number;
  readonly actions: readonly Action[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  // Where a timestamp takes another byte, where the keystroke codec ends, where 32 bits do.
  clock: fc.constantFrom(0, 2 ** 14 - 20, 2 ** 28 - 40, 2 ** 32 - 40, 2 ** 53 - 20_000),
  actions: fc.array(action, { minLength: 1, maxLength: 40, size: 'max' }),
});

interface Written {
  readonly writer: number;
  readonly update: Uint8Array;
  readonly batch: Batch;
}

/** A Document, and a Sequence that does the same without an open run. */
class Writer {
  readonly replica: number;
  readonly document: Document;
  readonly sequence = new Sequence();
  #waiting: Batch[] = [];
  /** By the changes that the document told. */
  #text = '';
  #caret = 0;

  constructor(replica: number) {
    this.replica = replica;
    this.document = Document.create({ replica });
  }

  get length(): number {
    return this.#text.length;
  }

  /** Null: the action does not apply to the text. */
  edit({ kind, at, count, text }: Action): { update: Uint8Array; batch: Batch } | null {
    const caret = this.#caret;
    let splice: TextChange = { index: caret, deleted: 0, inserted: text };
    if (kind === 'paste') splice = { ...splice, inserted: text.repeat(count) };
    else if (kind === 'backspace') splice = this.#deletion(this.#boundary(caret - 1), caret);
    else if (kind === 'deleteForward') splice = this.#deletion(caret, this.#after(caret + 1));
    else if (kind === 'erase') {
      const start = this.#fraction(at);
      splice = this.#deletion(start, this.#after(start + count));
    }
    if (splice.deleted === 0 && splice.inserted === '') return null;
    const batch = must(this.sequence.edit(this.replica, [splice], 0), 'a change');
    const update = this.document.edit([splice]);
    expectBytes(update, encodeUpdate({ batches: [batch] }));
    this.#follow([splice]);
    this.#caret = splice.index + splice.inserted.length;
    return { update, batch };
  }

  jump(at: number): void {
    this.#caret = this.#fraction(at);
  }

  receive(update: Uint8Array): void {
    this.#follow(this.document.apply(update));
    for (const batch of decodeUpdate(update).batches) {
      const { replica, first } = batch;
      const isKnown = this.#waiting.some((one) => one.replica === replica && one.first === first);
      if (!isKnown) this.#waiting.push(batch);
    }
    for (let isNew = true; isNew; ) {
      isNew = false;
      this.#waiting = this.#waiting.filter((batch) => {
        const { replica, first } = batch;
        if (this.sequence.versionVector.includes({ replica, timestamp: first })) return false;
        if (this.sequence.obstacle(batch) !== null) return true;
        this.sequence.integrate(batch);
        isNew = true;
        return false;
      });
    }
  }

  /** One of the ways to look at a document; most of them must settle the run first. */
  look(way: number, at: number): void {
    const { document, sequence } = this;
    const index = this.#fraction(at);
    const asks: readonly ((of: Document | Sequence) => unknown)[] = [
      (of) => of.length,
      (of) => of.text,
      (of) => of.idAt(index),
      (of) => of.digest(),
      (of) => of.lineColumnAt(index),
      (of) => of.codePointIndex(index),
      (of) => of.versionVector.entries(),
      (of) => of.authorship(),
      (of) => of.clock,
    ];
    const ask = asks[way % (asks.length + 1)];
    if (ask !== undefined) expect(ask(document)).toEqual(ask(sequence));
    else expect(documentOf(document.encode()).digest()).toBe(sequence.digest());
  }

  expectSame(): void {
    const { document, sequence } = this;
    expect(document.pending).toBe(this.#waiting.length);
    expectText(document.text, this.#text);
    expectText(sequence.text, this.#text);
    expect(document.digest()).toBe(sequence.digest());
    document.check();
    sequence.check();
  }

  #follow(changes: readonly TextChange[]): void {
    this.#text = applyChanges(this.#text, changes);
    // Where the caret would have to go is not what is tested here.
    this.#caret = this.#boundary(Math.min(this.#caret, this.length));
  }

  #deletion(from: number, to: number): TextChange {
    return { index: from, deleted: to - from, inserted: '' };
  }

  #fraction(at: number): number {
    return this.#boundary(Math.floor((at / 10_000) * (this.length + 1)));
  }

  /** `index`, or the one before it if it is inside a surrogate pair; in the text. */
  #boundary(index: number): number {
    const inside = Math.max(0, Math.min(index, this.length));
    return cutsPair(this.#text, inside) ? inside - 1 : inside;
  }

  #after(index: number): number {
    const inside = Math.min(index, this.length);
    return cutsPair(this.#text, inside) ? inside + 1 : inside;
  }
}

function documentOf(snapshot: Uint8Array): Document {
  return Document.decode(snapshot, { replica: 9 });
}

// `expect` formats both sides first, which would take most of the time.
function expectText(actual: string, expected: string): void {
  if (actual !== expected) expect(actual).toBe(expected);
}

function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  const isSame =
    actual.length === expected.length && actual.every((byte, at) => byte === expected[at]);
  if (!isSame) expect([...actual]).toEqual([...expected]);
}

/** Writers that carry out a plan. */
class Room {
  readonly writers: readonly Writer[] = replicas.map((replica) => new Writer(replica));
  readonly written: Written[] = [];
  /** By receiver, then author: how many of the author's updates came in order. */
  readonly #received = replicas.map(() => replicas.map(() => 0));

  constructor(clock: number) {
    const first = new Sequence();
    const batch = must(first.edit(7, [{ index: 0, deleted: 0, inserted: '.' }], 0, clock), 'one');
    const update = encodeUpdate({ batches: [batch] });
    for (const writer of this.writers) writer.receive(update);
  }

  do(action: Action): void {
    const { kind, at, count } = action;
    const writer = must(this.writers[action.writer], 'a writer');
    if (kind === 'look') writer.look(count, at);
    else if (kind === 'jump') writer.jump(at);
    else if (kind === 'receive') this.#receive(action.writer, at % replicas.length, action);
    else if (kind === 'receiveAny') {
      const any = this.written[Math.floor((at / 10_000) * this.written.length)];
      if (any !== undefined) writer.receive(any.update);
    } else {
      const times = kind === 'paste' || kind === 'erase' ? 1 : count;
      for (let k = 0; k < times; k++) {
        const made = writer.edit(action);
        if (made !== null) this.written.push({ writer: action.writer, ...made });
        if (action.peeks) writer.look(lookId, at);
      }
    }
  }

  settle(): void {
    for (const to of replicas.keys()) {
      for (const from of replicas.keys())
        this.#receive(to, from, { at: 0, count: this.written.length, peeks: false });
    }
  }

  #receive(
    to: number,
    from: number,
    { at, count, peeks }: Pick<Action, 'at' | 'count' | 'peeks'>,
  ): void {
    if (to === from) return;
    const writer = must(this.writers[to], 'a writer');
    const received = must(this.#received[to], 'a receiver');
    const all = this.written.filter((one) => one.writer === from);
    const start = must(received[from], 'an author');
    const next = all.slice(start, start + count);
    for (const { update } of next) {
      writer.receive(update);
      if (peeks) writer.look(lookId, at);
    }
    received[from] = start + next.length;
  }
}

test('keystrokes that go on are what the same splices are one by one', () => {
  fc.assert(
    fc.property(plan, ({ clock, actions }) => {
      const room = new Room(clock);
      for (const one of actions) room.do(one);
      for (const writer of room.writers) writer.expectSame();
      room.settle();
      for (const writer of room.writers) writer.expectSame();
      const digests = new Set(room.writers.map(({ document }) => document.digest()));
      expect(digests.size).toBe(1);
    }),
    { numRuns },
  );
});
