/**
 * How many rows a node can commit, and how long each takes: group commit against a real PostgreSQL.
 *
 * A producer appends a row, waits until it is committed, and appends the next: that is a room with
 * one append in flight. Producers on documents of their own share statements; producers on one
 * document take turns, one row per statement. Usage: `tsx bench/append-latency.ts [--json]
 * [--seconds 3]`. The numbers belong to the machine and its disk, both of which are printed with
 * them.
 *
 * `--against 1 [--rounds 5]`: the newest schema against version 1 of it, in turns, without waiting
 * for the disk, which would hide what a statement costs. The ratio is one of the processor time
 * that the database's process took per row (Linux): unlike rows per second it says something on a
 * machine that does other things, too.
 */
import { readFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { startBackingPostgres } from '../server/backing/backing-postgres.ts';
import { migrate, readMigrations } from '../server/postgres/migrate.ts';
import { appendTo, openPostgresLog } from '../server/testing/log-access.ts';
import { createTestDatabase } from '../server/testing/test-database.ts';

interface Measurement {
  readonly documents: 'one each' | 'one for all';
  readonly producers: number;
  readonly rowsPerSecond: number;
  /** Mean number of rows in a statement. */
  readonly rowsPerGroup: number;
  /** From append to callback. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of PostgreSQL's process of the append connection; NaN = not known. */
  readonly databaseUsPerRow: number;
}

const bodyBytes = 100;
const warmUpSeconds = 0.5;

async function measure(
  url: string,
  documents: Measurement['documents'],
  producers: number,
  seconds: number,
): Promise<Measurement> {
  let groups = 0;
  const log = openPostgresLog({ url, onGroup: () => (groups += 1) });
  const latencies: number[] = [];
  const body = new Uint8Array(bodyBytes).fill(120);
  const startMs = performance.now() + warmUpSeconds * 1000;
  const endMs = startMs + seconds * 1000;
  let groupsBefore = 0;
  let cpuMsBefore = Promise.resolve(Number.NaN);
  setTimeout(() => (cpuMsBefore = appenderCpuMs(url)), warmUpSeconds * 1000);
  const produce = async (producer: number) => {
    const document = documents === 'one each' ? `bench-${producer}` : 'bench-shared';
    for (;;) {
      const sentMs = performance.now();
      if (sentMs >= endMs) return;
      const result = await appendTo(log, document, body);
      if (result.outcome !== 'committed') throw new Error(`append: ${result.outcome}`);
      if (sentMs < startMs) groupsBefore = groups;
      else latencies.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: producers }, (_, index) => produce(index)));
  const cpuMs = (await appenderCpuMs(url)) - (await cpuMsBefore);
  await log.close();
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
  return {
    documents,
    producers,
    rowsPerSecond: Math.round(latencies.length / seconds),
    rowsPerGroup: Number((latencies.length / (groups - groupsBefore)).toFixed(1)),
    p50Ms: Number(quantile(0.5).toFixed(2)),
    p99Ms: Number(quantile(0.99).toFixed(2)),
    databaseUsPerRow: Number(((cpuMs * 1000) / latencies.length).toFixed(1)),
  };
}

/** Processor time that the process of the append connection has taken so far; NaN = not known. */
async function appenderCpuMs(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
     WHERE application_name = 'sync-vector-engine append' AND datname = current_database()`,
  );
  await client.end();
  // proc(5): utime and stime, counted in hundredths of a second, after the name in parentheses.
  const stat = await readFile(`/proc/${rows[0]?.pid}/stat`, 'utf8').catch(() => '');
  const [, rest = ''] = stat.split(') ');
  const fields = rest.split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** On a fresh database with the schema of `version`; `isFlushed`: commits wait for the disk. */
async function measureSchema(
  serverUrl: string,
  { version, isFlushed }: { readonly version: number; readonly isFlushed: boolean },
  ...[documents, producers, seconds]: [Measurement['documents'], number, number]
): Promise<Measurement> {
  const database = await createTestDatabase(serverUrl, { migrated: false });
  try {
    await migrate(database.url, (await readMigrations()).slice(0, version));
    const url = new URL(database.url);
    if (!isFlushed) url.searchParams.append('options', '-c synchronous_commit=off');
    return await measure(url.href, documents, producers, seconds);
  } finally {
    await database.drop();
  }
}

/** Newest schema by the one of version `against`, in each round; who begins takes turns. */
async function compare(
  serverUrl: string,
  options: { readonly against: number; readonly rounds: number; readonly seconds: number },
) {
  const { against, rounds, seconds } = options;
  const newest = (await readMigrations()).length;
  const comparisons = [];
  for (const documents of ['one each', 'one for all'] as const) {
    for (const producers of documents === 'one each' ? [1, 16, 256] : [1]) {
      const ratios: number[] = [];
      const costs: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        const versions = round % 2 === 0 ? [against, newest] : [newest, against];
        const cost = new Map<number, number>();
        for (const version of versions) {
          const schema = { version, isFlushed: false };
          const measured = await measureSchema(serverUrl, schema, documents, producers, seconds);
          cost.set(version, measured.databaseUsPerRow);
        }
        const [before = 0, after = 0] = [cost.get(against), cost.get(newest)];
        ratios.push(after / before);
        costs[0].push(before);
        costs[1].push(after);
      }
      comparisons.push({
        documents,
        producers,
        usPerRowBefore: Math.round(median(costs[0])),
        usPerRowAfter: Math.round(median(costs[1])),
        ratio: Number(median(ratios).toFixed(3)),
        lowest: Number(Math.min(...ratios).toFixed(3)),
        highest: Number(Math.max(...ratios).toFixed(3)),
      });
    }
  }
  return comparisons;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[sorted.length - 1 - middle], sorted[middle]];
  return (low + high) / 2;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      seconds: { type: 'string', default: '3' },
      against: { type: 'string' },
      rounds: { type: 'string', default: '5' },
    },
  });
  const backing = await startBackingPostgres();
  if (backing.type === 'none') throw new Error(backing.reason);
  const seconds = Number(values.seconds);
  const measurements: unknown[] = [];
  try {
    if (values.against === undefined) {
      const newest = { version: (await readMigrations()).length, isFlushed: true };
      for (const documents of ['one each', 'one for all'] as const) {
        for (const producers of [1, 8, 64, 256]) {
          const each = await measureSchema(backing.url, newest, documents, producers, seconds);
          measurements.push(each);
        }
      }
    } else {
      const [against, rounds] = [Number(values.against), Number(values.rounds)];
      measurements.push(...(await compare(backing.url, { against, rounds, seconds })));
    }
  } finally {
    await backing.stop();
  }
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    system: `${process.platform} ${release()}`,
    node: process.version,
    postgres: backing.rung,
    bodyBytes,
  };
  if (values.json) console.log(JSON.stringify({ machine, measurements }, null, 2));
  else {
    console.log(machine);
    console.table(measurements);
  }
}

await main();
