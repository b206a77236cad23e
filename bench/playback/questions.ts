/** Moments of a document that was typed from a trace, what was there, and what a server answers. */
import { z } from 'zod';
import { must } from '../../engine/assert.ts';
import type { LogRow } from '../../engine/driver/ports.ts';
import { Random } from '../../engine/random.ts';
import { batchLast } from '../../proto/batch.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';
import type { Trace } from '../../tools/replay/trace.ts';
import { operationCounts, textsAfter } from './prefixes.ts';

export interface Question {
  /** As in the address. */
  readonly query: string;
  /** The row that it means. */
  readonly lsn: number;
  readonly text: string;
}

const answer = z.object({ lsn: z.int(), closed: z.boolean(), text: z.string() });

/** `count` questions, by turns for an LSN and for a time; the same ones for the same log. */
export function drawQuestions(rows: readonly LogRow[], trace: Trace, count: number): Question[] {
  const random = new Random(1, 'questions');
  const moments = Array.from({ length: count }, (_, n) => {
    const lsn = random.between(1, rows.length);
    return n % 2 === 0 ? { query: `lsn=${lsn}`, lsn } : timeOf(rows, lsn, random);
  });
  return withTexts(rows, trace, moments);
}

/** The question for one row. */
export function questionFor(rows: readonly LogRow[], trace: Trace, lsn: number): Question {
  const [question] = withTexts(rows, trace, [{ query: `lsn=${lsn}`, lsn }]);
  return must(question, 'one moment, one question');
}

/** Milliseconds that it took. Throws if the answer is another one. */
export async function ask(url: string, documentId: string, question: Question): Promise<number> {
  const startMs = performance.now();
  const headers = { accept: 'application/json' };
  const response = await fetch(`${url}v1/documents/${documentId}?${question.query}`, { headers });
  const body = await response.text();
  const ms = performance.now() - startMs;
  if (response.status !== 200) throw new Error(`${question.query}: ${response.status} ${body}`);
  const { lsn, text, closed } = answer.parse(JSON.parse(body));
  if (lsn !== question.lsn) throw new Error(`${question.query}: row ${lsn}, not ${question.lsn}`);
  if (text !== question.text) throw new Error(`${question.query}: another text than the trace's`);
  if (!closed) throw new Error(`${question.query}: an answer that is not final`);
  return ms;
}

/** A time in the row's own millisecond or in those before the next one's. */
function timeOf(
  rows: readonly LogRow[],
  lsn: number,
  random: Random,
): { readonly query: string; readonly lsn: number } {
  const { at } = must(rows[lsn - 1], 'a row');
  const later = rows.slice(lsn).find((row) => row.at > at)?.at ?? at + 1;
  const time = random.between(at, later - 1);
  const last = rows.findLast((row) => row.at <= time);
  return { query: `at=${time}`, lsn: must(last, 'a row by then').lsn };
}

function withTexts(
  rows: readonly LogRow[],
  trace: Trace,
  moments: readonly { readonly query: string; readonly lsn: number }[],
): Question[] {
  const counts = operationCounts(trace);
  const prefixOf = new Map(counts.map((count, prefix) => [count, prefix]));
  const prefixAt = (lsn: number): number => {
    const batches = decodeUpdate(must(rows[lsn - 1], 'a row').body).batches;
    // The only author's timestamps count its operations.
    const operations = batchLast(must(batches.at(-1), 'a batch'));
    return must(prefixOf.get(operations), 'a row ends with a transaction');
  };
  const texts = textsAfter(
    trace,
    moments.map(({ lsn }) => prefixAt(lsn)),
  );
  return moments.map((moment) => {
    return { ...moment, text: must(texts.get(prefixAt(moment.lsn)), 'a text') };
  });
}
