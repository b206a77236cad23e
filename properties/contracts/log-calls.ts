/**
 * Calls of a log as promises, for tests, and what they may find: a call that is answered within
 * itself rejects, one that is answered again is noted.
 */
import { expect } from 'vitest';
import type {
  AppendResult,
  CloseOutcome,
  HistoryPort,
  LogHead,
  LogPage,
  LogPort,
  LogRow,
} from '../../engine/driver/ports.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';

/** What has a log. */
interface Holder {
  readonly port: LogPort;
}

const repeated: string[] = [];

export const unknown: AppendResult = { outcome: 'unknown' };

export function committed(lsn: number): AppendResult {
  return { outcome: 'committed', lsn, at: expect.any(Number) };
}

export function rejected(code: 'epoch' | 'deleted' | 'invalid'): AppendResult {
  return { outcome: 'rejected', code };
}

/** The answers that came again since it was last asked. */
export function takeRepeated(): readonly string[] {
  return repeated.splice(0);
}

export function append(
  { port }: Holder,
  document: string,
  body: Uint8Array,
  epoch = 1,
): Promise<AppendResult> {
  return answer(`append to ${document}`, (done) => port.append(document, epoch, body, done));
}

/** One page, its bodies as plain bytes; null = failed. */
export async function read(
  { port }: Holder,
  document: string,
  afterLsn = 0,
  bytesMax = 1e6,
): Promise<LogPage | null> {
  const page = await answer<LogPage | null>(`read of ${document}`, (done) =>
    port.read(document, afterLsn, bytesMax, done),
  );
  if (page === null) return null;
  const rows = page.rows.map((each) => ({ ...each, body: Uint8Array.from(each.body) }));
  return { head: page.head, rows };
}

/** Sorted by name; null = failed. */
export async function heads(
  { port }: Holder,
  documents: readonly string[],
): Promise<readonly (readonly [string, LogHead])[] | null> {
  type Heads = ReadonlyMap<string, LogHead> | null;
  const found = await answer<Heads>(`heads of ${documents.length}`, (done) =>
    port.heads(documents, done),
  );
  return found === null ? null : [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

export function closeTime(
  { port }: { readonly port: HistoryPort },
  document: string,
  at: number,
): Promise<CloseOutcome> {
  return answer(`close of ${document} at ${at}`, (done) => port.closeTime(document, at, done));
}

/** As `closeTime`, as soon as the time is past. */
export async function closeWhenPast(
  holder: { readonly port: HistoryPort },
  document: string,
  at: number,
): Promise<CloseOutcome> {
  for (;;) {
    const outcome = await closeTime(holder, document, at);
    if (outcome !== 'future') return outcome;
  }
}

/** Every row, page by page; throws when a page fails or the rows leave a hole. */
export async function readAll(holder: Holder, document: string): Promise<readonly LogRow[]> {
  const rows: LogRow[] = [];
  for (;;) {
    const page = await read(holder, document, rows.length);
    if (page === null) throw new Error(`no page of ${document} after ${rows.length}`);
    for (const each of page.rows) {
      if (each.lsn !== rows.length + 1) {
        throw new Error(`${document}: row ${rows.length + 1} expected, got ${each.lsn}`);
      }
      rows.push(each);
    }
    const end = page.head?.lsn ?? 0;
    if (rows.length > end) throw new Error(`${document}: ${rows.length} rows, the head is ${end}`);
    if (rows.length === end) return rows;
    if (page.rows.length === 0) throw new Error(`${document}: no rows after ${rows.length}`);
  }
}

/** Of a committed row; throws if it is none. */
export function at(result: AppendResult): { readonly at: number } {
  if (result.outcome !== 'committed') throw new Error(`not committed: ${JSON.stringify(result)}`);
  return { at: result.at };
}

export function bodies(rows: readonly LogRow[]): Uint8Array[] {
  return rows.map(({ body }) => body);
}

/** A row of some characters, by a replica of its own. */
export function row(n: number, text = 'x'): Uint8Array {
  const ops = [{ type: 'insert', timestamp: 1, left: null, right: null, text } as const];
  return encodeUpdate({ batches: [{ replica: n + 1, first: 1, gap: 0, base: 0, ops }] });
}

/** What became of the append of `row(n)`. */
export interface Answered {
  readonly n: number;
  readonly result: AppendResult;
}

/**
 * Committed rows are at their place, unknown ones there at most once, others not at all. `rows` are
 * those after LSN `before`.
 */
export function expectKept(
  rows: readonly LogRow[],
  answers: readonly Answered[],
  before = 0,
): void {
  const kept = bodies(rows).map(String);
  expect(new Set(kept).size).toBe(kept.length);
  const offered = new Set<string>();
  for (const { n, result } of answers) {
    if (result.outcome === 'rejected') continue;
    offered.add(String(row(n)));
    if (result.outcome === 'unknown') continue;
    const { lsn } = result;
    expect(rows[lsn - before - 1]).toEqual({ ...at(result), lsn, body: row(n) });
  }
  expect(kept.filter((body) => !offered.has(body))).toEqual([]);
}

function answer<T>(what: string, call: (done: (result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let calls = 0;
    let isWithin = true;
    call((result) => {
      calls += 1;
      if (calls > 1) repeated.push(`${what}, answer ${calls}: ${JSON.stringify(result)}`);
      if (isWithin) reject(new Error(`${what} was answered within the call`));
      else resolve(result);
    });
    isWithin = false;
  });
}
