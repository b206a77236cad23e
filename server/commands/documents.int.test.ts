/**
 * Goal: an operator's commands about documents tell what is there, find each kind of damage and say
 * exactly where it is, and change what they say. Method: the commands as main.ts calls them, on a
 * real database and a folder of objects; damage done past the server, with SQL and on the disk.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderObjects } from '../folder-objects.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { appendTo } from '../testing/log-access.ts';
import { SnapshotSite } from '../testing/snapshot-site.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { typedHistory } from '../testing/typed-history.ts';
import { type CommandResult, runCommand } from './commands.ts';

const rows = 20;
const { bodies, texts } = typedHistory(rows);
const nothing = new Uint8Array(0);

describeWithPostgres('the commands about documents', (serverUrl) => {
  let database: TestDatabase;
  let dataDir: string;
  let site: SnapshotSite;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    dataDir = await mkdtemp(join(tmpdir(), 'sve-commands-'));
    site = new SnapshotSite(database.url, await FolderObjects.open(join(dataDir, 'objects')));
  });

  afterAll(async () => {
    await site?.close();
    await database?.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** A document of 20 rows with snapshots at LSN 8 and 16; their keys. */
  async function write(document: string): Promise<readonly string[]> {
    const keys: string[] = [];
    for (const [i, body] of bodies.entries()) {
      await appendTo(site.log, document, body);
      if (i === 7 || i === 15) keys.push((await site.made(document)).key);
    }
    return keys;
  }

  const run = (name: string, ...args: string[]): Promise<CommandResult> =>
    runCommand(name, args, { DATABASE_URL: database.url, DATA_DIR: dataDir });

  /** Its object, and the exit code beside. */
  async function json(name: string, ...args: string[]) {
    const { output, exitCode } = await run(name, ...args, '--json');
    return { ...JSON.parse(output), exitCode };
  }

  /** SQL past the triggers that keep rows as they are. */
  const tamper = (sql: string): Promise<void> =>
    execute(database.url, `ALTER TABLE log_row DISABLE TRIGGER ALL; ${untriggered(sql)}`);

  const fileOf = (key = ''): string => join(dataDir, 'objects', key.replaceAll('/', '+/'));

  describe('verify', () => {
    /** The differences that it tells, and that the command then fails. */
    async function differences(document: string): Promise<unknown> {
      const { exitCode, differences: found } = await json('verify', document);
      expect(exitCode).toBe(1);
      return found;
    }

    it('calls a sound document sound', async () => {
      await write('sound');
      const { output, exitCode } = await run('verify', 'sound');
      expect(output).toBe('sound: sound (20 rows up to LSN 20, 2 snapshots)\n');
      expect(exitCode).toBe(0);
      expect(await json('verify', 'sound')).toEqual({
        ...{ document: 'sound', epoch: 1, lsn: 20, rows: 20, snapshots: 2, ignored: 0 },
        ...{ voidBatches: 1, differences: [], exitCode: 0 },
      });
    });

    it('finds a byte of a snapshot that is another one', async () => {
      const [first = '', second] = await write('flipped');
      const bytes = await readFile(fileOf(first));
      bytes[40] = (bytes[40] ?? 0) ^ 1;
      await writeFile(fileOf(first), bytes);
      const size = `${bytes.length} bytes with checksum`;
      expect(await differences('flipped')).toEqual([
        {
          ...{ in: 'snapshot', lsn: 8, key: first },
          problem: expect.stringMatching(
            new RegExp(
              `^its body is not the one that was stored: ${size} [0-9a-f]{64} in place of`,
            ),
          ),
        },
      ]);
      await rm(fileOf(second));
      expect(await differences('flipped')).toMatchObject([
        { lsn: 8 },
        { in: 'snapshot', lsn: 16, problem: `its body is absent: there is no ${second}` },
      ]);
    });

    it('finds a wrong hash in a pointer', async () => {
      const [key] = await write('hash');
      const wrong = 'ab'.repeat(32);
      await execute(database.url, `UPDATE snapshot SET checksum = '${wrong}' WHERE key = '${key}'`);
      expect(await differences('hash')).toMatchObject([
        {
          in: 'snapshot',
          lsn: 8,
          problem: expect.stringMatching(`in place of \\d+ with ${wrong}$`),
        },
      ]);
    });

    it('finds a row that is missing, in the middle and at the end', async () => {
      await write('hole');
      await execute(database.url, "DELETE FROM log_row WHERE document = 'hole' AND lsn = 11");
      expect(await differences('hole')).toEqual([
        { in: 'log', lsn: 10, problem: 'row 11 is missing' },
      ]);
      await expect(run('export', 'hole', '--out', join(dataDir, 'hole'))).rejects.toThrow(
        'hole is damaged: row 11 is missing; see verify',
      );
      await write('short');
      await execute(database.url, "DELETE FROM log_row WHERE document = 'short' AND lsn > 17");
      expect(await differences('short')).toEqual([
        { in: 'log', lsn: 17, problem: 'rows 18 … 20 are missing' },
      ]);
      expect((await run('verify', 'short')).output).toBe(
        'short: NOT SOUND (17 rows up to LSN 20, 2 snapshots)\n' +
          '  log after LSN 17: rows 18 … 20 are missing\n',
      );
    });

    it('finds a row whose body is another one', async () => {
      const keys = await write('changed');
      const body = Buffer.from(bodies[1] ?? nothing).toString('hex');
      // Row 2 once more in place of row 12: well-formed, and all of it is there already.
      await tamper(
        `UPDATE log_row SET body = '\\x${body}' WHERE document = 'changed' AND lsn = 12`,
      );
      expect(await differences('changed')).toEqual([
        {
          ...{ in: 'snapshot', lsn: 16, key: keys[1] },
          problem: expect.stringMatching(
            new RegExp(
              '^its text differs at index \\d+: expected ".*", found ".*" ' +
                '\\(\\d+ and \\d+ units\\); the snapshot is wrong, or one of rows 9 … 16$',
            ),
          ),
        },
      ]);
      await tamper("UPDATE log_row SET body = '\\xffff' WHERE document = 'changed' AND lsn = 3");
      expect(await differences('changed')).toMatchObject([
        { in: 'log', lsn: 2, problem: expect.stringMatching(/^row 3 cannot be read: /) },
      ]);
    });

    it('finds a time that falls, and a head that stands before its row', async () => {
      await write('falls');
      await tamper("UPDATE log_row SET at = 86400000 WHERE document = 'falls' AND lsn = 6");
      expect(await differences('falls')).toEqual([
        {
          ...{ in: 'log', lsn: 5 },
          problem: expect.stringMatching(
            /^row 6 has time 1970-01-02T00:00:00.000Z, which falls from 2\S+Z of row 5$/,
          ),
        },
      ]);
      await write('ahead');
      await tamper("UPDATE log_row SET at = at + 9999999 WHERE document = 'ahead' AND lsn = 20");
      expect(await differences('ahead')).toMatchObject([
        {
          in: 'log',
          lsn: 20,
          problem: expect.stringMatching(/^the head has time 2\S+Z, row 20 2/),
        },
      ]);
    });

    it('begins with the snapshot up to which the log was pruned', async () => {
      const [key] = await write('pruned');
      await run('prune', 'pruned', '--lsn', '8');
      expect(await json('verify', 'pruned')).toMatchObject({ rows: 12, snapshots: 2, exitCode: 0 });
      await rm(fileOf(key));
      expect(await differences('pruned')).toMatchObject([
        { in: 'snapshot', lsn: 8, key },
        { in: 'log', lsn: 8, problem: expect.stringMatching(/^no snapshot that can be read has/) },
      ]);
    });

    it('goes through all documents, and tells those that are not sound', async () => {
      const { unsound, documents, exitCode } = await json('verify', '--all');
      const names = unsound.map(({ document }: { document: string }) => document);
      expect(names).toEqual(expect.arrayContaining(['flipped', 'hole', 'short', 'falls']));
      expect(names).not.toContain('sound');
      expect(documents).toBeGreaterThan(names.length);
      expect(exitCode).toBe(1);
    });

    it('wants one document that is there', async () => {
      await expect(run('verify')).rejects.toThrow('give one DOCUMENT, or --all');
      await expect(run('verify', 'x', '--all')).rejects.toThrow('give one DOCUMENT, or --all');
      await expect(run('verify', 'nobody')).rejects.toThrow('there is no document nobody');
    });
  });

  it('inspects a document without telling its text', async () => {
    const keys = await write('seen');
    const { at = 0 } = (await site.past('seen', { type: 'lsn', lsn: 16 })) ?? {};
    await execute(
      database.url,
      `INSERT INTO version (document, name, lsn, at, created_by)
       VALUES ('seen', 'Fertig', 16, ${at}, 'ann')`,
    );
    const found = await json('inspect', 'seen');
    expect(found).toMatchObject({
      ...{ document: 'seen', state: 'live', epoch: 1, lsn: 20, prunedLsn: 0, exitCode: 0 },
      log: { rows: 20, bytes: bodies.reduce((sum, { length }) => sum + length, 0) },
      text: { units: texts[rows]?.length, replicas: 2, voidBatches: 1 },
      snapshots: keys.map((key, i) => ({ key, lsn: 8 * (i + 1), isOfThisLog: true })),
      unreadable: [],
      versions: [{ name: 'Fertig', lsn: 16 }],
    });
    const { output } = await run('inspect', 'seen');
    expect(output).toMatch(/^document +seen \(live\)\nepoch +1\nhead +LSN 20, 2\d{3}-/);
    expect(output).toMatch(/^ {2}LSN 16, \S+Z, \d+ B, made \d+ m?s ago$/m);
    expect(output).toMatch(/\n1 named version\n {2}"Fertig": LSN 16, \S+Z\n$/);
    expect(output).not.toContain('words');
  });

  it('exports to a file and to standard output, and imports from the file', async () => {
    await write('kept');
    const out = join(dataDir, 'kept.svex');
    const told = await json('export', 'kept', '--out', out);
    const file = await readFile(out);
    expect(told).toMatchObject({ document: 'kept', out, bytes: file.length });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const env = { DATABASE_URL: database.url, DATA_DIR: dataDir };
    await runCommand('export', ['kept'], env, { stdout, stderr });
    // The time of the export, and the hash over it, are all that differs.
    expect(stdout.read()).toHaveLength(file.length);
    expect(String(stderr.read())).toMatch(/^kept: .* to standard output\n$/);
    const imported = await json('import', 'kept-2', out);
    expect(imported).toMatchObject({ document: 'kept-2', from: 'kept', rows: 20, voidBatches: 1 });
    expect((await site.past('kept-2'))?.text).toBe(texts[rows]);
    await expect(run('import', 'kept-2', out)).rejects.toThrow(
      'there is a document kept-2 already',
    );
    await expect(run('import', 'kept-3', join(dataDir, 'none'))).rejects.toThrow(/ENOENT/);
    await expect(run('export', 'nobody', '--out', join(dataDir, 'n'))).rejects.toThrow(
      'no document',
    );
    await expect(readFile(join(dataDir, 'n'))).rejects.toThrow(/ENOENT/);
  });

  it('makes a snapshot, and prunes up to one', async () => {
    await write('grown');
    expect(await json('snapshot', 'grown')).toMatchObject({ isMade: true, lsn: 20 });
    expect(await json('snapshot', 'grown')).toMatchObject({ isMade: false, lsn: 20 });
    const dry = await json('prune', 'grown', '--lsn', '17', '--dry-run');
    expect(dry).toMatchObject({ isDry: true, rows: 16, lsn: 16 });
    expect((await site.page('grown', 0)).rows).toHaveLength(20);
    const { at = 0 } = (await site.past('grown', { type: 'lsn', lsn: 18 })) ?? {};
    const time = new Date(at).toISOString();
    const { output } = await run('prune', 'grown', '--before', time);
    expect(output).toMatch(/^grown: 16 rows removed; the history begins with LSN 16, /);
    expect((await json('inspect', 'grown')).snapshots).toHaveLength(2);
    expect((await site.past('grown', { type: 'lsn', lsn: 18 }))?.text).toBe(texts[18]);
    await expect(run('prune', 'grown', '--lsn', '3')).rejects.toThrow(
      'grown has no snapshot at or before LSN 3 that can be read: nothing was removed',
    );
    await expect(run('prune', 'grown')).rejects.toThrow('give one of --before TIME and --lsn N');
    await expect(run('prune', 'grown', '--before', 'noon')).rejects.toThrow(/2026-11-27T12:00:00Z/);
  });

  it('deletes what is meant to be deleted, and nothing else', async () => {
    const [key = ''] = await write('doomed');
    await expect(run('delete', 'doomed')).rejects.toThrow('then say --yes');
    expect(await json('delete', 'doomed', '--yes')).toMatchObject({ rows: 20, snapshots: 2 });
    expect(await json('inspect', 'doomed')).toMatchObject({ state: 'deleted' });
    await expect(readFile(fileOf(key))).rejects.toThrow(/ENOENT/);
    await expect(run('verify', 'doomed')).rejects.toThrow('doomed was deleted');
    await expect(run('delete', 'nobody', '--yes')).rejects.toThrow('there is no document nobody');
  });

  it('finds orphans, and removes them when it is told to', async () => {
    const [key = ''] = await write('left');
    await site.index.remove(key);
    expect((await json('orphans')).orphans).not.toContain(key);
    const found = await json('orphans', '--older-than', '0s');
    expect(found).toMatchObject({ removed: false, orphans: expect.arrayContaining([key]) });
    await readFile(fileOf(key));
    expect((await json('orphans', '--older-than', '0s', '--remove')).removed).toBe(true);
    await expect(readFile(fileOf(key))).rejects.toThrow(/ENOENT/);
    expect((await json('orphans', '--older-than', '0s')).orphans).toEqual([]);
    await expect(run('orphans', '--older-than', 'long')).rejects.toThrow('such as 12h or 7d');
  });

  it('tells each command its help, and refuses a database of another schema', async () => {
    for (const name of ['inspect', 'verify', 'export', 'import', 'prune', 'delete', 'orphans']) {
      expect((await run(name, '--help')).output).toMatch(
        new RegExp(`^Usage: sve ${name} .*--json`),
      );
    }
    const empty = await createTestDatabase(serverUrl, { migrated: false });
    const inspected = runCommand('inspect', ['x', '--database-url', empty.url], {});
    await expect(inspected).rejects.toThrow('no documents were ever here');
    await empty.drop();
  });
});

/** In one session: triggers of the tables that are partitions, too. */
function untriggered(sql: string): string {
  return `SET session_replication_role = replica; ${sql}; ALTER TABLE log_row ENABLE TRIGGER ALL`;
}
