/**
 * Goal: no query of the product reads a table from one end to the other, and one that asks for one
 * document looks into one partition, whether PostgreSQL plans it for its parameters or for any.
 *
 * Method: a million rows (one large document, very many small ones), the product's own statements,
 * and what EXPLAIN (ANALYZE) says was done. Each is run in a transaction that is rolled back. A
 * planted missing index shows that a bad plan is found.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { documentStatements } from './document-sizes.ts';
import { importStatements } from './import-transaction.ts';
import { maintenanceStatements } from './log-maintenance.ts';
import { readerStatements } from './log-reader.ts';
import { logStatements } from './log-statements.ts';
import { snapshotStatements } from './snapshot-statements.ts';
import { versionStatements } from './version-statements.ts';

const largeRows = 400_000;
const smallDocuments = 120_000;
const smallRows = 5;
/** Every hundredth row of the large document has a snapshot, and one row of each small one. */
const rowsPerSnapshot = 100;

/** One node of a plan, as EXPLAIN gives it. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly PlanNode[];
}

/** The parameters of a statement, as SQL. */
interface Asked {
  readonly statement: string;
  readonly values: readonly string[];
  /** Partitions that it may look into. */
  readonly partitionsMax: number;
}

const small = (n: number): string => `'small-${n}'`;
const array = (elements: readonly string[], type: string): string =>
  `ARRAY[${elements.join(', ')}]::${type}[]`;

/** `count` small documents and a new one. */
function group(count: number): readonly string[] {
  return [...Array.from({ length: count }, (_, n) => small(n * 7 + 1)), "'new'"];
}

function appendOf(documents: readonly string[]): readonly string[] {
  return [
    array(documents, 'text'),
    array(
      documents.map(() => '1'),
      'bigint',
    ),
    array(
      documents.map(() => "'\\x78'"),
      'bytea',
    ),
  ];
}

const { append, heads, read, close, ready } = logStatements;
const { delete: remove, prune, lock, oldest, clear } = maintenanceStatements;

const last = String(Number.MAX_SAFE_INTEGER);
const pointer = (lsn: number): readonly string[] => [
  "'large'",
  "'snapshots/large/new'",
  '1',
  ...[String(lsn), '1000', '9', `'${'ab'.repeat(32)}'`],
];

/** Those about pointers to snapshots. */
const askedOfSnapshots: Readonly<Record<string, Asked>> = {
  'the newest snapshots of the large document': {
    statement: snapshotStatements.newest,
    values: ["'large'", last, last, '4'],
    partitionsMax: 1,
  },
  'snapshots before a time that all are after': {
    statement: snapshotStatements.newest,
    values: ["'large'", last, '1', '4'],
    partitionsMax: 1,
  },
  'snapshots of a document that has none': {
    statement: snapshotStatements.newest,
    values: ["'never'", last, last, '4'],
    partitionsMax: 0,
  },
  'a new pointer': { statement: snapshotStatements.add, values: pointer(500), partitionsMax: 1 },
  'the list of a small document': {
    statement: snapshotStatements.list,
    values: [small(9), '1000'],
    partitionsMax: 1,
  },
  'the list of the large document': {
    statement: snapshotStatements.list,
    values: ["'large'", '100000'],
    partitionsMax: 1,
  },
  'which of a thousand keys have a pointer': {
    statement: snapshotStatements.pointed,
    values: [array(group(999), 'text')],
    partitionsMax: 0,
  },
  'pointers of a batch of documents that follow': {
    statement: snapshotStatements.carry,
    values: [
      array(group(999), 'text'),
      array(
        group(999).map(() => '1'),
        'bigint',
      ),
      '100000',
    ],
    partitionsMax: 8,
  },
  'thinning a pointer': {
    statement: snapshotStatements.thin,
    values: [small(9), '0', small(9)],
    partitionsMax: 0,
  },
  'removing a pointer': {
    statement: snapshotStatements.remove,
    values: [small(9)],
    partitionsMax: 0,
  },
  'whether a pointer is there': {
    statement: snapshotStatements.has,
    values: [small(9)],
    partitionsMax: 0,
  },
  'removing those of a document': {
    statement: snapshotStatements.removeAll,
    values: [small(9)],
    partitionsMax: 0,
  },
  'the clock': { statement: snapshotStatements.now, values: [], partitionsMax: 0 },
};

/** Those of imports, and what an operator asks. The size of a document reads all of its rows. */
const askedByOperators: Readonly<Record<string, Asked>> = {
  'the size of a small document': {
    statement: documentStatements.size,
    values: [small(9), '0'],
    partitionsMax: 1,
  },
  'names of documents': {
    statement: documentStatements.names,
    values: [small(9), '1000'],
    partitionsMax: 0,
  },
  'taking a name': {
    statement: importStatements.begin,
    values: ["'new'", '1', '4', '1000', '2'],
    partitionsMax: 0,
  },
  'whether a name is taken': {
    statement: importStatements.taken,
    values: [small(9)],
    partitionsMax: 0,
  },
  'rows of an import': {
    statement: importStatements.rows,
    values: ["'new'", '1', array(['3', '4'], 'bigint'), ...appendOf(["'a'", "'b'"]).slice(1)],
    partitionsMax: 0,
  },
  'versions of an import': {
    statement: importStatements.versions,
    values: [
      "'large'",
      '3',
      ...[array(["'p'", "'q'"], 'text'), array(['3', '700'], 'bigint')],
      ...[array(['9', '1000'], 'bigint'), array(['1', '1'], 'bigint')],
      array(["'anna'", "'ben'"], 'text'),
    ],
    partitionsMax: 1,
  },
  'the snapshot of an import': {
    statement: importStatements.snapshot,
    values: ["'new'", "'key'", '1', '2', '1000', '9', `'${'ab'.repeat(32)}'`],
    partitionsMax: 0,
  },
};

/** Those about named versions. */
const askedOfVersions: Readonly<Record<string, Asked>> = {
  'a new version': {
    statement: versionStatements.add,
    values: ["'large'", "'new'", '500', '1000', "'anna'", '50000'],
    partitionsMax: 1,
  },
  'a version by its name': {
    statement: versionStatements.find,
    values: ["'large'", "'v400'"],
    partitionsMax: 1,
  },
  'a page of versions': {
    statement: versionStatements.list,
    values: ["'large'", "'v2'", '100'],
    partitionsMax: 1,
  },
  'removing a version': {
    statement: versionStatements.remove,
    values: ["'large'", "'v400'"],
    partitionsMax: 0,
  },
  'removing those of a small document': {
    statement: versionStatements.removeAll,
    values: [small(9)],
    partitionsMax: 0,
  },
};

/** Every statement, for small documents and the large one, near its ends and in between. */
const asked: Readonly<Record<string, Asked>> = {
  ...askedOfSnapshots,
  ...askedByOperators,
  ...askedOfVersions,
  'append of one row': { statement: append, values: appendOf([small(9)]), partitionsMax: 0 },
  'append to the large document': {
    statement: append,
    values: appendOf(["'large'"]),
    partitionsMax: 0,
  },
  'append of a large group': { statement: append, values: appendOf(group(511)), partitionsMax: 0 },
  'heads of one': { statement: heads, values: [array([small(9)], 'text')], partitionsMax: 0 },
  'heads of thousands': {
    statement: heads,
    values: [array(group(9_999), 'text')],
    partitionsMax: 0,
  },
  'read of a small document': {
    statement: read,
    values: [small(9), '0', '1000000', '4096'],
    partitionsMax: 1,
  },
  'read of the beginning of the large one': {
    statement: read,
    values: ["'large'", '0', '1000000', '4096'],
    partitionsMax: 1,
  },
  'read of the end of the large one': {
    statement: read,
    values: ["'large'", String(largeRows - 3), '1000000', '4096'],
    partitionsMax: 1,
  },
  'read of what was never written': {
    statement: read,
    values: ["'never'", '0', '1000000', '4096'],
    partitionsMax: 1,
  },
  'a look at a row of the large document': {
    statement: readerStatements.look,
    values: ["'large'", '200001'],
    partitionsMax: 1,
  },
  'a look at what was never written': {
    statement: readerStatements.look,
    values: ["'never'", '1'],
    partitionsMax: 0,
  },
  close: { statement: close, values: [small(9), '2000'], partitionsMax: 0 },
  ready: { statement: ready, values: [], partitionsMax: 0 },
  delete: { statement: remove, values: ["'large'", '2'], partitionsMax: 0 },
  prune: { statement: prune, values: ["'large'", '1', '1000'], partitionsMax: 0 },
  'locking a head': { statement: lock, values: [small(9)], partitionsMax: 0 },
  'the oldest row': { statement: oldest, values: ["'large'"], partitionsMax: 1 },
  'clearing a batch': { statement: clear, values: ["'large'", '1', '1000'], partitionsMax: 1 },
  'clearing in the middle': {
    statement: clear,
    values: ["'large'", '200001', '201000'],
    partitionsMax: 1,
  },
};

describeWithPostgres('the plan of', (serverUrl) => {
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(`
      SET synchronous_commit = off;
      INSERT INTO document_head
        SELECT 'small-' || n, 1, 'live', ${smallRows}, 1000
        FROM generate_series(1, ${smallDocuments}) AS n;
      INSERT INTO document_head VALUES ('large', 1, 'live', ${largeRows}, 1000);
      INSERT INTO log_row
        SELECT 'small-' || n, lsn, 1, 1000, 'some characters'
        FROM generate_series(1, ${smallDocuments}) AS n, generate_series(1, ${smallRows}) AS lsn;
      INSERT INTO log_row
        SELECT 'large', lsn, 1, 1000, 'some characters'
        FROM generate_series(1, ${largeRows}) AS lsn;
      INSERT INTO snapshot
        SELECT CASE document WHEN 'large' THEN 'large-' || lsn ELSE document END,
          document, 1, lsn, 1000, 9, repeat('ab', 32)
        FROM log_row
        WHERE CASE document WHEN 'large' THEN lsn % ${rowsPerSnapshot} = 0 ELSE lsn = 3 END;
      INSERT INTO version SELECT document, 'v' || lsn, lsn, at, 1000, 'anna' FROM snapshot;
      ANALYZE document_head, log_row, snapshot, version`);
  });

  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });

  /** Tables that are read from end to end, and partitions that were looked into. */
  async function runPlan(mode: string, { statement, values }: Asked) {
    const parameters = values.length === 0 ? '' : `(${values.join(', ')})`;
    await client.query(`SET LOCAL plan_cache_mode = ${mode}; PREPARE asked AS ${statement}`);
    const { rows } = await client.query<[readonly [{ readonly Plan: PlanNode }]]>({
      text: `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked${parameters}`,
      rowMode: 'array',
    });
    await client.query('DEALLOCATE asked');
    const nodes = nodesOf(rows[0]?.[0][0].Plan);
    const tables = nodes.filter((node) =>
      /^(document_head|log_row|snapshot|version)/.test(relationOf(node)),
    );
    const done = tables.filter((node) => node['Node Type'] !== 'ModifyTable');
    return {
      scanned: done.filter((node) => node['Node Type'] === 'Seq Scan').map(relationOf),
      partitions: new Set(
        done
          .filter((node) => node['Actual Loops'] > 0)
          .map(relationOf)
          .filter((name) => name.startsWith('log_row')),
      ).size,
    };
  }

  /** Runs `body` in a transaction that is rolled back. */
  async function inPassing<T>(body: () => Promise<T>): Promise<T> {
    await client.query('BEGIN');
    try {
      return await body();
    } finally {
      await client.query('ROLLBACK');
    }
  }

  for (const mode of ['force_custom_plan', 'force_generic_plan']) {
    describe(mode, () => {
      for (const [name, each] of Object.entries(asked)) {
        it(`${name} uses indexes alone, and no more partitions than it must`, async () => {
          const { scanned, partitions } = await inPassing(() => runPlan(mode, each));
          expect(scanned).toEqual([]);
          expect(partitions).toBeLessThanOrEqual(each.partitionsMax);
        });
      }

      it('a read without its index is found', async () => {
        const read = asked['read of a small document'];
        const found = await inPassing(async () => {
          await client.query('ALTER TABLE log_row DROP CONSTRAINT log_row_pkey');
          return read === undefined ? null : await runPlan(mode, read);
        });
        expect(found?.scanned).not.toEqual([]);
      });
    });
  }

  it('every statement that the product has is among these', () => {
    const known = new Set(Object.values(asked).map(({ statement }) => statement));
    const product = [
      ...[logStatements, maintenanceStatements, snapshotStatements],
      ...[documentStatements, importStatements, versionStatements, readerStatements],
    ].flatMap((statements): readonly string[] => Object.values(statements));
    expect(product.filter((statement) => !known.has(statement))).toEqual([]);
  });
});

function relationOf(node: PlanNode): string {
  return node['Relation Name'] ?? '';
}

function nodesOf(plan: PlanNode | undefined): readonly PlanNode[] {
  if (plan === undefined) return [];
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}
