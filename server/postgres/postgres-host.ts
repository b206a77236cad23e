/**
 * As whom PostgreSQL runs on this machine, and in which folder.
 *
 * PostgreSQL refuses to run as root. Root therefore starts it in a user namespace, where root's
 * files belong to an ordinary user: no account is created, no owner changed, and a folder below a
 * home of mode 0700 works. Where namespaces are forbidden it runs as `nobody`, and whatever nobody
 * cannot reach (the programs, the data) lives in a folder under /var/tmp instead. Any other user
 * runs it as himself.
 *
 * `setpriv --pdeathsig SIGINT`, where there is one, stops PostgreSQL when the process that started
 * it is killed. macOS and Windows have none; there nothing but plain starting is done, and that is
 * untested.
 */
import { type ChildProcess, execFile, type StdioOptions, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  access,
  chown,
  constants,
  cp,
  lstat,
  mkdir,
  readdir,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { assert } from '../../engine/assert.ts';
import { executable, isCode, type PostgresBinaries } from './postgres-binaries.ts';

/** `nobody` of Linux: has an entry in every passwd file, which initdb looks itself up in. */
const nobody = 65534;

/** How PostgreSQL gets to run as somebody other than root. */
export type RunAs = 'self' | 'namespace' | 'nobody';

export interface PostgresHost {
  readonly runAs: RunAs;
  /** Exists; holds the cluster and the log file. */
  readonly folder: string;
  readonly binaries: PostgresBinaries;
  /** Owner that files of the cluster must have, seen from here; null = whoever creates them. */
  readonly uid: number | null;
  /** Starts `postgres` or `initdb`: the child is the program itself, not a wrapper. */
  start(program: 'postgres' | 'initdb', args: readonly string[], stdio: StdioOptions): ChildProcess;
}

/**
 * Settles where and as whom. `runAs` overrides the choice (tests). Throws with advice when the
 * folder cannot be made or belongs to somebody else.
 */
export async function preparePostgresHost(options: {
  readonly dataDir: string;
  readonly binaries: PostgresBinaries;
  readonly log: (message: string) => void;
  readonly runAs?: RunAs | undefined;
}): Promise<PostgresHost> {
  const { dataDir, binaries, log } = options;
  await makeFolder(dataDir);
  const runAs = options.runAs ?? (await chooseRunAs());
  const tether = ['setpriv', '--pdeathsig', 'SIGINT', '--'];
  const tethered = process.platform === 'linux' && (await succeeds([...tether, 'true']));
  if (!tethered) log('no setpriv --pdeathsig: PostgreSQL outlives this process if it is killed');
  const prefix = [...(runAs === 'namespace' ? namespace : []), ...(tethered ? tether : [])];
  const placed =
    runAs === 'nobody'
      ? await placeForNobody(dataDir, binaries, log)
      : { folder: dataDir, binaries };
  return {
    runAs,
    ...placed,
    uid: runAs === 'nobody' ? nobody : (process.getuid?.() ?? null),
    start(program, args, stdio) {
      const command = [...prefix, join(placed.binaries.bin, executable(program)), ...args];
      return spawn(command[0] ?? program, command.slice(1), {
        stdio,
        // PostgreSQL changes into its data directory by itself; initdb must be able to read this
        // one.
        cwd: placed.folder,
        // A session of its own: Ctrl-C in a terminal is for the server, which stops PostgreSQL
        // last.
        detached: true,
        env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
        ...(runAs === 'nobody' ? { uid: nobody, gid: nobody } : {}),
      });
    },
  };
}

/** Gives everything below `folder` to the host's user, if it is root's or nobody's to give. */
export async function takeOwnership(host: PostgresHost, folder: string): Promise<void> {
  const { uid } = await stat(folder);
  if (host.uid === null || uid === host.uid) return;
  if (process.getuid?.() !== 0 || (uid !== 0 && uid !== nobody)) {
    throw new Error(
      `${folder} belongs to user ${uid}, PostgreSQL would run as user ${host.uid}: ` +
        `start the server as user ${uid}, or change the owner (chown -R)`,
    );
  }
  for (const path of await readdir(folder, { recursive: true })) {
    await chown(join(folder, path), host.uid, host.uid);
  }
  await chown(folder, host.uid, host.uid);
}

const namespace = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--'];

async function chooseRunAs(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return 'self';
  return (await succeeds([...namespace, 'true'])) ? 'namespace' : 'nobody';
}

async function succeeds([program = '', ...args]: readonly string[]): Promise<boolean> {
  return await promisify(execFile)(program, args).then(
    () => true,
    () => false,
  );
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    const advice = 'make it writable for this user, or choose another';
    throw new Error(`cannot use the data folder ${folder}: ${advice} (${String(error)})`, {
      cause: error,
    });
  }
}

async function placeForNobody(
  dataDir: string,
  binaries: PostgresBinaries,
  log: (message: string) => void,
): Promise<Pick<PostgresHost, 'folder' | 'binaries'>> {
  const dataReachable = await isReachableByAll(dataDir);
  const binariesReachable = await isReachableByAll(binaries.bin);
  if (dataReachable && binariesReachable) return { folder: dataDir, binaries };
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const shelter = `/var/tmp/sync-vector-engine-${name}`;
  await mkdir(shelter, { mode: 0o755 }).catch((error) => {
    if (!isCode(error, 'EEXIST')) throw error;
  });
  const { uid } = await lstat(shelter);
  if (uid !== 0) throw new Error(`${shelter} belongs to user ${uid}, not to root: remove it`);
  const folder = dataReachable ? dataDir : shelter;
  if (!dataReachable) log(`user nobody cannot reach ${dataDir}: the database lives in ${folder}`);
  if (binariesReachable) return { folder, binaries };
  return { folder, binaries: await copyBinaries(binaries, shelter) };
}

async function copyBinaries(
  binaries: PostgresBinaries,
  shelter: string,
): Promise<PostgresBinaries> {
  const root = join(shelter, binaries.version.replaceAll(' ', '-'));
  const unfinished = `${root}.${process.pid}`;
  const exists = await stat(root).catch(() => null);
  if (exists === null) {
    await cp(binaries.root, unfinished, { recursive: true, verbatimSymlinks: true });
    // Another process may have been faster; either copy will do.
    await rename(unfinished, root).catch(() => rm(unfinished, { recursive: true }));
  }
  assert(dirname(binaries.bin) === binaries.root, `programs in a folder of ${binaries.root}`);
  return { ...binaries, root, bin: join(root, basename(binaries.bin)) };
}

/** Whether every user may pass through all folders down to `path`. */
async function isReachableByAll(path: string): Promise<boolean> {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
  }
  return true;
}
