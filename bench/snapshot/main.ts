/**
 * `npm run bench:snapshot`: how late the event loop of a node is while its thread makes snapshots
 * of a large document, against a node that does nothing; and how long it stands still when it opens
 * the document from its snapshot.
 *
 * The document is typed at random places, a page at a time, with pieces taken out again: its
 * snapshot has many spans and tombstones. `--megabytes N` (default 5) of text, `--rounds N`
 * (default 3), `--json`. Exit code 0: p99 is below 10 ms while snapshots are made. 1: not so. 2: it
 * is not without them either, on a machine that is busy: nothing was measured.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { must } from '../../engine/assert.ts';
import type { SnapshotPointer } from '../../engine/driver/ports.ts';
import { Document } from '../../engine/index.ts';
import { Random } from '../../engine/random.ts';
import { foldOf, snapshotOf } from '../../engine/sync/fold-snapshot.ts';
import { startBackingPostgres } from '../../server/backing/backing-postgres.ts';
import { createLog } from '../../server/log.ts';
import { openObjectStore } from '../../server/object-store.ts';
import { NodeSnapshots } from '../../server/snapshots/node-snapshots.ts';
import { snapshotBody } from '../../server/snapshots/snapshot-body.ts';
import { SnapshotSite } from '../../server/testing/snapshot-site.ts';
import { createTestDatabase } from '../../server/testing/test-database.ts';

/** Milliseconds. */
interface Delay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

interface Report {
  readonly textBytes: number;
  readonly rows: number;
  readonly bodyBytes: number;
  /** Of each round: from asking to the answer. */
  readonly makeMs: readonly number[];
  readonly idle: Delay;
  /** The first round: the thread starts (from source, which takes longer), and folds every row. */
  readonly starting: Delay;
  /** The others: from the snapshot before and the rows since. */
  readonly making: Delay;
  /** The body fetched and compared, and the state built from it; the latter on the event loop. */
  readonly loadMs: readonly number[];
  readonly buildMs: readonly number[];
  /** The state for a client, which is on the event loop, too. */
  readonly encodeMs: readonly number[];
}

const barMs = 10;
const document = 'large';
const pageUnits = 2_000;
/** A shorter one cannot tell a delay of a millisecond. */
const resolution = 1;

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
async function main(): Promise<void> {
  const backing = await startBackingPostgres();
  if (backing.type === 'none') throw new Error(backing.reason);
  const folder = await mkdtemp(join(tmpdir(), 'sve-bench-'));
  try {
    const database = await createTestDatabase(backing.url);
    const report = await measure(database.url, folder);
    await database.drop();
    const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version };
    if (values.json) console.log(JSON.stringify({ machine, ...report }, null, 2));
    else console.log({ machine, ...report });
    if (report.making.p99 >= barMs) process.exitCode = report.idle.p99 < barMs ? 1 : 2;
  } finally {
    await backing.stop();
    await rm(folder, { recursive: true });
  }
}

async function measure(databaseUrl: string, dataDir: string): Promise<Report> {
  await mkdir(dataDir, { recursive: true });
  const none = { s3Endpoint: null, s3Bucket: null, s3Prefix: '', awsRegion: '' };
  const login = { awsAccessKeyId: null, awsSecretAccessKey: null };
  const objects = await openObjectStore({ dataDir, ...none, ...login }, () => {});
  const site = new SnapshotSite(databaseUrl, objects.port);
  const snapshots = new NodeSnapshots({
    ...{ databaseUrl, objects, log: createLog('warn') },
    ...{ leastGrowth: { rows: 1, bytes: 1 }, thinning: { keepAllMs: 1e12, keepHourlyMs: 1e12 } },
  });
  const author = new Author(site);
  await author.type(Number(values.megabytes) * 1e6);
  const [idle, starting, making] = [new DelayMeter(), new DelayMeter(), new DelayMeter()];
  await idle.during(() => wait(3_000));
  const makeMs: number[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const startMs = performance.now();
    const lsn = await (round === 0 ? starting : making).during(
      () => new Promise<number | null>((done) => snapshots.make(document, done)),
    );
    makeMs.push(Math.round(performance.now() - startMs));
    if (lsn !== author.rows) throw new Error(`a snapshot of ${author.rows}, got ${lsn}`);
    await author.type(20_000);
  }
  const loads = await load(site, Number(values.rounds));
  await snapshots.close();
  await site.close();
  return {
    ...{ textBytes: author.length, rows: author.rows, makeMs },
    ...{ idle: idle.delay, starting: starting.delay, making: making.delay, ...loads },
  };
}

/** What a node does when it opens the document, step by step. */
async function load(
  site: SnapshotSite,
  rounds: number,
): Promise<Pick<Report, 'bodyBytes' | 'loadMs' | 'buildMs' | 'encodeMs'>> {
  const newest = { type: 'lsn', lsn: Number.MAX_SAFE_INTEGER } as const;
  const pointer = await new Promise<SnapshotPointer | undefined>((done) =>
    site.index.newest(document, newest, 1, (pointers) => done(pointers?.[0])),
  );
  const { key, bytes: bodyBytes, checksum } = must(pointer, 'a snapshot');
  const [loadMs, buildMs, encodeMs]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    const body = await new Promise<Uint8Array | null | 'failed'>((done) =>
      site.objects.get(key, done),
    );
    if (!(body instanceof Uint8Array) || snapshotBody.checksumOf(body) !== checksum) {
      throw new Error('a body that is not the one that was stored');
    }
    const builtMs = performance.now();
    const fold = foldOf(body, snapshotBody);
    buildMs.push(Math.round(performance.now() - builtMs));
    loadMs.push(Math.round(performance.now() - startMs));
    const servedMs = performance.now();
    snapshotOf(fold, { bindings: false });
    encodeMs.push(Math.round(performance.now() - servedMs));
  }
  return { bodyBytes, loadMs, buildMs, encodeMs };
}

/** How late this event loop was. */
class DelayMeter {
  readonly #histogram = monitorEventLoopDelay({ resolution });

  /** May be called again, and goes on. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#histogram.enable();
    const result = await work();
    this.#histogram.disable();
    return result;
  }

  get delay(): Delay {
    const ms = (nanoseconds: number): number => Number((nanoseconds / 1e6).toFixed(2));
    const of = (share: number): number => ms(this.#histogram.percentile(share));
    return { p50: of(50), p99: of(99), max: ms(this.#histogram.max) };
  }
}

/** Types pages at random places; each is a row. */
class Author {
  readonly #site: SnapshotSite;
  readonly #random = new Random(1);
  readonly #copy = Document.create({ replica: 7 });
  rows = 0;

  constructor(site: SnapshotSite) {
    this.#site = site;
  }

  get length(): number {
    return this.#copy.length;
  }

  /** So many characters more. */
  async type(units: number): Promise<void> {
    const end = this.#copy.length + units;
    while (this.#copy.length < end) {
      const { length } = this.#copy;
      const index = this.#random.between(0, length);
      const deleted = Math.min(length - index, this.#random.between(0, pageUnits / 4));
      const inserted = this.#page();
      await this.#site.append(document, this.#copy.edit([{ index, deleted, inserted }]));
      this.rows += 1;
    }
  }

  #page(): string {
    let text = '';
    while (text.length < pageUnits) {
      const length = this.#random.between(1, 10);
      for (let n = 0; n < length; n++) {
        text += String.fromCharCode(97 + this.#random.between(0, 25));
      }
      text += ' ';
    }
    return text;
  }
}

await main();
