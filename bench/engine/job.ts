/**
 * One measurement in a process of its own: what a child process does and what it prints.
 *
 *   prepare   types the workload untimed and leaves its updates and saves in a folder for the rest
 *   local     every transaction as a local edit, one update each; with several authors as it was
 *             typed (workload.ts)
 *   remote    those updates into an empty document, one at a time
 *   merge     all of them at once into an empty document
 *   combined  the whole history as one update into an empty document
 *   load      a save to text, then one local edit
 *   memory    of loaded documents after one random local edit and one remote apply each
 *   objects   that they have on V8's heap
 *
 * Timed: from inputs in memory, the library imported, to the text at hand. `cold` is the first run
 * of the process, code not compiled yet; `warm` the median of the runs that follow in the same
 * process. Each run follows a full collection of garbage, and each text is checked.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapSnapshot } from 'node:v8';
import { brotliCompressSync, deflateRawSync } from 'node:zlib';
import { assert, must } from '../../engine/assert.ts';
import { Random } from '../../engine/random.ts';
import type { Library, Line, Replica } from './library.ts';
import { summaryOf } from './statistics.ts';
import { readUpdates, writeUpdates } from './update-file.ts';
import { receiverId, replay, replicaIds, type Workload } from './workload.ts';

export interface Job {
  readonly library: string;
  readonly line: Line | 'prepare';
  /** Which of the library's formats; '' for lines that need none. */
  readonly save: string;
  /** File with the workload as JSON. */
  readonly workload: string;
  /** What `prepare` leaves here, the others read. */
  readonly folder: string;
  /** A library that needs longer for the cold run is not run again. */
  readonly slowMs: number;
}

export interface Figure {
  /** What was measured; ends with its unit: ms, bytes or objects. */
  readonly name: string;
  /** Name of the save format that it is about; '' if about none. */
  readonly format: string;
  readonly value: number;
}

export interface JobResult {
  readonly figures: readonly Figure[];
  /** SHA-256 of the text. */
  readonly text: string;
}

/** Warm runs: as many as fit in this time, at least one. */
const warmMs = 400;
const warmRunsMax = 9;

/** Documents that share the blame for what the process as a whole grows by. */
const copies = 8;

/** Runs the job whose JSON is the process's argument; prints the result as the last line. */
export async function runJob(find: (name: string) => Promise<Library>): Promise<void> {
  const job: Job = JSON.parse(must(process.argv[2], 'the job is the argument'));
  const startMs = performance.now();
  const library = await find(job.library);
  const importMs = performance.now() - startMs;
  const { figures, text } = await measure(library, job);
  const imported = { name: 'import ms', format: '', value: importMs };
  const result: JobResult = { figures: [...figures, imported], text };
  process.stdout.write(`\n${JSON.stringify(result)}\n`);
}

function measure(library: Library, job: Job): JobResult | Promise<JobResult> {
  const updates = () => readUpdates(join(job.folder, 'updates'));
  switch (job.line) {
    case 'prepare':
      return prepare(library, job);
    case 'local': {
      const workload = readWorkload(job);
      const ids = replicaIds(workload.authors);
      return timedRuns(job, () => replay(library, workload, ids).reader);
    }
    case 'remote': {
      const list = updates();
      return timedRuns(job, () => applyAll(library.create(receiverId), list));
    }
    case 'merge': {
      const list = updates();
      return timedRuns(job, () => library.merge(receiverId, list));
    }
    case 'combined': {
      const whole = new Uint8Array(readFileSync(join(job.folder, 'whole')));
      return timedRuns(job, () => applyAll(library.create(receiverId), [whole]));
    }
    case 'load':
      return timedLoads(library, job);
    case 'memory':
      return memoryOf(library, job);
    case 'objects':
      return objectsOf(library, job);
  }
}

function prepare(library: Library, job: Job): JobResult {
  const workload = readWorkload(job);
  const { reader, updates } = replay(library, workload, replicaIds(workload.authors));
  const text = reader.text();
  assert(text.length === workload.endLength, `${text.length} units, not ${workload.endLength}`);
  if (workload.endText !== null) assert(text === workload.endText, 'the text at the end');
  const figures: Figure[] = [];
  const record = (name: string, format: string, value: number) => {
    figures.push({ name, format, value });
  };
  if (library.lines.includes('local')) {
    record('update of a keystroke, mean bytes', '', keystrokeBytes(workload, updates));
  }
  writeUpdates(join(job.folder, 'updates'), updates);
  if (library.lines.includes('combined')) {
    const whole = reader.wholeUpdate();
    record('combined update bytes', '', whole.length);
    writeFileSync(join(job.folder, 'whole'), whole);
  }
  for (const { name } of library.saves) {
    const bytes = reader.save(name);
    writeFileSync(join(job.folder, name), bytes);
    record('save bytes', name, bytes.length);
    record('save, deflated bytes', name, deflateRawSync(bytes, { level: 9 }).length);
    record('save, brotli bytes', name, brotliCompressSync(bytes).length);
    const copy = library.load(receiverId - 1, bytes, name);
    assert(copy.text() === text, `the text of the save ${name}`);
    writeFileSync(join(job.folder, `${name}.update`), copy.edit([randomKey(text.length, 2)]));
  }
  return { figures, text: hash(text) };
}

/** Mean size of the updates that carry one typed character and nothing else. */
function keystrokeBytes(workload: Workload, updates: readonly Uint8Array[]): number {
  let count = 0;
  let bytes = 0;
  for (const [index, { splices }] of workload.transactions.entries()) {
    const [splice] = splices;
    if (splices.length !== 1 || splice?.deleted !== 0 || splice.inserted.length !== 1) continue;
    count++;
    bytes += must(updates[index], 'an update per transaction').length;
  }
  return count === 0 ? 0 : bytes / count;
}

/**
 * The document of the last run stays, as a process that is warm has others: without any, collecting
 * garbage would throw away the compiled code too.
 */
const residents: Pick<Replica, 'text'>[] = [];

function timedRuns(job: Job, run: () => Pick<Replica, 'text'>): JobResult {
  let text = '';
  const timed = () => {
    collect();
    const startMs = performance.now();
    const replica = run();
    text = replica.text();
    residents[0] = replica;
    return performance.now() - startMs;
  };
  const coldMs = timed();
  const figures = [{ name: `${job.line} cold ms`, format: '', value: coldMs }];
  const warm = warmRuns(coldMs, job, timed);
  if (warm.length > 0) {
    figures.push({ name: `${job.line} warm ms`, format: '', value: summaryOf(warm).median });
  }
  return { figures, text: hash(text) };
}

function timedLoads(library: Library, job: Job): JobResult {
  const bytes = new Uint8Array(readFileSync(join(job.folder, job.save)));
  let text = '';
  const editMs: number[] = [];
  const timed = () => {
    collect();
    const startMs = performance.now();
    const replica = library.load(receiverId, bytes, job.save);
    text = replica.text();
    residents[0] = replica;
    const textMs = performance.now() - startMs;
    replica.edit([randomKey(text.length, 1)]);
    editMs.push(performance.now() - startMs);
    return textMs;
  };
  const coldMs = timed();
  const warm = warmRuns(coldMs, job, timed);
  const format = job.save;
  const figures = [
    { name: 'load cold ms', format, value: coldMs },
    { name: 'load to first edit cold ms', format, value: must(editMs[0], 'a run') },
  ];
  if (warm.length > 0) {
    figures.push({ name: 'load warm ms', format, value: summaryOf(warm).median });
    figures.push({
      name: 'load to first edit warm ms',
      format,
      value: summaryOf(editMs.slice(1)).median,
    });
  }
  return { figures, text: hash(text) };
}

function warmRuns(coldMs: number, { slowMs }: Job, timed: () => number): number[] {
  const runs: number[] = [];
  if (coldMs > slowMs) return runs;
  for (let sumMs = 0; sumMs < warmMs && runs.length < warmRunsMax; ) {
    const ms = timed();
    runs.push(ms);
    sumMs += ms;
  }
  return runs;
}

/**
 * What heap and external memory grow by, for one document: several are loaded, edited and held, and
 * the growth is divided by their number, so that neither compiled code nor what the first load
 * leaves behind is taken for the document's. Node's `external` has array buffers and WebAssembly
 * memories in it.
 */
function memoryOf(library: Library, job: Job): JobResult {
  // Compiled code and what else stays of the first time is not the documents'.
  loadCopies(library, job);
  const used = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  const { held, text } = loadCopies(library, job);
  const bytes = Math.round((used() - before) / copies);
  assert(held.length === copies, 'the documents are still held');
  return { figures: [{ name: 'memory bytes', format: job.save, value: bytes }], text };
}

/** As `memoryOf`, counting the nodes of a heap snapshot. */
async function objectsOf(library: Library, job: Job): Promise<JobResult> {
  // Compiled code and what else stays of the first time is not the documents'.
  loadCopies(library, job);
  const before = await heapObjects();
  const { held, text } = loadCopies(library, job);
  const after = await heapObjects();
  assert(held.length === copies, 'the documents are still held');
  const objects = Math.round((after - before) / copies);
  return { figures: [{ name: 'heap objects', format: job.save, value: objects }], text };
}

async function heapObjects(): Promise<number> {
  collect();
  let head = '';
  for await (const chunk of getHeapSnapshot()) {
    // The rest has to be read as well: the snapshot is not released before.
    if (head.length < 4096) head += String(chunk);
  }
  return Number(must(/"node_count":(\d+)/.exec(head)?.[1], 'a snapshot counts its nodes'));
}

/** The documents, each of bytes of its own, which nobody else holds. */
function loadCopies(library: Library, job: Job): { held: Replica[]; text: string } {
  const update = new Uint8Array(readFileSync(join(job.folder, `${job.save}.update`)));
  let text = '';
  const held = Array.from({ length: copies }, (_, copy) => {
    const bytes = new Uint8Array(readFileSync(join(job.folder, job.save)));
    const replica = library.load(receiverId - 2 - copy, bytes, job.save);
    const loaded = replica.text();
    text = hash(loaded);
    replica.edit([randomKey(loaded.length, 3 + copy)]);
    replica.apply(update);
    return replica;
  });
  return { held, text };
}

function applyAll(replica: Replica, updates: readonly Uint8Array[]): Replica {
  for (const update of updates) replica.apply(update);
  return replica;
}

/** A key pressed somewhere in a text of `length` units. */
function randomKey(length: number, seed: number) {
  return { index: new Random(seed, 'key').between(0, length), deleted: 0, inserted: 'k' };
}

function readWorkload(job: Job): Workload {
  return JSON.parse(readFileSync(job.workload, 'utf8'));
}

function collect(): void {
  const gc = must(globalThis.gc, 'the process runs with --expose-gc');
  gc();
  gc();
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
