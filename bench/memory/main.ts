/**
 * `npm run bench:memory`: what a node has in memory. First documents come and go, all of them in
 * every cycle: when they are gone, the last cycle must not leave more than the second one did. Then
 * a document gets a long history: no row of it may stay once a snapshot covers it.
 *
 * Exit code 0: both are so. 1: not so. 2: it was not measured.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBackingPostgres } from '../../server/backing/backing-postgres.ts';
import { createTestDatabase } from '../../server/testing/test-database.ts';
import { machine, positive } from '../engine/session.ts';
import { type CycleFigures, runCycle } from './cycles.ts';
import { operationsPerRow, writeLongDocuments } from './long-document.ts';
import { NodeProcess } from './node-process.ts';
import { failuresOf, type MemoryReport, memoryTables } from './report.ts';

const help = `Usage: npm run bench:memory [-- options]

  --documents N        documents that are opened, edited and left (default 10000)
  --cycles N           how often; at least 3 (default 6)
  --operations N       characters typed and deleted in one document (default 1000000)
  --json               the report as one JSON object instead of tables
`;

/** Documents leave memory soon, and nobody sends heartbeats. */
const nodeFlags = ['--document-idle-ms', '50', '--heartbeat-ms', '600000'];
/** The long history gets several snapshots, and rows pile up before each. */
const snapshotRowsMax = 50;
const snapshotsFewest = 5;

const { values } = parseArgs({
  options: {
    documents: { type: 'string', default: '10000' },
    cycles: { type: 'string', default: '6' },
    operations: { type: 'string', default: '1000000' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

try {
  if (values.help) process.stdout.write(help);
  else await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const options = {
    documents: count('documents', { least: 1 }),
    cycles: count('cycles', { least: 3 }),
    operations: count('operations', { least: 1 }),
  };
  const postgres = await startBackingPostgres();
  if (postgres.type === 'none') throw new Error(`there is no PostgreSQL: ${postgres.reason}`);
  const folder = await mkdtemp(join(tmpdir(), 'sve-bench-'));
  try {
    const database = await createTestDatabase(postgres.url);
    const measuring = measure({ ...options, databaseUrl: database.url, dataDir: folder });
    const report = await measuring.finally(() => database.drop());
    const failures = failuresOf(report);
    console.log(values.json ? JSON.stringify({ ...report, failures }) : memoryTables(report));
    for (const failure of failures) process.stderr.write(`FAILED: ${failure}\n`);
    process.exitCode = failures.length === 0 ? 0 : 1;
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Measured {
  readonly documents: number;
  readonly cycles: number;
  readonly operations: number;
  readonly databaseUrl: string;
  readonly dataDir: string;
}

async function measure(measured: Measured): Promise<MemoryReport> {
  const { documents, cycles, operations, databaseUrl, dataDir } = measured;
  const rowsFewest = Math.ceil(operations / operationsPerRow / snapshotsFewest);
  // Documents that come and go get none.
  const snapshotRows = Math.max(cycles + 1, Math.min(snapshotRowsMax, rowsFewest));
  const where = ['--database-url', databaseUrl, '--data-dir', dataDir];
  const rows = ['--snapshot-rows', String(snapshotRows)];
  const node = await NodeProcess.start([...where, ...nodeFlags, ...rows]);
  try {
    const figures: CycleFigures[] = [];
    while (figures.length < cycles) {
      figures.push(await runCycle(node, documents));
      process.stderr.write(`cycle ${figures.length} of ${cycles}\n`);
    }
    const long = await writeLongDocuments(node, { databaseUrl, operations, snapshotRows });
    return { machine: machine(), documents, cycles: figures, long };
  } finally {
    await node.end();
  }
}

function count(
  name: 'documents' | 'cycles' | 'operations',
  { least }: { readonly least: number },
): number {
  const number = positive(name, values[name]);
  if (Number.isInteger(number) && number >= least) return number;
  throw new RangeError(`--${name} takes an integer of at least ${least}, got ${number}`);
}
