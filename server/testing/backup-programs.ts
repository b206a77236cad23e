/**
 * The programs that an operator backs a PostgreSQL up with, and a server that they fit: its own, or
 * newer ones on PATH. The npm package has a server without them.
 */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import {
  executable,
  findPostgresBinaries,
  type PostgresBinaries,
} from '../postgres/postgres-binaries.ts';

type Program = 'pg_dump' | 'pg_restore' | 'pg_basebackup' | 'psql';

const programs: readonly Program[] = ['pg_dump', 'pg_restore', 'pg_basebackup', 'psql'];
/** Nodes that append may get in the way of a restore; nothing was changed then. */
const attemptsMax = 10;
const execute = promisify(execFile);

export interface BackupPrograms {
  /** Of the server that they can back up. */
  readonly server: PostgresBinaries;
  /** Runs one of them; rejects with what it said if it fails. */
  run(program: Program, args: readonly string[]): Promise<void>;
}

/** A suite that backs up servers of its own; skipped, with a title that says why, or failed. */
export async function describeWithBackups(
  title: string,
  body: (programs: BackupPrograms) => void,
): Promise<void> {
  const found = await findBackupPrograms();
  if (found !== null) describe(title, () => body(found));
  else {
    const reason = `no PostgreSQL with ${programs.join(', ')}: install Debian's package postgresql`;
    if (process.env.REQUIRE_POSTGRES === '1') throw new Error(`REQUIRE_POSTGRES=1, but ${reason}`);
    process.stderr.write(`${title}: skipped, ${reason}\n`);
    describe.skipIf(true)(`${title} (skipped: ${reason})`, () => {});
  }
}

/** In place of what is there, in one transaction, as docs/operations.md tells it. */
export async function restoreInPlace(
  { run }: BackupPrograms,
  { url, dump }: { readonly url: string; readonly dump: string },
): Promise<void> {
  const script = `${dump}.sql`;
  await run('pg_restore', ['--no-owner', `--file=${script}`, dump]);
  for (let attempt = 1; ; attempt++) {
    try {
      await run('psql', [
        ...['--quiet', '--no-psqlrc', '--single-transaction', '--set=ON_ERROR_STOP=1', url],
        ...['--command=DROP SCHEMA public CASCADE', '--command=CREATE SCHEMA public'],
        `--file=${script}`,
      ]);
      return;
    } catch (error) {
      if (!/deadlock/.test(String(error)) || attempt === attemptsMax) throw error;
    }
  }
}

async function findBackupPrograms(): Promise<BackupPrograms | null> {
  const servers = await findPostgresBinaries();
  const folders = [
    ...servers.map(({ bin }) => bin),
    ...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''),
  ];
  for (const folder of folders) {
    const major = await majorOf(folder);
    // They read servers up to their own version.
    const server = servers.find((candidate) => major !== null && candidate.major <= major);
    if (server === undefined) continue;
    return {
      server,
      run: async (program, args) => {
        await execute(join(folder, executable(program)), args);
      },
    };
  }
  return null;
}

/** Of a folder that has all of the programs; null if it has not. */
async function majorOf(folder: string): Promise<number | null> {
  try {
    for (const program of programs) {
      await access(join(folder, executable(program)), constants.X_OK);
    }
    const { stdout } = await execute(join(folder, executable('pg_dump')), ['--version']);
    return Number(/(\d+)(\.\d+)*/.exec(stdout)?.[1] ?? Number.NaN) || null;
  } catch {
    return null;
  }
}
