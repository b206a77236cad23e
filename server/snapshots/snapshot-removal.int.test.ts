/**
 * Goal: what is removed is what may go, pointers before bodies, and what is left can be read: after
 * thinning, after a prune, also in the epoch that `restored` gives, and nothing after a deletion.
 *
 * Method: real PostgreSQL and a folder; rows get other times where days have to pass. The moments
 * at which an operator and a thread that thins would meet are played one after the other.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SnapshotPointer } from '../../engine/driver/ports.ts';
import { giveNewEpochs } from '../commands/new-epochs.ts';
import { FolderObjects } from '../folder-objects.ts';
import { pruneDocument } from '../postgres/log-maintenance.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { SnapshotSite } from '../testing/snapshot-site.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { deleteWithSnapshots } from './deletion.ts';
import { findOrphans, removeOrphans } from './orphans.ts';
import { pruneToSnapshot } from './pruning.ts';
import { thinSnapshots } from './remove-snapshots.ts';

const hourMs = 3_600_000;
const policy = { keepAllMs: 24 * hourMs, keepHourlyMs: 48 * hourMs };

describeWithPostgres('snapshots that are removed', (serverUrl) => {
  let folder: string;
  let database: TestDatabase;
  let site: SnapshotSite;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sve-removal-'));
    database = await createTestDatabase(serverUrl);
    site = new SnapshotSite(database.url, await FolderObjects.open(folder));
  });

  afterAll(async () => {
    await site?.close();
    await database?.drop();
    await rm(folder, { recursive: true });
  });

  /** A snapshot after every row. */
  async function fill(document: string, rows: number) {
    const pointers: SnapshotPointer[] = [];
    for (let lsn = 1; lsn <= rows; lsn++) {
      await site.write(document, 1);
      pointers.push(await site.made(document));
    }
    return pointers;
  }

  const lsnsOf = async (document: string): Promise<readonly number[]> =>
    ((await site.index.list(document))?.snapshots ?? []).map(({ pointer }) => pointer.lsn);

  const bodiesOf = async (document: string): Promise<number> =>
    (await site.bodies(`snapshots/${document}/`)).length;

  /** Times as if the rows were written so many hours before the newest. */
  async function age(document: string, hours: readonly number[]): Promise<void> {
    for (const [index, each] of hours.entries()) {
      const at = `at = at - ${each * hourMs} WHERE document = '${document}' AND lsn = ${index + 1}`;
      await execute(
        database.url,
        `ALTER TABLE log_row DISABLE TRIGGER USER; UPDATE log_row SET ${at};
         ALTER TABLE log_row ENABLE TRIGGER USER; UPDATE snapshot SET ${at}`,
      );
    }
  }

  it('by thinning: pointers and bodies of what is old and near another one', async () => {
    await fill('thinned', 6);
    // All at half past, so that the first two are in one hour.
    await execute(database.url, alignToHour('thinned'));
    await age('thinned', [30, 29.99, 26, 25, 1, 0]);
    expect(await thinSnapshots(site, 'thinned', policy)).toBe(1);
    expect(await lsnsOf('thinned')).toEqual([2, 3, 4, 5, 6]);
    expect(await bodiesOf('thinned')).toBe(5);
    expect(await thinSnapshots(site, 'thinned', policy)).toBe(0);
  });

  it('not by thinning that began before a prune to what it would remove', async () => {
    const pointers = await fill('meeting', 3);
    const meant = pointers[1];
    if (meant === undefined) throw new Error('a snapshot');
    // 1. Thinning lists: nothing is pruned. 2. The prune. 3. Thinning goes on.
    await pruneDocument('meeting', meant, { url: database.url });
    expect(await site.index.thin('meeting', meant.key, 0)).toBe(false);
    expect(await site.past('meeting')).toMatchObject({ lsn: 3 });
    // The other way round, the prune finds nothing to begin with.
    const [first] = await fill('meeting-too', 3);
    if (first === undefined) throw new Error('a snapshot');
    expect(await site.index.thin('meeting-too', first.key, 0)).toBe(true);
    const late = await pruneDocument('meeting-too', first, { url: database.url });
    expect(late).toEqual({ outcome: 'no-snapshot' });
    expect(await site.past('meeting-too', { type: 'lsn', lsn: 1 })).toMatchObject({ lsn: 1 });
  });

  it('when they are of no history any more', async () => {
    await fill('stale', 2);
    await execute(
      database.url,
      "UPDATE snapshot SET at = at + 1 WHERE document = 'stale' AND lsn = 1",
    );
    expect(await thinSnapshots(site, 'stale', policy)).toBe(1);
    expect(await lsnsOf('stale')).toEqual([2]);
    expect(await thinSnapshots(site, 'never', policy)).toBe(0);
  });

  it('as orphans, when no pointer names them and they are not young', async () => {
    const [kept] = await fill('orphaned', 1);
    const named = await fill('orphaned-too', 1);
    await site.index.remove(named[0]?.key ?? '');
    const others = ['other/snapshots/x', 'snapshots/orphaned/not-one'];
    for (const key of others)
      await new Promise((done) => site.objects.put(key, Buffer.of(1), done));
    const young = await findOrphans(site);
    expect(young).toMatchObject({ orphans: [] });
    expect(young.young).toBeGreaterThanOrEqual(1);
    const steps: string[] = [];
    const onProgress = (done: number, all: number) => steps.push(`${done}/${all}`);
    const found = await findOrphans(site, { graceMs: -60_000, onProgress });
    const isMine = (key: string): boolean => key.startsWith('snapshots/orphaned');
    expect(found.orphans.filter(isMine)).toEqual([named[0]?.key]);
    expect(steps).toEqual([`${found.bodies}/${found.bodies}`]);
    await removeOrphans(site, found, { onProgress });
    expect(steps.at(-1)).toBe(`${found.orphans.length}/${found.orphans.length}`);
    expect(await findOrphans(site, { graceMs: -60_000 })).toMatchObject({ orphans: [], young: 0 });
    expect(await site.load('orphaned')).toMatchObject({ pointer: kept });
    expect(await site.bodies('other/')).toEqual(['other/snapshots/x']);
  });

  it('with their document, all of them and of no other', async () => {
    await fill('deleted', 3);
    await fill('deleted-not', 2);
    const result = await deleteWithSnapshots('deleted', { ...database, objects: site.objects });
    expect(result).toEqual({ outcome: 'deleted', rowsRemoved: 3, bodiesRemoved: 3 });
    expect(await lsnsOf('deleted')).toEqual([]);
    expect(await bodiesOf('deleted')).toBe(0);
    expect(await site.load('deleted')).toBeNull();
    expect(await lsnsOf('deleted-not')).toEqual([1, 2]);
    const again = await deleteWithSnapshots('deleted', { ...database, objects: site.objects });
    expect(again).toEqual({ outcome: 'deleted', rowsRemoved: 0, bodiesRemoved: 0 });
  });

  it('and the document of a name that no key can have', async () => {
    for (const name of ['.', '..']) {
      await fill(name, 1);
      expect(await site.load(name)).toMatchObject({ pointer: { lsn: 1 } });
    }
    const result = await deleteWithSnapshots('.', { ...database, objects: site.objects });
    expect(result).toMatchObject({ bodiesRemoved: 1 });
    expect(await site.load('..')).toMatchObject({ pointer: { lsn: 1 } });
  });

  it('by a prune: those before the snapshot that the history begins with', async () => {
    await fill('pruned', 5);
    const before = await site.states('pruned');
    // A stranger at the very row, which the prune would take for its own.
    await execute(
      database.url,
      "INSERT INTO snapshot SELECT 'stray', document, epoch, lsn, at - 1, bytes, checksum" +
        " FROM snapshot WHERE document = 'pruned' AND lsn = 3",
    );
    const options = { ...database, index: site.index, objects: site.objects };
    const moment = { type: 'lsn', lsn: 3 } as const;
    const result = await pruneToSnapshot('pruned', moment, options);
    expect(result).toMatchObject({
      ...{ outcome: 'pruned', snapshot: { lsn: 3 }, rowsRemoved: 3, snapshotsRemoved: 2 },
    });
    expect(await lsnsOf('pruned')).toEqual([3, 4, 5]);
    expect(await bodiesOf('pruned')).toBe(3);
    for (const lsn of [3, 4, 5]) {
      const { text } = before[lsn] ?? {};
      expect(await site.past('pruned', { type: 'lsn', lsn })).toMatchObject({ lsn, text });
    }
    expect(await site.past('pruned', { type: 'lsn', lsn: 2 })).toBeNull();
    // What the history begins with outlives all others.
    await age('pruned', [0, 0, 900, 899.99, 0]);
    expect(await thinSnapshots(site, 'pruned', policy)).toBe(0);
  });

  it('by a prune to a time; the one before takes the place of one that is bad', async () => {
    const pointers: SnapshotPointer[] = [];
    for (let lsn = 1; lsn <= 4; lsn++) {
      pointers.push(...(await fill('pruned-bad', 1)));
      await execute(
        database.url,
        `UPDATE document_head SET at = at + ${hourMs} WHERE document = 'pruned-bad'`,
      );
    }
    const told: string[] = [];
    const options = {
      ...{ ...database, index: site.index, objects: site.objects },
      onBad: ({ reason }: { reason: string }) => told.push(reason),
    };
    // Between the third row and the last.
    const at = (pointers[2]?.at ?? 0) + 1;
    const early = { type: 'time', at: (pointers[0]?.at ?? 0) - 1 } as const;
    expect(await pruneToSnapshot('pruned-bad', early, options)).toEqual({ outcome: 'no-snapshot' });
    await new Promise((done) => site.objects.remove(pointers[2]?.key ?? '', done));
    const result = await pruneToSnapshot('pruned-bad', { type: 'time', at }, options);
    expect(result).toMatchObject({ outcome: 'pruned', snapshot: { lsn: 2 }, rowsRemoved: 2 });
    expect(told).toEqual(['absent']);
    expect(await site.past('pruned-bad')).toMatchObject({ lsn: 4 });
  });

  it('not by `restored`: pointers follow into the new epoch, pruned or not', async () => {
    await fill('restored', 4);
    await site.write('restored', 2);
    const { text } = (await site.past('restored')) ?? {};
    const options = { ...database, index: site.index, objects: site.objects };
    await pruneToSnapshot('restored', { type: 'lsn', lsn: 2 }, options);
    await execute(
      database.url,
      "UPDATE snapshot SET at = at + 1 WHERE document = 'restored' AND lsn = 4",
    );
    const client = new Client({ connectionString: database.url });
    await client.connect();
    expect(await giveNewEpochs(client, ['restored'])).toMatchObject({ documents: 1, snapshots: 2 });
    await client.end();
    expect(await site.load('restored')).toMatchObject({ pointer: { lsn: 3 } });
    const past = await site.past('restored');
    expect(past).toMatchObject({ lsn: 6, text });
    expect(past?.epoch).not.toBe(1);
    await site.write('restored', 1, past?.epoch);
    expect(await site.made('restored')).toMatchObject({ lsn: 7, epoch: past?.epoch });
    expect(await site.load('restored')).toMatchObject({ fold: { lsn: 7 } });
  });

  /** So that what is a fraction of an hour apart lies in one. */
  function alignToHour(document: string): string {
    const at = `at = at / ${hourMs} * ${hourMs} + ${hourMs / 2} WHERE document = '${document}'`;
    return `ALTER TABLE log_row DISABLE TRIGGER USER; UPDATE log_row SET ${at};
      ALTER TABLE log_row ENABLE TRIGGER USER; UPDATE snapshot SET ${at}`;
  }
});
