/**
 * How many rows a node can commit, and how long each takes: group commit against a real PostgreSQL.
 *
 * A producer appends a row, waits until it is committed, and appends the next: that is a room with
 * one append in flight. Producers on documents of their own share statements; producers on one
 * document take turns, one row per statement. Usage: `tsx bench/append-latency.ts [--json]
 * [--seconds 3]`. The numbers belong to the machine and its disk, both of which are printed with
 * them.
 */
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { startBackingPostgres } from '../server/backing/backing-postgres.ts';
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
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, seconds: { type: 'string', default: '3' } },
  });
  const backing = await startBackingPostgres();
  if (backing.type === 'none') throw new Error(backing.reason);
  const measurements: Measurement[] = [];
  try {
    for (const documents of ['one each', 'one for all'] as const) {
      for (const producers of [1, 8, 64, 256]) {
        const database = await createTestDatabase(backing.url);
        measurements.push(
          await measure(database.url, documents, producers, Number(values.seconds)),
        );
        await database.drop();
      }
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
