/**
 * The launcher: what survives what, and who may start where. Method: real servers in folders of our
 * own, and a process (testing/launch-postgres.ts) to be killed without a chance to clean up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeWithBinaries } from '../testing/describe-postgres.ts';
import { execute } from '../testing/test-database.ts';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded-postgres.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { isRunning } from './postmaster-file.ts';

const isRoot = process.getuid?.() === 0;

await describeWithBinaries('embedded PostgreSQL', () => {
  let parent: string;
  let dataDir: string;
  let template: string;
  let servers: EmbeddedPostgres[];
  let launchers: ChildProcess[];
  let said: string[];

  beforeAll(async () => {
    template = await mkdtemp(join(tmpdir(), 'sve-template-'));
    await (await startEmbeddedPostgres({ dataDir: template })).stop();
  });

  afterAll(() => rm(template, { recursive: true, force: true }));

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sve-launcher-'));
    dataDir = join(parent, 'data');
    servers = [];
    launchers = [];
    said = [];
  });

  afterEach(async () => {
    for (const launcher of launchers) {
      launcher.stdin?.end();
      if (launcher.exitCode === null && launcher.signalCode === null) await once(launcher, 'exit');
    }
    // All of them first: several may use one folder.
    for (const server of servers) await server.stop();
    for (const { folder } of servers) await rm(folder, { recursive: true, force: true });
    await rm(parent, { recursive: true, force: true });
  });

  async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
    const log = (message: string) => void said.push(message);
    const server = await startEmbeddedPostgres({ dataDir, log, ...options });
    servers.push(server);
    return server;
  }

  /** Puts a cluster into the folder, which is faster than to create one. */
  async function seed(): Promise<void> {
    await cp(template, dataDir, { recursive: true });
  }

  /** Another process with a server on the same folder; rejects with what it says if it fails. */
  async function startElsewhere(
    env: NodeJS.ProcessEnv = {},
  ): Promise<{ launcher: ChildProcess; postmaster: number }> {
    const script = fileURLToPath(new URL('../testing/launch-postgres.ts', import.meta.url));
    const launcher = spawn(process.execPath, ['--import', 'tsx', script, dataDir], {
      env: { ...process.env, ...env },
    });
    launchers.push(launcher);
    return await new Promise((resolve, reject) => {
      let errors = '';
      launcher.stderr.on('data', (chunk) => (errors += String(chunk)));
      launcher.stdout.once('data', (line) =>
        resolve({ launcher, postmaster: Number(String(line)) }),
      );
      launcher.once('close', () => reject(new Error(errors)));
    });
  }

  async function notes(server: EmbeddedPostgres): Promise<string[]> {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query<{ note: string }>('SELECT note FROM notes ORDER BY note');
    await client.end();
    return rows.map(({ note }) => note);
  }

  it('keeps the data when it is stopped, killed and restarted', async () => {
    const first = await start();
    await execute(first.url, "CREATE TABLE notes (note text); INSERT INTO notes VALUES ('a')");
    const { url } = first;
    await first.kill();
    expect(first.pids()).toEqual([]);
    await first.restart();
    expect(first.url).toBe(url);
    await execute(first.url, "INSERT INTO notes VALUES ('b')");
    await first.stop();
    const second = await start();
    expect(await notes(second)).toEqual(['a', 'b']);
    expect((await readdir(dataDir)).toSorted()).toEqual(['cluster', 'postgres.log']);
  });

  it('listens on this machine only, wants the password, and shows its processes', async () => {
    await seed();
    const server = await start();
    const url = new URL(server.url);
    expect(url.hostname).toBe('127.0.0.1');
    expect(server.pids().length).toBeGreaterThan(3);
    url.password = 'guessed';
    await expect(execute(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    expect((await stat(join(dataDir, 'cluster'))).mode & 0o777).toBe(0o700);
  });

  it('starts beside the files of a server that was killed with its machine', async () => {
    await seed();
    const server = await start();
    const pidFile = join(dataDir, 'cluster', 'postmaster.pid');
    await server.kill();
    // After a reboot the process id may be anybody's: here it is that of a process that is not
    // PostgreSQL.
    const stale = await readFile(pidFile, 'utf8');
    await writeFile(pidFile, stale.replace(/^\d+/, String(process.ppid)));
    await server.restart();
    expect(server.pids()).not.toEqual([]);
  });

  it('refuses a folder that another process uses, and says which', async () => {
    await seed();
    const { launcher, postmaster } = await startElsewhere();
    await expect(start()).rejects.toThrow(
      `in use by PostgreSQL process ${postmaster}, started by process ${launcher.pid}`,
    );
    expect(isRunning(postmaster)).toBe(true);
    launcher.stdin?.end();
    await once(launcher, 'exit');
    await start();
  });

  it('lets one of two win that start on an empty folder together', async () => {
    const results = await Promise.allSettled([startElsewhere(), startElsewhere()]);
    const failed = results.filter((result) => result.status === 'rejected');
    expect(failed.map(({ reason }) => String(reason))).toEqual([
      expect.stringMatching(/in use by PostgreSQL process|another PostgreSQL is starting/),
    ]);
    expect((await readdir(dataDir)).toSorted()).toEqual(['cluster', 'postgres.log']);
  });

  it('starts again at once after its process was killed', async () => {
    await seed();
    const { launcher } = await startElsewhere();
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    await start();
  });

  it('stops an orphan and takes its place', async () => {
    await seed();
    // Without setpriv on its path nothing ties PostgreSQL to its launcher.
    const path = join(parent, 'bin');
    await mkdir(path);
    for (const program of ['unshare', 'true']) {
      await symlink(join('/usr/bin', program), join(path, program));
    }
    const { launcher, postmaster } = await startElsewhere({ PATH: path });
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    expect(isRunning(postmaster)).toBe(true);
    const server = await start();
    expect(said.join()).toContain(`stopping PostgreSQL ${postmaster}`);
    expect(isRunning(postmaster)).toBe(false);
    expect(server.pids()[0]).not.toBe(postmaster);
  });

  it('starts over when a process was killed while it created the cluster', async () => {
    await mkdir(join(dataDir, 'cluster-new-999999999'), { recursive: true });
    await writeFile(join(dataDir, 'password-999999999'), 'old');
    await start();
    expect((await readdir(dataDir)).toSorted()).toEqual(['cluster', 'postgres.log']);
  });

  it('says what to install when the data are of another version', async () => {
    await mkdir(join(dataDir, 'cluster'), { recursive: true });
    await writeFile(join(dataDir, 'cluster', 'PG_VERSION'), '9\n');
    await expect(start()).rejects.toThrow(/are of PostgreSQL 9, found PostgreSQL .*: install/);
  });

  it('says what is wrong with a setting that PostgreSQL refuses', async () => {
    await seed();
    await expect(start({ settings: { shared_buffers: 'lots' } })).rejects.toThrow(
      'invalid value for parameter "shared_buffers"',
    );
    await start();
  });

  it('waits for its port when it is started again', async () => {
    await seed();
    let ended = () => {};
    const server = await start({ log: () => ended() });
    await server.stop();
    const other = createServer().listen(Number(new URL(server.url).port), '127.0.0.1');
    await once(other, 'listening');
    const refused = new Promise<void>((resolve) => (ended = resolve));
    const restarted = server.restart();
    await refused;
    other.close();
    await restarted;
    await execute(server.url, 'SELECT 1');
  });

  it('says that a folder cannot be used', async () => {
    await writeFile(dataDir, 'a file');
    await expect(start()).rejects.toThrow(`cannot use the data folder ${dataDir}`);
  });

  it('stays within a folder name that is too long for a socket', async () => {
    await start({ dataDir: join(parent, 'long'.repeat(40)) });
  });

  it('runs with every PostgreSQL of this machine', async () => {
    for (const binaries of await findPostgresBinaries()) {
      const server = await start({
        dataDir: join(parent, String(binaries.major)),
        binaries: [binaries],
      });
      expect(server.version).toBe(binaries.version);
    }
  });

  it('makes the library links that an install without scripts leaves out', async (context) => {
    const packaged = (await findPostgresBinaries()).find(({ source }) => source === 'npm');
    if (packaged === undefined || process.platform !== 'linux') return context.skip();
    // A library for programs written in C, which PostgreSQL itself does not load.
    const link = join(packaged.root, 'lib', 'libecpg.so');
    const target = await readlink(link);
    await rm(link);
    await findPostgresBinaries();
    expect(await readlink(link)).toBe(target);
  });

  describe.runIf(isRoot)('as root', () => {
    beforeEach(() => chmod(parent, 0o700));

    it('works below a folder that only root can enter', async () => {
      const server = await start();
      expect(server.folder).toBe(dataDir);
      expect((await stat(join(dataDir, 'cluster'))).uid).toBe(0);
    });

    it('moves to a folder that nobody can reach where namespaces are forbidden', async () => {
      const server = await start({ runAs: 'nobody' });
      expect(server.folder).toMatch(/^\/var\/tmp\/sync-vector-engine-/);
      expect((await stat(join(server.folder, 'cluster'))).uid).toBe(65534);
      expect(said.join()).toContain('nobody cannot reach');
    });

    it('goes on with data that it created as the other user', async () => {
      await chmod(parent, 0o755);
      for (const runAs of ['nobody', 'namespace', 'nobody'] as const) {
        const server = await start({ runAs });
        expect(server.folder).toBe(dataDir);
        await server.stop();
      }
    });
  });
});
