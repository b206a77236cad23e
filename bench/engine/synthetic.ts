/**
 * Workloads from a seed, for who has no recorded traces, and for what no recording has: the hostile
 * cases. The text at the end comes from a plain text, not from a CRDT.
 *
 * Several authors keep to regions of their own (two, offline), so that all algorithms agree on the
 * text; in the hostile cases they meet at one place, and only the length is known.
 */
import { must } from '../../engine/assert.ts';
import { Random } from '../../engine/random.ts';
import type { TextChange } from '../../engine/text/text-change.ts';
import { PlainText } from './plain-text.ts';
import { type Workload, WorkloadBuilder } from './workload.ts';

const letters = [...'eeeettaaooiinsshrrdlucmfwypvbgk      ,.\n'];

/** How large the workloads are: the number of the dearest thing in each, times this. */
type Build = (name: string, scale: number) => Workload;

const builders: Readonly<Record<string, Build>> = {
  typing: (name, scale) => alone(name, Math.ceil(100_000 * scale), typing),
  pasting: (name, scale) => alone(name, Math.ceil(2_000 * scale), pasting),
  'random-edits': (name, scale) => alone(name, Math.ceil(50_000 * scale), randomEdit),
  backspacing: (name, scale) => alone(name, Math.ceil(100_000 * scale), backspacing),
  'two-authors': (name, scale) => {
    return regions(name, { authors: 2, rounds: Math.ceil(1_000 * scale), edits: 20 });
  },
  'ten-offline': (name, scale) => {
    return regions(name, { authors: 10, rounds: 2, edits: Math.ceil(1_000 * scale) });
  },
  'one-place': (name, scale) => onePlace(name, Math.ceil(10_000 * scale)),
  'branches-forward': (name, scale) => branches(name, Math.ceil(20_000 * scale), 'forward'),
  'branches-backward': (name, scale) => branches(name, Math.ceil(20_000 * scale), 'backward'),
  tombstones: (name, scale) => tombstones(name, Math.ceil(1_000 * scale)),
};

export const syntheticNames: readonly string[] = Object.keys(builders);

/** The workload of that name; `scale` 1 is the full size. RangeError if there is none. */
export function synthetic(name: string, scale: number): Workload {
  const build = builders[name];
  if (build === undefined) throw new RangeError(`no synthetic workload ${name}`);
  return build(name, scale);
}

/** The next edit of one author in a text of `length` units; `caret` is where the last one ended. */
type NextEdit = (random: Random, length: number, caret: number) => TextChange;

function alone(name: string, transactions: number, next: NextEdit): Workload {
  const random = new Random(1, name);
  const text = new PlainText();
  const builder = new WorkloadBuilder(1);
  let caret = 0;
  for (let i = 0; i < transactions; i++) {
    const change = next(random, text.length, caret);
    text.apply(change);
    builder.add(0, [change]);
    caret = change.index + change.inserted.length;
  }
  return builder.build(name, { text: text.toString(), length: text.length });
}

/** A key at a time; now and then the caret moves. */
function typing(random: Random, length: number, caret: number): TextChange {
  const index = random.chance(5_000) ? random.between(0, length) : caret;
  return { index, deleted: 0, inserted: random.pick(letters) };
}

/** A thousand characters at a random place. */
function pasting(random: Random, length: number): TextChange {
  return { index: random.between(0, length), deleted: 0, inserted: words(random, 1_000) };
}

/** One to five characters, in or out, at a random place. */
function randomEdit(random: Random, length: number): TextChange {
  const index = random.between(0, length);
  const deleted = random.chance(400_000) ? Math.min(random.between(1, 5), length - index) : 0;
  return { index, deleted, inserted: deleted > 0 ? '' : words(random, random.between(1, 5)) };
}

/** Words typed and half of each taken back, a key at a time. */
function backspacing(random: Random, _length: number, caret: number): TextChange {
  if (caret > 0 && random.chance(450_000)) return { index: caret - 1, deleted: 1, inserted: '' };
  return { index: caret, deleted: 0, inserted: random.pick(letters) };
}

function words(random: Random, length: number): string {
  return Array.from({ length }, () => random.pick(letters)).join('');
}

interface RegionOptions {
  readonly authors: number;
  /** After each, everybody receives everything. */
  readonly rounds: number;
  /** By an author in a round. */
  readonly edits: number;
}

/** A region begins and ends with a bracket that nobody touches. */
function regions(name: string, { authors, rounds, edits }: RegionOptions): Workload {
  const random = new Random(1, name);
  const names = Array.from({ length: authors }, (_, author) => author);
  const texts = names.map(() => new PlainText());
  const builder = new WorkloadBuilder(authors);
  for (const text of texts) text.apply({ index: 0, deleted: 0, inserted: '[]' });
  builder.add(0, [{ index: 0, deleted: 0, inserted: texts.join('') }]);
  for (let round = 0; round < rounds; round++) {
    for (const author of names) builder.receiveAll(author);
    let start = 0;
    const starts = texts.map((text) => {
      start += text.length;
      return start - text.length;
    });
    for (const [author, text] of texts.entries()) {
      let caret = random.between(1, text.length - 1);
      for (let edit = 0; edit < edits; edit++) {
        const deleted = caret > 1 && random.chance(150_000) ? 1 : 0;
        const inserted = deleted > 0 ? '' : random.pick(letters);
        const change = { index: caret - deleted, deleted, inserted };
        text.apply(change);
        builder.add(author, [{ ...change, index: must(starts[author], 'a start') + change.index }]);
        caret = change.index + inserted.length;
        if (random.chance(20_000)) caret = random.between(1, text.length - 1);
      }
    }
  }
  const end = texts.join('');
  return builder.build(name, { text: end, length: end.length });
}

/** So many authors insert one character each between the same two, knowing of nobody. */
function onePlace(name: string, authors: number): Workload {
  const random = new Random(1, name);
  const builder = new WorkloadBuilder(authors + 1);
  builder.add(0, [{ index: 0, deleted: 0, inserted: '[]' }]);
  for (let author = 1; author <= authors; author++) {
    builder.receive(author, 0, 1);
    builder.add(author, [{ index: 1, deleted: 0, inserted: random.pick(letters) }]);
  }
  return builder.build(name, { text: null, length: authors + 2 });
}

/** Two authors each write a long text at the same place while offline, a character at a time. */
function branches(name: string, length: number, direction: 'forward' | 'backward'): Workload {
  const random = new Random(1, name);
  const builder = new WorkloadBuilder(2);
  builder.add(0, [{ index: 0, deleted: 0, inserted: '[]' }]);
  builder.receiveAll(1);
  for (let typed = 0; typed < length; typed++) {
    for (const author of [0, 1]) {
      const index = direction === 'forward' ? 1 + typed : 1;
      builder.add(author, [{ index, deleted: 0, inserted: random.pick(letters) }]);
    }
  }
  return builder.build(name, { text: null, length: 2 + 2 * length });
}

/**
 * A thousand characters pasted at a random place, so many times, all taken out again in pieces of
 * random size, and then as many keys pressed between what is left of them.
 */
function tombstones(name: string, pastes: number): Workload {
  const random = new Random(1, name);
  const text = new PlainText();
  const builder = new WorkloadBuilder(1);
  const add = (change: TextChange) => {
    text.apply(change);
    builder.add(0, [change]);
  };
  for (let paste = 0; paste < pastes; paste++) add(pasting(random, text.length));
  while (text.length > 0) {
    const deleted = Math.min(random.between(1, 1_000), text.length);
    add({ index: random.between(0, text.length - deleted), deleted, inserted: '' });
  }
  for (let key = 0; key < pastes; key++) {
    add({ index: random.between(0, text.length), deleted: 0, inserted: random.pick(letters) });
  }
  return builder.build(name, { text: text.toString(), length: text.length });
}
