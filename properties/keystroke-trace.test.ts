/**
 * B15: long histories of single keystrokes, as local edits and as updates at a second replica. A
 * synthetic one always; a recorded one (the automerge-paper trace of josephg/editing-traces) where
 * the file is, in the folder named by TRACES_DIR or in ../shared/traces.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Random } from '../engine/random.ts';
import { Document } from '../engine/text/document.ts';
import { applyChanges, type TextChange } from '../engine/text/text-change.ts';

const traces = process.env.TRACES_DIR ?? join(import.meta.dirname, '..', '..', 'shared', 'traces');
const recorded = join(traces, 'automerge-paper.json.gz');

/** [index, deleted, inserted] of one keystroke. */
type Patch = readonly [number, number, string];

interface Trace {
  readonly endContent: string;
  readonly txns: readonly { readonly patches: readonly Patch[] }[];
}

/**
 * Types the trace into one document, applies its updates to another, and expects both to end alike.
 */
function replay(edits: readonly (readonly TextChange[])[], text: string): void {
  const author = Document.create({ replica: 1 });
  const updates = edits.map((splices) => author.edit(splices));
  expect(author.text === text).toBe(true);
  author.check();
  const reader = Document.create({ replica: 2 });
  for (const update of updates) reader.apply(update);
  expect(reader.digest()).toBe(author.digest());
  const merged = Document.create({ replica: 3 });
  merged.apply(Document.mergeUpdates(updates));
  expect(merged.digest()).toBe(author.digest());
  expect(Document.decode(author.encode(), { replica: 4 }).digest()).toBe(author.digest());
}

test('30,000 synthetic keystrokes: bursts of typing and backspacing, jumps and pastes', () => {
  const random = new Random(15);
  const edits: TextChange[][] = [];
  let text = '';
  let caret = 0;
  while (edits.length < 30_000) {
    if (random.chance(40_000)) caret = random.below(text.length + 1);
    const isPaste = random.chance(2_000);
    const isBackspace = random.chance(300_000) && caret > 0;
    const inserted = isPaste ? 'pasted\n'.repeat(5) : String.fromCharCode(97 + random.below(26));
    const splice: TextChange = isBackspace
      ? { index: caret - 1, deleted: 1, inserted: '' }
      : { index: caret, deleted: 0, inserted };
    edits.push([splice]);
    text = applyChanges(text, [splice]);
    caret = splice.index + splice.inserted.length;
  }
  replay(edits, text);
});

test('the recorded keystrokes of a paper', (context) => {
  if (!existsSync(recorded)) context.skip(`not run: there is no ${recorded}; set TRACES_DIR`);
  const trace: Trace = JSON.parse(gunzipSync(readFileSync(recorded)).toString());
  const edits = trace.txns.map(({ patches }) =>
    patches.map(([index, deleted, inserted]) => ({ index, deleted, inserted })),
  );
  expect(edits.length).toBeGreaterThan(200_000);
  replay(edits, trace.endContent);
}, 120_000);
