/**
 * Goal: a node's snapshots are made by its thread and loaded here, what is bad is told, and trouble
 * is told when it lasts. Method: a real thread on real PostgreSQL and a folder.
 */
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Fold } from '../../engine/sync/fold.ts';
import { createLog } from '../log.ts';
import { type ObjectStore, reachObjectStore } from '../object-store.ts';
import { pruneDocument } from '../postgres/log-maintenance.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { SnapshotSite } from '../testing/snapshot-site.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { NodeSnapshots } from './node-snapshots.ts';

describeWithPostgres('the snapshots of a node', (serverUrl) => {
  let folder: string;
  let database: TestDatabase;
  let objects: ObjectStore;
  let site: SnapshotSite;
  let snapshots: NodeSnapshots;
  let bad = 0;
  const outcomes: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sve-node-snapshots-'));
    database = await createTestDatabase(serverUrl);
    objects = reachObjectStore({ type: 'folder', root: join(folder, 'objects') }, () => {});
    await mkdir(join(folder, 'objects'));
    site = new SnapshotSite(database.url, objects.port);
    snapshots = new NodeSnapshots({
      ...{ databaseUrl: database.url, objects, log: createLog('silent') },
      ...{ leastGrowth: { rows: 2, bytes: 1e9 }, thinning: { keepAllMs: 0, keepHourlyMs: 0 } },
      onMade: ({ outcome }) => outcomes.push(outcome),
      onBad: () => {
        bad += 1;
      },
    });
  });

  afterAll(async () => {
    await site?.close();
    await database?.drop();
    await rm(folder, { recursive: true });
  });

  const make = (document: string): Promise<number | null> =>
    new Promise((done) => snapshots.make(document, done));
  const load = (document: string): Promise<Fold | null | 'failed'> =>
    new Promise((done) => snapshots.load(document, done));

  it('are made when the document has grown, thinned, and loaded', async () => {
    expect(await load('grown')).toBeNull();
    await site.write('grown', 3);
    expect(await make('grown')).toBe(3);
    await site.write('grown', 1);
    expect(await make('grown')).toBe(3);
    await site.write('grown', 1);
    expect(await make('grown')).toBe(5);
    await site.write('grown', 2);
    expect(await make('grown')).toBe(7);
    expect(outcomes.splice(0)).toEqual(['made', 'fresh', 'made', 'made']);
    // Of one day, since none is kept for its hour.
    const left = (await site.index.list('grown'))?.snapshots.map(({ pointer }) => pointer.lsn);
    expect(left).toEqual([7]);
    const fold = await load('grown');
    const { text } = (await site.states('grown'))[7] ?? {};
    if (fold === null || fold === 'failed') throw new Error('no snapshot');
    expect([fold.lsn, fold.epoch, fold.sequence.text]).toEqual([7, 1, text]);
  });

  it('that are bad are told by whoever meets them', async () => {
    await site.write('bad', 2);
    await make('bad');
    const inner = join(folder, 'objects', 'snapshots+', 'bad+');
    for (const name of await readdir(inner)) await writeFile(join(inner, name), 'rubbish');
    expect(await load('bad')).toBeNull();
    expect(bad).toBe(1);
    await site.write('bad', 2);
    expect(await make('bad')).toBe(4);
    expect(bad).toBe(2);
    expect(await load('bad')).toMatchObject({ lsn: 4 });
  });

  it('that cannot be made again and again are trouble, until one can', async () => {
    await site.write('away', 2);
    const [root, away] = [join(folder, 'objects'), join(folder, 'away')];
    await rename(root, away);
    outcomes.splice(0);
    for (let n = 0; n < 3; n++) {
      expect(snapshots.isFailing).toBe(false);
      expect(await make('away')).toBeNull();
    }
    expect(outcomes).toEqual(['failed', 'failed', 'failed']);
    expect(snapshots.isFailing).toBe(true);
    await rename(away, root);
    expect(await make('away')).toBe(2);
    expect(snapshots.isFailing).toBe(false);
  });

  it('out of reach are waited for by a document that was pruned, and by no other', async () => {
    for (const document of ['whole', 'pruned']) {
      await site.write(document, 3);
      await make(document);
    }
    await pruneDocument('pruned', { epoch: 1, lsn: 3 }, database);
    const [root, away] = [join(folder, 'objects'), join(folder, 'away')];
    await rename(root, away);
    bad = 0;
    expect(await load('whole')).toBeNull();
    expect(await load('pruned')).toBe('failed');
    await rename(away, root);
    expect(await load('pruned')).toMatchObject({ lsn: 3 });
    expect(bad).toBe(0);
  });

  it('of too many documents at once are for later', async () => {
    outcomes.splice(0);
    const asked = Array.from({ length: 300 }, (_, n) => make(`many-${n}`));
    const lsns = await Promise.all(asked);
    expect(lsns.filter((lsn) => lsn === null)).toHaveLength(44);
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(44);
    expect(snapshots.isFailing).toBe(false);
  });

  it('that wait when the node stops are given up', async () => {
    const asked = [make('stopping'), make('stopping')];
    await snapshots.close();
    expect(await Promise.all(asked)).toEqual([null, null]);
    expect(await load('grown')).toBe('failed');
  });
});
