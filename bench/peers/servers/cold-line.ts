/**
 * Opening a document that a server has only on its disk. A person's recorded typing (the first
 * edits of a trace, each one character typed or deleted, at the places where it was typed) goes
 * into a document in as many edits; then the server is restarted, and clients of the product's own
 * library open it. As long as the text is not complete, time runs.
 */
import { setTimeout as later } from 'node:timers/promises';
import { must } from '../../../engine/assert.ts';
import { findTrace, limitTrace, readTrace, type Trace } from '../../../tools/replay/trace.ts';
import { summaryOf } from '../../engine/statistics.ts';
import { openCold } from '../../playback/cold-open.ts';
import { typeTrace } from '../../playback/typing.ts';
import type { ServerChild } from '../../server/server-child.ts';
import { ourName } from './dialects.ts';
import type { Entrant } from './entrants.ts';
import type { Line } from './line.ts';
import { YjsEditor } from './yjs-editor.ts';

const traceName = 'automerge-paper';
const document = 'cold';
/** Edits between two answers that are waited for. */
const perRow = 25;
const perQuestion = 1_000;
const opens = 5;
/** What a server has not written by then, it need not have. */
const storeMs = 12_000;
const patienceMs = 20_000;

interface Opening {
  readonly ms: number;
  readonly bytes: number;
  /** Of the text. */
  readonly characters: number;
}

export function coldLine({ edits }: { readonly edits: number }): Line {
  const inMemory = 'after a restart it has nothing';
  return {
    name: 'cold',
    title: `A client opens a document of ${edits} single-character edits, ${opens} restarts`,
    metrics: [
      { key: 'ms', label: 'until the text is complete, median ms', better: 'less' },
      { key: 'msMost', label: 'at most, ms', better: 'told' },
      { key: 'kilobytes', label: 'received, kB', better: 'less' },
      { key: 'characters', label: 'characters that came, at least', better: 'told' },
      { key: 'expected', label: 'of', better: 'told' },
      { key: 'typeSeconds', label: 'to type it, s', better: 'told' },
    ],
    cannot: {
      ...{ 'y-websocket': inMemory, sharedb: inMemory },
      'sharedb-postgres': 'left out: one edit after the other, typing alone takes it minutes',
    },
    measure: async ({ entrant, venue: { running } }) => {
      const child = must(running.child, 'a server of this machine');
      const whole = await readTrace(await findTrace(traceName, process.env));
      const trace = limitTrace(whole, edits);
      const expected = textOf(trace);
      const startMs = performance.now();
      await type(entrant, child, trace, expected);
      const typeSeconds = Math.round((performance.now() - startMs) / 1_000);
      await later(storeMs);
      const openings: Opening[] = [];
      for (let left = opens; left > 0; left--) {
        await child.stop();
        await child.start();
        openings.push(await open(entrant, child, expected));
      }
      const of = (pick: (opening: Opening) => number) => summaryOf(openings.map(pick));
      return {
        ms: Math.round(of(({ ms }) => ms).median),
        msMost: Math.round(of(({ ms }) => ms).max),
        kilobytes: Math.round(of(({ bytes }) => bytes).median / 1_000),
        characters: of(({ characters }) => characters).min,
        expected: expected.length,
        typeSeconds,
      };
    },
  };
}

function textOf({ transactions }: Trace): string {
  let text = '';
  for (const { patches } of transactions) {
    for (const [at, deleted, inserted] of patches) {
      text = text.slice(0, at) + inserted + text.slice(at + deleted);
    }
  }
  return text;
}

async function type(
  entrant: Entrant,
  child: ServerChild,
  trace: Trace,
  expected: string,
): Promise<void> {
  if (entrant.contender.name === ourName) {
    const url = `${addressOf(child)}/v1/sync`;
    await typeTrace({ url, documentId: document, trace, perRow, onProgress: () => {} });
    return;
  }
  const editor = new YjsEditor(editorOptions(entrant, child));
  try {
    await editor.synced();
    for (const [index, { patches }] of trace.transactions.entries()) {
      for (const [at, deleted, inserted] of patches) {
        if (deleted > 0) editor.text.delete(at, deleted);
        if (inserted !== '') editor.text.insert(at, inserted);
      }
      if (index % perQuestion === 0) await editor.synced();
    }
    await editor.synced();
    if (editor.text.toString() !== expected) throw new Error('it was not typed as it was recorded');
  } finally {
    editor.end();
  }
}

async function open(entrant: Entrant, child: ServerChild, expected: string): Promise<Opening> {
  if (entrant.contender.name === ourName) {
    const opened = await openCold(`${addressOf(child)}/v1/sync`, document);
    const { textMs, bytesReceived, text } = opened;
    if (text !== expected) throw new Error('it is not the text that was typed');
    return { ms: textMs, bytes: bytesReceived, characters: text.length };
  }
  const startMs = performance.now();
  const editor = new YjsEditor(editorOptions(entrant, child));
  const { text } = editor;
  await Promise.race([
    later(patienceMs, undefined, { ref: false }),
    new Promise<void>((resolve) => {
      editor.onChange = () => {
        if (text.length >= expected.length && text.toString() === expected) resolve();
      };
    }),
  ]);
  const ms = performance.now() - startMs;
  editor.end();
  return { ms, bytes: editor.receivedBytes, characters: text.length };
}

function editorOptions({ dialect }: Entrant, child: ServerChild) {
  const address = dialect.address(addressOf(child), document);
  return { address, document, isNamed: dialect.name === 'hocuspocus' };
}

function addressOf({ port }: ServerChild): string {
  return `ws://127.0.0.1:${port}`;
}
