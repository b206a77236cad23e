/**
 * Goal: whatever dies, races, fails or is damaged while snapshots are made, the document at every
 * LSN is what its rows amount to, and a later attempt makes what is missing.
 *
 * Method: real PostgreSQL; the bucket that there is, and a folder. A maker that dies is one whose
 * call of a port is never made, or never answered; each call in turn. What is told is compared with
 * the rows folded one by one.
 */
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStorePort, SnapshotPointer } from '../../engine/driver/ports.ts';
import type { SnapshotMakerParts } from '../../engine/driver/snapshot-maker.ts';
import { snapshotOf } from '../../engine/sync/fold-snapshot.ts';
import { FolderObjects } from '../folder-objects.ts';
import { S3Objects } from '../s3-objects.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { SnapshotSite } from '../testing/snapshot-site.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { startTestS3, type TestS3 } from '../testing/test-s3.ts';

interface BreakableStore {
  readonly port: ObjectStorePort;
  /** Every call fails until the end that it resolves with. */
  outage(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

let s3: TestS3;
let database: TestDatabase;
let store: BreakableStore;
let site: SnapshotSite;
/** Of names of documents: each is used once. */
let prefix: string;

async function openBucket(): Promise<BreakableStore> {
  const options = s3.options();
  const { hostname: host, port } = new URL(options.endpoint);
  const proxy = await startTcpProxy({ host, port: Number(port || 80) });
  const store = new S3Objects({ ...options, endpoint: proxy.through(options.endpoint) });
  return {
    port: store,
    outage() {
      proxy.refuse(true);
      proxy.cutAll();
      return Promise.resolve(() => Promise.resolve(proxy.refuse(false)));
    },
    async close() {
      store.close();
      await proxy.close();
    },
  };
}

async function openFolder(): Promise<BreakableStore> {
  const folder = await mkdtemp(join(tmpdir(), 'sve-snapshots-'));
  const [root, away] = [join(folder, 'objects'), join(folder, 'away')];
  return {
    port: await FolderObjects.open(root),
    async outage() {
      await rename(root, away);
      return () => rename(away, root);
    },
    close: () => rm(folder, { recursive: true }),
  };
}

beforeAll(async () => {
  s3 = await startTestS3();
});

afterAll(() => s3?.stop());

describeWithPostgres('snapshots', (serverUrl) => {
  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
  });

  afterAll(() => database?.drop());

  describe.each([
    ['in a bucket', openBucket],
    ['in a folder', openFolder],
  ])('%s', (_, open) => {
    beforeAll(async () => {
      prefix = open.name;
      store = await open();
      site = new SnapshotSite(database.url, store.port);
    });

    afterAll(async () => {
      await site?.close();
      await store?.close();
    });

    makerTests();
    faultTests();
  });
});

function makerTests(): void {
  it('begin with the one before, and are the rows up to theirs', async () => {
    const document = `${prefix}-chain`;
    expect(await site.make(document)).toEqual({ type: 'fresh', lsn: 0 });
    for (const lsn of [4, 5, 9]) {
      await site.write(document, lsn - ((await site.page(document, 0)).head?.lsn ?? 0));
      expect(await site.made(document)).toMatchObject({ lsn, epoch: 1 });
      await expectTrue(document);
    }
    expect(await site.make(document)).toEqual({ type: 'fresh', lsn: 9 });
    expect(await site.bodies(`snapshots/${document}/`)).toHaveLength(3);
    expect(site.takeBad()).toEqual([]);
  });

  it.each(['before it is asked', 'before it is answered'] as const)(
    'are made by the next one when a maker dies at any call %s',
    async (when) => {
      let calls = Number.POSITIVE_INFINITY;
      for (let call = 1; call <= calls; call++) {
        const document = `${prefix}-dies-${when.replaceAll(' ', '-')}-${call}`;
        await site.write(document, 3);
        await site.made(document);
        await site.write(document, 3);
        const died = await dying(site, { document, call, when });
        if (died === 'lived') calls = call - 1;
        else await expectTrue(document);
        const { type } = await site.make(document);
        expect(type === 'made' || type === 'fresh').toBe(true);
        await expectTrue(document);
        expect(await site.load(document)).toMatchObject({ pointer: { lsn: 6 } });
      }
      // The index, the body before, pages of rows, the body, the pointer.
      expect(calls).toBeGreaterThanOrEqual(5);
      expect(site.takeBad()).toEqual([]);
    },
  );

  it('may be made by several at once', async () => {
    const document = `${prefix}-race`;
    await site.write(document, 5);
    const release: (() => void)[] = [];
    // Nobody adds a pointer before everybody has a body.
    const add: SnapshotMakerParts['index']['add'] = (...args) => {
      release.push(() => site.index.add(...args));
      if (release.length === 3) for (const go of release.splice(0)) go();
    };
    const index = { ...delegate(site), add };
    const outcomes = await Promise.all([1, 2, 3].map(() => site.make(document, { index })));
    expect(outcomes.map(({ type }) => type)).toEqual(['made', 'made', 'made']);
    expect(await site.bodies(`snapshots/${document}/`)).toHaveLength(3);
    await expectTrue(document);
  });
}

function faultTests(): void {
  it('wait for a store that is away; until then the rows do', async () => {
    const document = `${prefix}-away`;
    await site.write(document, 3);
    await site.made(document);
    await site.write(document, 2);
    const end = await store.outage();
    expect(await site.make(document)).toMatchObject({
      type: 'failed',
      reason: expect.stringMatching(/object store/),
    });
    const { text } = (await site.states(document))[5] ?? {};
    expect(await site.past(document)).toMatchObject({ lsn: 5, text });
    expect(new Set(site.takeBad())).toEqual(new Set(['unreachable at 3']));
    await end();
    expect(await site.made(document)).toMatchObject({ lsn: 5 });
    await expectTrue(document);
  });

  it('that are damaged or gone are told, and the one before is used', async () => {
    const document = `${prefix}-bad`;
    const pointers: SnapshotPointer[] = [];
    for (let n = 0; n < 3; n++) {
      await site.write(document, 2);
      pointers.push(await site.made(document));
    }
    const [, second, third] = pointers;
    const remove = (key: string) => new Promise((done) => site.objects.remove(key, done));
    await remove(third?.key ?? '');
    const { fold } = await loaded(document);
    expect(fold.lsn).toBe(4);
    expect(site.takeBad()).toEqual(['absent at 6']);
    const key = second?.key ?? '';
    const body = await new Promise<Uint8Array | null | 'failed'>((done) =>
      site.objects.get(key, done),
    );
    if (!(body instanceof Uint8Array)) throw new Error('no body');
    const flipped = Uint8Array.from(body);
    flipped.set([(flipped[9] ?? 0) ^ 1], 9);
    await remove(key);
    await new Promise((done) => site.objects.put(key, flipped, done));
    expect((await loaded(document)).fold.lsn).toBe(2);
    expect(site.takeBad()).toEqual(['absent at 6', 'checksum at 4']);
    expect(await site.made(document)).toMatchObject({ lsn: 6 });
    await expectTrue(document);
    site.takeBad();
  });

  it('of rows that a failover took are never loaded, and none is made of them', async () => {
    const document = `${prefix}-failover`;
    await site.write(document, 2);
    await site.made(document);
    await site.write(document, 2);
    const lost = await site.made(document);
    expect(await site.load(document)).toMatchObject({ pointer: lost });
    await site.write(document, 1);
    const add: SnapshotMakerParts['index']['add'] = (...args) =>
      void failOver(document, 3).then(() => site.index.add(...args));
    const index = { ...delegate(site), add };
    expect(await site.make(document, { index })).toMatchObject({ type: 'failed' });
    expect(await site.load(document)).toMatchObject({ pointer: { lsn: 2 } });
    // The body of what could not be taken is gone again.
    expect(await site.bodies(`snapshots/${document}/`)).toHaveLength(2);
    await site.write(document, 4);
    await site.made(document);
    await expectTrue(document);
    expect(site.takeBad()).toEqual([]);
  });
}

/** Playback from every LSN, and what a room would load, against the rows. */
async function expectTrue(document: string): Promise<void> {
  const states = await site.states(document);
  for (const [lsn, { text }] of states.entries()) {
    if (lsn === 0) continue;
    const past = await site.past(document, { type: 'lsn', lsn });
    expect(past).toMatchObject({ lsn, text });
  }
  const loaded = await site.load(document);
  if (loaded === null || loaded === 'failed') throw new Error(`${document}: ${loaded}`);
  const { fold, pointer } = loaded;
  expect(snapshotOf(fold, { bindings: true })).toEqual(states[pointer.lsn]?.bytes);
}

async function loaded(document: string) {
  const found = await site.load(document);
  if (found === null || found === 'failed') throw new Error(`${document}: ${found}`);
  return found;
}

/** Rows from `lsn` on are not on the server that took over; times went on. */
async function failOver(document: string, lsn: number): Promise<void> {
  await execute(
    database.url,
    `ALTER TABLE document_head DISABLE TRIGGER USER;
     DELETE FROM log_row WHERE document = '${document}' AND lsn >= ${lsn};
     UPDATE document_head SET lsn = ${lsn - 1}, at = at + 1000 WHERE document = '${document}';
     ALTER TABLE document_head ENABLE TRIGGER USER`,
  );
}

function delegate({ index }: SnapshotSite): SnapshotMakerParts['index'] {
  return {
    newest: (...args) => index.newest(...args),
    add: (...args) => index.add(...args),
  };
}

interface Death {
  readonly document: string;
  /** Counted from 1. */
  readonly call: number;
  readonly when: 'before it is asked' | 'before it is answered';
}

/** Makes one, and dies at a call; resolves when what was asked is done. */
function dying(site: SnapshotSite, { document, call, when }: Death): Promise<'died' | 'lived'> {
  let calls = 0;
  return new Promise((resolve) => {
    /** `ask` with a callback that goes on, unless the maker is dead. */
    const through = <T>(ask: (done: (answer: T) => void) => void, done: (answer: T) => void) => {
      calls += 1;
      if (calls < call) ask(done);
      else if (calls === call && when === 'before it is answered') ask(() => resolve('died'));
      else if (calls === call) resolve('died');
    };
    const { index, objects, log } = site.parts;
    const parts: Partial<SnapshotMakerParts> = {
      index: {
        newest: (name, moment, max, done) =>
          through((answer) => index.newest(name, moment, max, answer), done),
        add: (name, pointer, done) => through((answer) => index.add(name, pointer, answer), done),
      },
      objects: {
        put: (key, bytes, done) => through((answer) => objects.put(key, bytes, answer), done),
        get: (key, done) => through((answer) => objects.get(key, answer), done),
        list: (prefix, done) => through((answer) => objects.list(prefix, answer), done),
        remove: (key, done) => through((answer) => objects.remove(key, answer), done),
      },
      log: {
        read: (name, after, max, done) =>
          through((answer) => log.read(name, after, max, answer), done),
      },
    };
    void site.make(document, parts).then(() => resolve('lived'));
  });
}
