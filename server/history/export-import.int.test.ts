/**
 * Goal: what is exported and imported is the same document at every moment, and a file that is not
 * whole, or a name that is taken, changes nothing. Method: real PostgreSQL and a folder of objects;
 * histories of two people, whole and pruned; files that are cut and changed at many places; imports
 * that are broken off, and an append that comes in between.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type ExportRecord, exportMagic, frameExportRecord } from '../../proto/export-format.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import { FolderObjects } from '../folder-objects.ts';
import { deleteDocument } from '../postgres/log-maintenance.ts';
import { ReaderPool } from '../postgres/reader-pool.ts';
import type { NamedVersion } from '../postgres/version-statements.ts';
import { pruneToSnapshot } from '../snapshots/pruning.ts';
import { snapshotFolder } from '../snapshots/snapshot-key.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { appendTo } from '../testing/log-access.ts';
import { SnapshotSite } from '../testing/snapshot-site.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { typedHistory } from '../testing/typed-history.ts';
import { exportDocument } from './export-document.ts';
import { type Pieces, readExportFile } from './export-file.ts';
import { type Imported, importDocument } from './import-document.ts';
import { Versions } from './versions.ts';

const rows = 40;
const { bodies, texts } = typedHistory(rows);
const now = 1_800_000_000_000;

describeWithPostgres('a history that is exported and imported', (serverUrl) => {
  let database: TestDatabase;
  let folder: string;
  let site: SnapshotSite;
  let pool: ReaderPool;
  let versions: Versions;
  let whole: Uint8Array;
  let pruned: Uint8Array;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    folder = await mkdtemp(join(tmpdir(), 'sve-export-'));
    site = new SnapshotSite(database.url, await FolderObjects.open(folder));
    for (const document of ['whole', 'pruned']) {
      for (const [i, body] of bodies.entries()) {
        await appendTo(site.log, document, body);
        if (i === 19) await site.made(document);
      }
    }
    pool = new ReaderPool(database.url);
    versions = new Versions(pool);
    for (const document of ['whole', 'pruned']) {
      for (const lsn of [20, 33]) {
        const { at = 0 } = (await site.past(document, { type: 'lsn', lsn })) ?? {};
        await versions.put(document, { name: `row ${lsn}`, lsn, at, createdBy: 'ann' });
      }
    }
    await pruneToSnapshot('pruned', { type: 'lsn', lsn: 20 }, { ...site, url: database.url });
    whole = await exported('whole');
    pruned = await exported('pruned');
  });

  afterAll(async () => {
    await Promise.all([site?.close(), pool?.close()]);
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const allVersions = (document: string): Promise<readonly NamedVersion[]> =>
    versions.list(document, '', 1_000);

  async function exported(document: string): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    const { log, index, objects } = site;
    const source = { log, index, objects, versions: allVersions };
    for await (const piece of exportDocument(source, document, { now })) pieces.push(piece);
    return new Uint8Array(Buffer.concat(pieces));
  }

  function imported(document: string, pieces: Pieces): Promise<Imported> {
    return importDocument({ url: database.url, objects: site.objects }, document, pieces);
  }

  async function isAbsent(document: string): Promise<boolean> {
    const { head, rows: found } = await site.page(document, 0);
    return head === null && found.length === 0 && (await bodiesOf(document)).length === 0;
  }

  const bodiesOf = (document: string): Promise<readonly string[]> =>
    site.bodies(snapshotFolder(document));

  it.each(['whole', 'pruned'])('is the same document at every moment: %s', async (from) => {
    const to = `${from}-copy`;
    const file = from === 'whole' ? whole : pruned;
    const told = await imported(to, inPieces(file, 1_000));
    const start = from === 'whole' ? 0 : 20;
    expect(told).toMatchObject({
      document: to,
      from,
      lsn: rows,
      rows: rows - start,
      voidBatches: 1,
    });
    for (let lsn = start; lsn <= rows; lsn++) {
      const copy = await site.past(to, { type: 'lsn', lsn });
      expect(copy).toMatchObject({ lsn, text: texts[lsn] });
      const { at = 0 } = (await site.past(from, { type: 'lsn', lsn })) ?? {};
      expect(copy?.at).toBe(at);
      const times = { copy: await site.past(to, { type: 'time', at }), text: '' };
      expect(times.copy?.text).toBe((await site.past(from, { type: 'time', at }))?.text);
    }
    const [again, before] = [await recordsOf(await exported(to)), await recordsOf(file)];
    const epoch = { epoch: 0, document: '' };
    expect(again.map((record) => withHeader(record, epoch))).toEqual(
      before.map((record) => withHeader(record, epoch)),
    );
    expect(await allVersions(to)).toEqual(await allVersions(from));
    expect(await allVersions(to)).toMatchObject([{ lsn: 20 }, { lsn: 33, isOfThisLog: true }]);
    expect(told.epoch).not.toBe(1);
    expect(site.takeBad()).toEqual([]);
  });

  it('goes on as any document does', async () => {
    const { epoch } = await imported('goes-on', inPieces(whole, 64));
    expect(await appendTo(site.log, 'goes-on', bodies[0], epoch)).toMatchObject({ lsn: rows + 1 });
    await site.made('goes-on');
    expect((await site.past('goes-on'))?.text).toBe(texts[rows]);
  });

  it('is refused when a byte of it is another one, wherever', async () => {
    for (const file of [whole, pruned]) {
      for (let at = 0; at < file.length; at += Math.ceil(file.length / 16)) {
        const changed = file.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        await expect(
          imported('damaged', inPieces(changed, 500)),
          `byte ${at}`,
        ).rejects.toMatchObject({
          code: 'damaged-file',
          message: expect.stringMatching(/^the file is damaged.*Nothing was imported$/s),
        });
      }
    }
    expect(await isAbsent('damaged')).toBe(true);
  });

  it('is refused when it is cut off, wherever', async () => {
    for (const file of [whole, pruned]) {
      for (let at = 0; at < file.length; at += Math.ceil(file.length / 8)) {
        const cut = inPieces(file.subarray(0, at), 500);
        await expect(imported('cut', cut), `${at} bytes`).rejects.toMatchObject({
          code: 'damaged-file',
        });
      }
    }
    expect(await isAbsent('cut')).toBe(true);
  });

  it.each<[string, (records: ExportRecord[]) => ExportRecord[], string]>([
    ['a row is left out', (all) => all.toSpliced(5, 1), 'row 5 is missing'],
    ['two rows change places', (all) => all.toSpliced(5, 2, ...all.slice(5, 7).reverse()), 'row 5'],
    ['a time falls', (all) => all.with(5, row(5, 7)), 'row 5 has time 1970-01-01T00:00:00.007Z'],
    [
      'a row is none',
      (all) => all.with(5, { type: 'row', row: { ...placeOf(all[5]), body: rubbish } }),
      'row 5 cannot be read',
    ],
    ['rows are left out at the end', (all) => all.toSpliced(38, 3), 'rows 38 … 40 are missing'],
    [
      'a version stands for another row',
      (all) => [...all, version({ lsn: 7 })],
      '1 of its versions stand for no row of it',
    ],
    [
      'two versions have one name',
      (all) => [...all, version({ ...timeOf(all[7]) }), version({ ...timeOf(all[8]) })],
      'duplicate key',
    ],
    ['there is a second header', (all) => all.toSpliced(3, 0, ...all.slice(0, 1)), 'second header'],
    ['there is no header', (all) => all.slice(1), 'it begins with a row'],
  ])('is refused with a hash that is right when %s', async (_, change, problem) => {
    const records = (await recordsOf(whole)).filter(({ type }) => type !== 'end');
    const file = sealed(change(records), rows);
    await expect(imported('wrong', inPieces(file, 5_000))).rejects.toThrow(problem);
    expect(await isAbsent('wrong')).toBe(true);
  });

  it('is refused when its end counts something else, or is not the end', async () => {
    const records = await recordsOf(whole);
    const file = sealed(records, rows + 1);
    await expect(imported('wrong', inPieces(file, 5_000))).rejects.toThrow(/counts 41 rows/);
    const twice = Buffer.concat([whole, whole.subarray(exportMagic.length)]);
    await expect(imported('wrong', inPieces(twice, 5_000))).rejects.toThrow(/after its end/);
    expect(await isAbsent('wrong')).toBe(true);
  });

  it('does not take a name that is or was another document’s', async () => {
    await expect(imported('whole', inPieces(whole, 5_000))).rejects.toMatchObject({
      code: 'document-exists',
    });
    await appendTo(site.log, 'gone', bodies[0]);
    await deleteDocument('gone', { url: database.url });
    await expect(imported('gone', inPieces(whole, 5_000))).rejects.toMatchObject({
      code: 'document-deleted',
    });
    await expect(imported('no/name', inPieces(whole, 5_000))).rejects.toThrow('no name');
    expect((await site.page('whole', 0)).head?.epoch).toBe(1);
  });

  it('leaves nothing when it breaks off, and can be made again', async () => {
    await expect(
      imported(
        'broken',
        breaking(pruned, () => {}),
      ),
    ).rejects.toThrow('the wire is cut');
    expect(await isAbsent('broken')).toBe(true);
    const end = (): Promise<void> =>
      execute(
        database.url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'sync-vector-engine import' AND datname = current_database()`,
      );
    await expect(imported('broken', breaking(pruned, end))).rejects.toThrow(/was not imported/);
    expect(await isAbsent('broken')).toBe(true);
    await imported('broken', inPieces(pruned, 5_000));
    expect((await site.past('broken'))?.text).toBe(texts[rows]);
  });

  it('that the database does not confirm is whole if it is there', async () => {
    const { hostname, port } = new URL(database.url);
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    const operator = new Client({ connectionString: database.url });
    await operator.connect();
    // The commit waits for the lock.
    await operator.query(`
      CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON snapshot DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.document = 'unsure') EXECUTE FUNCTION wait();
      SELECT pg_advisory_lock(1)`);
    const target = { url: proxy.through(database.url), objects: site.objects };
    const outcome = importDocument(target, 'unsure', inPieces(pruned, 5_000)).catch(
      (error: unknown) => error,
    );
    await vi.waitFor(async () => {
      const { rows: waiting } = await operator.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
      );
      expect(waiting).toHaveLength(1);
    });
    proxy.cutAll();
    expect(await outcome).toMatchObject({ code: 'outcome-unknown' });
    await operator.query('SELECT pg_advisory_unlock(1)');
    await vi.waitFor(async () => expect((await site.page('unsure', 20)).rows).toHaveLength(20));
    expect((await site.past('unsure'))?.text).toBe(texts[rows]);
    await operator.end();
    await proxy.close();
  });

  it('is not mixed with an append to the same name that comes meanwhile', async () => {
    const outcomes: string[] = [];
    const append = async (): Promise<void> => {
      const body = encodeUpdate({ batches: [] });
      outcomes.push((await appendTo(site.log, 'contended', body, 7)).outcome);
    };
    const file = (async function* () {
      yield whole.subarray(0, whole.length - 100);
      await append();
      expect(await isAbsent('contended')).toBe(true);
      yield whole.subarray(whole.length - 100);
    })();
    await imported('contended', file);
    await append();
    expect(outcomes).toEqual(['unknown', 'rejected']);
    expect((await site.past('contended'))?.text).toBe(texts[rows]);
  });
});

const rubbish = Uint8Array.of(0xff, 0xff);

function row(lsn: number, at: number): ExportRecord {
  return { type: 'row', row: { lsn, at, body: bodies[lsn - 1] ?? rubbish } };
}

function version(place: { readonly lsn: number; readonly at?: number }): ExportRecord {
  const given = { name: 'named', createdAt: 1, principal: 'ann' };
  return { type: 'version', version: { ...given, at: 1, ...place } };
}

function timeOf(record: ExportRecord | undefined): { readonly lsn: number; readonly at: number } {
  const { lsn, at } = placeOf(record);
  return { lsn, at };
}

function placeOf(record: ExportRecord | undefined): { readonly lsn: number; readonly at: number } {
  return record?.type === 'row' ? record.row : { lsn: 0, at: 0 };
}

/** A file of these records, with the end that belongs to them but for the count. */
function sealed(records: readonly ExportRecord[], count: number): Uint8Array {
  const versions = records.filter(({ type }) => type === 'version').length;
  const body = Buffer.concat([exportMagic, ...records.map(frameExportRecord)]);
  const hash = createHash('sha256').update(body).digest();
  const end = frameExportRecord({ type: 'end', end: { rows: count, versions, hash } });
  return Buffer.concat([body, end]);
}

function* inPieces(file: Uint8Array, bytes: number): Generator<Uint8Array> {
  for (let start = 0; start < file.length; start += bytes)
    yield file.subarray(start, start + bytes);
}

/** Most of the file, then something happens, then no more comes. */
async function* breaking(
  file: Uint8Array,
  happens: () => void | Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield file.subarray(0, file.length - 100);
  await happens();
  yield file.subarray(file.length - 100, file.length - 50);
  throw new Error('the wire is cut');
}

async function recordsOf(file: Uint8Array): Promise<ExportRecord[]> {
  const records: ExportRecord[] = [];
  for await (const record of readExportFile(inPieces(file, 700))) records.push(record);
  return records;
}

function withHeader(
  record: ExportRecord,
  change: { epoch: number; document: string },
): ExportRecord {
  return record.type === 'header' ? { ...record, header: { ...record.header, ...change } } : record;
}
