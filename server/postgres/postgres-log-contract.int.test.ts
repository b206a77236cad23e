/**
 * Goal: the log in PostgreSQL keeps the contract that the simulator's model keeps, over connections
 * that break at every step and with a server that is killed.
 *
 * Method: the suite of properties/contracts on a real server. Each node has a TCP proxy of our own
 * in front of it; somebody else's locks are transactions of a third connection. What only this log
 * has is in postgres-log.int.test.ts and postgres-log-cuts.int.test.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect } from 'vitest';
import { assert } from '../../engine/assert.ts';
import { append, committed, row } from '../../properties/contracts/log-calls.ts';
import {
  type CutStep,
  type LogNode,
  type LogUnderTest,
  logContract,
} from '../../properties/contracts/log-contract.ts';
import { crashContract, type MortalLog } from '../../properties/contracts/log-crash-contract.ts';
import { historyContract } from '../../properties/contracts/log-history-contract.ts';
import { removalContract } from '../../properties/contracts/log-removal-contract.ts';
import { Signal } from '../../properties/contracts/signal.ts';
import { describeWithBinaries, describeWithPostgres } from '../testing/describe-postgres.ts';
import { startTcpProxy, type TcpProxy } from '../testing/tcp-proxy.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { deleteDocument, pruneDocument } from './log-maintenance.ts';
import { migrate } from './migrate.ts';
import { PostgresLog, type PostgresLogLimits } from './postgres-log.ts';

/** A head is held for less than this by tests, whatever the machine does. */
const patient: Partial<PostgresLogLimits> = { lockTimeoutMs: 4_000, backoffMaxMs: 1 };
/** Broken even without a fault on a busy machine. */
const impatient: Partial<PostgresLogLimits> = {
  backoffMaxMs: 1,
  connectTimeoutMs: 300,
  lockTimeoutMs: 100,
  statementTimeoutMs: 200,
  answerTimeoutMs: 300,
};

/** A node with a proxy in front of it. */
interface ProxiedNode extends LogNode {
  readonly port: PostgresLog;
  readonly proxy: TcpProxy;
}

async function openNode(url: string, limits: Partial<PostgresLogLimits>): Promise<ProxiedNode> {
  const { hostname, port } = new URL(url);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port || 5432) });
  const signal = new Signal();
  let isUp = false;
  let cuts = 0;
  const log = new PostgresLog({
    url: proxy.through(url),
    limits,
    onConnection: (up) => {
      isUp = up;
      signal.tell();
    },
  });
  const connected = (): Promise<void> => signal.until(() => isUp);
  await connected();
  return {
    port: log,
    proxy,
    die: null,
    cutNext(step: CutStep) {
      cuts += 1;
      if (step === 'late') proxy.stall(true);
      else if (step === 'before the request') void proxy.cut({ at: 'beforeRequest' });
      else if (step === 'after the request') void proxy.cut({ at: 'afterRequest' });
      else void proxy.cut({ at: 'inReply', replyBytes: (cuts * 37) % 100 });
    },
    async connected() {
      proxy.stall(false);
      await connected();
    },
  };
}

/** None of them reaches the database; returns the end of it. */
function outageOf(nodes: readonly ProxiedNode[]): () => Promise<void> {
  for (const { proxy } of nodes) {
    proxy.refuse(true);
    proxy.cutAll();
  }
  return () => {
    for (const { proxy } of nodes) proxy.refuse(false);
    return Promise.resolve();
  };
}

/** What an operator does to the database at `url`. */
function operatorOf(url: string): Pick<LogUnderTest, 'remove' | 'prune' | 'setClockBack'> {
  return {
    setClockBack: (document) =>
      execute(url, `UPDATE document_head SET at = at + 3600000 WHERE document = '${document}'`),
    async remove(document) {
      return (await deleteDocument(document, { url })).outcome;
    },
    async prune(document, lsn) {
      const client = new Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query<{ epoch: string }>(
        'SELECT epoch FROM document_head WHERE document = $1',
        [document],
      );
      await client.end();
      const through = { epoch: Number(rows[0]?.epoch ?? 1), lsn };
      const { outcome } = await pruneDocument(document, through, { url });
      assert(outcome !== 'epoch' && outcome !== 'no-snapshot', 'the epoch that was just read');
      return outcome;
    },
  };
}

/** A log on the database at `url`, which has the schema. */
function openLog(url: string): LogUnderTest {
  const nodes: ProxiedNode[] = [];
  const observer = new Pool({ connectionString: url, max: 1 });
  // It is broken too when the server dies, and connects again for the next question.
  observer.on('error', () => {});
  // It sees the statement that asks as well, which is none of an append.
  const count = async (condition: string): Promise<number> => {
    const { rows } = await observer.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'sync-vector-engine append'
         AND ${condition}`,
    );
    return rows[0]?.count ?? 0;
  };
  const holdHead: LogUnderTest['holdHead'] = async (document, options) => {
    const holder = new Client({ connectionString: url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM document_head WHERE document = $1 FOR UPDATE', [document]);
    return async () => {
      // Somebody must have met the lock, or nothing was tested.
      if (options?.tooLong !== true) {
        while ((await count("wait_event_type = 'Lock'")) === 0);
      }
      await holder.end();
    };
  };
  return {
    async node(options) {
      const node = await openNode(url, options?.impatient === true ? impatient : patient);
      nodes.push(node);
      return node;
    },
    refusedBody: new Uint8Array(0),
    holdHead,
    outage: () => Promise.resolve(outageOf(nodes)),
    async settled() {
      // A connection that was given up ends when the server has read what was sent on it.
      while ((await count('true')) > nodes.length || (await count("state <> 'idle'")) > 0);
    },
    async beginSlowly(node, document, body) {
      // Heads are taken in the order of names: this one comes before every other.
      const gate = `-gate-${document}`;
      await append(node, gate, row(0));
      const release = await holdHead(gate);
      const results = [append(node, gate, row(1)), append(node, document, body)] as const;
      while ((await count("wait_event_type = 'Lock'")) === 0);
      return {
        result: results[1],
        async release() {
          await release();
          expect(await results[0]).toEqual(committed(2));
        },
      };
    },
    ...operatorOf(url),
    async close() {
      await Promise.all(nodes.map(({ port }) => port.close()));
      await Promise.all(nodes.map(({ proxy }) => proxy.close()));
      await observer.end();
    },
  };
}

describeWithPostgres('the log in PostgreSQL', (serverUrl) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
  });

  afterAll(async () => {
    await database?.drop();
  });

  const open = (): Promise<LogUnderTest> => Promise.resolve(openLog(database.url));
  logContract(open, { die: false });
  historyContract(open);
  removalContract(open);
});

await describeWithBinaries('a PostgreSQL that is killed', () => {
  crashContract(openMortalLog);
});

/** On a server of its own. */
async function openMortalLog(): Promise<MortalLog> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sve-crash-'));
  const server = await startEmbeddedPostgres({ dataDir });
  await migrate(server.url);
  const log = openLog(server.url);
  return {
    ...log,
    async crash() {
      await server.kill();
      await server.restart();
    },
    async close() {
      await log.close();
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
