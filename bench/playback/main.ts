/**
 * `npm run bench:playback`: a recorded document is typed into a real server, in many commits; then
 * it is asked for as it was at random rows and times, and every answer is compared with the trace's
 * own text there. After a restart: the first, the middle and the last moment, and a client that
 * opens the document.
 *
 * `--trace NAME` (default automerge-paper), `--per-row N` transactions to a commit (default 25),
 * `--questions N` (default 1000), `--json`.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { must } from '../../engine/assert.ts';
import { startBackingPostgres } from '../../server/backing/backing-postgres.ts';
import { openPostgresLog, readAll } from '../../server/testing/log-access.ts';
import { type ServerProcess, startServerProcess } from '../../server/testing/server-process.ts';
import { createTestDatabase } from '../../server/testing/test-database.ts';
import { findTrace, readTrace, type Trace } from '../../tools/replay/trace.ts';
import { openCold } from './cold-open.ts';
import { ask, drawQuestions, questionFor } from './questions.ts';
import { typeTrace } from './typing.ts';

const documentId = 'played';
/** A document that everybody has left goes soon. */
const idleMs = 500;

const { values } = parseArgs({
  options: {
    trace: { type: 'string', default: 'automerge-paper' },
    'per-row': { type: 'string', default: '25' },
    questions: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
  },
});
const perRow = Number(values['per-row']);

async function main(): Promise<void> {
  const trace = await readTrace(await findTrace(values.trace, process.env));
  const backing = await startBackingPostgres();
  if (backing.type === 'none') throw new Error(backing.reason);
  const dataDir = await mkdtemp(join(tmpdir(), 'sve-bench-'));
  const database = await createTestDatabase(backing.url, { migrated: false });
  const flags = ['--document-idle-ms', String(idleMs)];
  const server = await startServerProcess({ dataDir, databaseUrl: database.url, flags });
  try {
    const report = await measure(server, { databaseUrl: database.url, trace });
    const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version };
    console.log(values.json ? JSON.stringify({ machine, ...report }) : { machine, ...report });
  } finally {
    await server.stop();
    await database.drop();
    await backing.stop();
    await rm(dataDir, { recursive: true });
  }
}

async function measure(
  server: ServerProcess,
  { databaseUrl, trace }: { readonly databaseUrl: string; readonly trace: Trace },
): Promise<object> {
  const { syncUrl: url } = server;
  const startMs = performance.now();
  await typeTrace({ url, documentId, trace, perRow, onProgress: progress('typing') });
  const typingS = Math.round((performance.now() - startMs) / 1000);
  const log = openPostgresLog({ url: databaseUrl });
  const rows = await readAll(log, documentId);
  await log.close();

  const questions = drawQuestions(rows, trace, Number(values.questions));
  const told = progress('asking');
  const times: number[] = [];
  for (const question of questions) {
    times.push(await ask(server.url, documentId, question));
    told(times.length / questions.length);
  }
  const moments: Record<string, number> = {};
  for (const [name, lsn] of Object.entries({
    first: 1,
    middle: Math.ceil(rows.length / 2),
    last: rows.length,
  })) {
    await server.restart();
    moments[`${name}Ms`] = round(await ask(server.url, documentId, questionFor(rows, trace, lsn)));
  }
  return {
    ...{ trace: trace.name, transactions: trace.transactions.length, rows: rows.length, typingS },
    logBytes: rows.reduce((sum, { body }) => sum + body.length, 0),
    ...{ questions: times.length, right: times.length },
    playbackMs: percentiles(times),
    coldMoments: moments,
    coldOpen: await coldOpen(server, trace),
  };
}

/** After a restart, with the memory of the server's process in MiB. */
async function coldOpen(server: ServerProcess, trace: Trace): Promise<object> {
  await server.restart();
  // What the first question of any kind takes: not of this document.
  await openCold(server.syncUrl, 'another');
  const before = await memoryOf(server);
  const { text, textMs, editableMs, bytesReceived } = await openCold(server.syncUrl, documentId);
  if (trace.endContent !== null && text !== trace.endContent) throw new Error('another text');
  const during = await memoryOf(server);
  await untilEmpty(server);
  const after = await memoryOf(server);
  const times = { textMs: round(textMs), editableMs: round(editableMs) };
  return { ...times, bytesReceived, textLength: text.length, before, during, after };
}

/** Resident, and the highest that it was. */
async function memoryOf({ pid }: ServerProcess): Promise<object> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const mib = (field: string): number =>
    Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { rssMib: mib('VmRSS'), peakMib: mib('VmHWM') };
}

/** No document is in memory. */
async function untilEmpty({ url }: ServerProcess): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${url}metrics`)).text();
    if (/^sve_documents 0$/m.test(metrics)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function percentiles(times: readonly number[]): object {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    round(must(sorted[Math.ceil(share * sorted.length) - 1], 'a time'));
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** On a terminal only. */
function progress(what: string): (share: number) => void {
  if (!process.stderr.isTTY) return () => {};
  return (share) => process.stderr.write(`\r${what} ${Math.floor(share * 100)} % `);
}

await main();
