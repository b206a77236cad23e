/**
 * Edits and restores on behalf of a caller, on real PostgreSQL: two nodes at once, connections that
 * break during the append, other people's rows in between, an operator's hands.
 *
 * Method: a node is what editDocument needs; its appends go through a proxy that can cut them. What
 * is there in the end is read past it.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../engine/random.ts';
import { type DurableRow, rowFromLog } from '../../engine/sync/durability.ts';
import { Fold } from '../../engine/sync/fold.ts';
import type { ServerEdit } from '../../engine/sync/server-edit.ts';
import { Sequence } from '../../engine/text/sequence.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import { giveNewEpochs } from '../commands/new-epochs.ts';
import { deleteDocument } from '../postgres/log-maintenance.ts';
import { PostgresLog } from '../postgres/postgres-log.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { appendTo, readAll, readFrom } from '../testing/log-access.ts';
import { startTcpProxy, type TcpProxy } from '../testing/tcp-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { type EditDone, type EditParts, editDocument } from './edit-document.ts';
import type { EditRequest, EditWish } from './edit-identity.ts';
import { composeEdit } from './edit-job.ts';
import { FoldCache } from './fold-cache.ts';
import { FoldSource } from './fold-source.ts';

const deadline = { hasPassed: false };

describeWithPostgres('an edit on behalf of a caller', (serverUrl) => {
  let database: TestDatabase;
  /** Past the proxy. */
  let log: PostgresLog;
  let proxy: TcpProxy;
  let cutLog: PostgresLog;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    const { hostname, port } = new URL(database.url);
    proxy = await startTcpProxy({ host: hostname, port: Number(port || 5432) });
    log = new PostgresLog({ url: database.url });
    const url = proxy.through(database.url);
    cutLog = new PostgresLog({ url, limits: { backoffMaxMs: 1 } });
  });

  afterAll(async () => {
    await cutLog?.close();
    await log?.close();
    await proxy?.close();
    await database?.drop();
  });

  /** A node of its own: folds, chance, and whom it tells. */
  function nodeOf(appendLog: PostgresLog = log, told: DurableRow[] = []): EditParts {
    const source = new FoldSource({ log, snapshots: null, cache: new FoldCache(1_000_000) });
    return {
      compose: async (job) => (await composeEdit(job, { source, deadline })).edit,
      log: {
        append: (...args) => appendLog.append(...args),
        read: (...args) => log.read(...args),
        heads: (...args) => log.heads(...args),
      },
      announce: (_, row) => told.push(row),
      random: new Random(Math.floor(performance.now() * 1_000)),
      wait: () => new Promise((done) => setImmediate(done)),
    };
  }

  function ask(document: string, wish: EditWish, key: string, node = nodeOf()): Promise<EditDone> {
    const request: EditRequest = { document, principal: 'anna', key, wish };
    return editDocument(node, request).then((outcome) => {
      if (outcome.type !== 'done') throw new Error('nothing was to be done');
      return outcome;
    });
  }

  function edits(list: readonly ServerEdit[], base: number | null = null): EditWish {
    return { type: 'edits', edits: list, base };
  }

  const typed = (text: string): EditWish => edits([{ type: 'append', text }]);

  async function foldOf(document: string): Promise<Fold> {
    const page = await readFrom(log, document);
    const fold = new Fold(page?.head?.epoch ?? 0);
    for (const row of await readAll(log, document)) fold.apply(rowFromLog(fold.epoch, row));
    return fold;
  }

  const textOf = async (document: string): Promise<string> =>
    (await foldOf(document)).sequence.text;

  it('creates the document, and tells the row to whoever listens', async () => {
    const told: DurableRow[] = [];
    const done = await ask('created', typed('hello'), 'k', nodeOf(log, told));
    const fold = await foldOf('created');
    expect(done).toEqual({
      ...{ type: 'done', epoch: fold.epoch, lsn: 1, replica: expect.any(Number) },
      row: { at: fold.at, inserted: 5, deleted: 0 },
    });
    expect(fold.sequence.text).toBe('hello');
    expect(fold.table.entries[0]?.binding?.principal).toBe('anna');
    expect(told).toMatchObject([{ epoch: fold.epoch, lsn: 1 }]);
  });

  it('that comes to two nodes at once is done once, and both tell the same row', async () => {
    for (let round = 0; round < 25; round++) {
      const document = `race-${round % 5}`;
      const [a, b] = [nodeOf(), nodeOf()];
      const before = await textOf(document);
      const wish = edits([{ type: 'insert', index: 0, text: `<${round}>` }]);
      const [one, other] = await Promise.all([
        ask(document, wish, `key ${round}`, a),
        ask(document, wish, `key ${round}`, b),
        ask(document, typed('.'), `other ${round}`),
      ]);
      expect(other).toEqual(one);
      expect(await ask(document, wish, `key ${round}`)).toEqual(one);
      expect((await textOf(document)).split(`<${round}>`)).toHaveLength(2);
      expect(await textOf(document)).toHaveLength(before.length + wishLength(round) + 1);
    }
  });

  it.each([
    ['never reached the database', 'beforeRequest'],
    ['was committed without an answer', 'afterRequest'],
  ] as const)('whose append %s is done once', async (_, at) => {
    await ask(at, typed('a'), 'first', nodeOf(cutLog));
    const cut = proxy.cut({ at });
    const told: DurableRow[] = [];
    const done = await ask(at, typed('b'), 'second', nodeOf(cutLog, told));
    await cut;
    expect(await ask(at, typed('b'), 'second')).toEqual(done);
    const fold = await foldOf(at);
    expect([fold.sequence.text, fold.lsn]).toEqual(['ab', 2]);
    expect(told).toMatchObject([{ lsn: 2 }]);
  });

  it('made at an old row merges with what came since', async () => {
    await ask('old-base', typed('one two three'), '1');
    await ask('old-base', edits([{ type: 'delete', index: 0, length: 4 }]), '2');
    await ask('old-base', edits([{ type: 'insert', index: 0, text: '>> ' }]), '3');
    const wish = edits([{ type: 'replace', index: 4, length: 3, text: 'TWO' }], 1);
    await ask('old-base', wish, '4');
    expect(await textOf('old-base')).toBe('>> TWO three');
  });

  describe('a restore', () => {
    it('brings the text back, and restoring the row before takes it back', async () => {
      await ask('restore', typed('one two'), '1');
      await ask('restore', edits([{ type: 'delete', index: 0, length: 4 }]), '2');
      await ask('restore', typed(' three'), '3');
      const back = { type: 'restore', moment: { type: 'lsn', lsn: 1 } } as const;
      const done = await ask('restore', back, '4');
      expect(await textOf('restore')).toBe('one two');
      expect(done.row).toMatchObject({ inserted: 4, deleted: 6 });
      expect(await ask('restore', back, '4')).toEqual(done);
      const undo = { type: 'restore', moment: { type: 'lsn', lsn: done.lsn - 1 } } as const;
      await ask('restore', undo, '5');
      expect(await textOf('restore')).toBe('two three');
      expect((await readAll(log, 'restore')).length).toBe(5);
    });

    it('of a time is that of the last row until then', async () => {
      const { row } = await ask('restore-time', typed('one'), '1');
      const at = row?.at ?? 0;
      await ask('restore-time', typed(' two'), '2');
      await ask('restore-time', typed(' three'), '3');
      const rows = await readAll(log, 'restore-time');
      const then = new Fold(1);
      for (const each of rows.filter((found) => found.at <= at)) then.apply(rowFromLog(1, each));
      await ask('restore-time', { type: 'restore', moment: { type: 'time', at } }, '4');
      expect(await textOf('restore-time')).toBe(then.sequence.text);
    });

    it.each([
      ['no document', 'nowhere', 1, 'unknown-document'],
      ['a row that is not there yet', 'restore', 99, 'bad-moment'],
    ])('of %s is refused', async (_, document, lsn, code) => {
      const wish = { type: 'restore', moment: { type: 'lsn', lsn } } as const;
      await expect(ask(document, wish, 'none')).rejects.toMatchObject({ code });
    });
  });

  it('whose key was used for something else is refused', async () => {
    await ask('reused', typed('a'), 'k');
    const again = ask('reused', typed('b'), 'k');
    await expect(again).rejects.toMatchObject({ code: 'idempotency-key-reused' });
    expect(await textOf('reused')).toBe('a');
  });

  it('that changes nothing is no row', async () => {
    const request = { document: 'nothing', principal: 'anna', key: 'k', wish: typed('') };
    const outcome = await editDocument(nodeOf(), request);
    expect(outcome).toEqual({ type: 'unchanged', epoch: 0, lsn: 0, at: 0 });
    expect((await readFrom(log, 'nothing'))?.head).toBeNull();
  });

  it('is not done again after a backup was restored that has it', async () => {
    const done = await ask('epochs', typed('a'), 'k');
    const operator = new Client({ connectionString: database.url });
    await operator.connect();
    await giveNewEpochs(operator, ['epochs']);
    await operator.end();
    const again = await ask('epochs', typed('a'), 'k');
    expect(again).toEqual({ ...done, epoch: (await foldOf('epochs')).epoch });
    expect(again.epoch).not.toBe(done.epoch);
    await ask('epochs', typed('b'), 'k2');
    expect(await textOf('epochs')).toBe('ab');
  });

  it('of a deleted document is refused', async () => {
    await ask('deleted', typed('a'), 'k');
    await deleteDocument('deleted', { url: database.url });
    const again = ask('deleted', typed('b'), 'k2');
    await expect(again).rejects.toMatchObject({ code: 'document-deleted' });
  });

  it('is merged with people who type meanwhile', async () => {
    const anna = new Sequence();
    const { epoch } = await ask('people', typed('-'), 'start');
    for (const row of await readAll(log, 'people')) {
      for (const batch of rowFromLog(epoch, row).batches) anna.integrate(batch);
    }
    const typing = (async () => {
      for (let n = 0; n < 20; n++) {
        const splice = { index: anna.length, deleted: 0, inserted: 'a' };
        const batch = anna.edit(11, [splice], 1);
        if (batch === null) throw new Error('a letter');
        await appendTo(log, 'people', encodeUpdate({ batches: [batch] }), epoch);
      }
    })();
    const inserting = Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        ask('people', edits([{ type: 'insert', index: 0, text: 'b' }]), `b${n}`),
      ),
    );
    await Promise.all([typing, inserting]);
    const fold = await foldOf('people');
    expect([...fold.sequence.text].sort().join('')).toBe(`-${'a'.repeat(20)}${'b'.repeat(20)}`);
    expect([...fold.voided]).toEqual([]);
  });
});

function wishLength(round: number): number {
  return `<${round}>`.length;
}
