/**
 * Who runs PostgreSQL on a cluster's folder, from the files that PostgreSQL keeps there.
 *
 * `postmaster.pid`: line 1 the process id, line 4 the port, line 8 `ready` once it answers. It
 * stays behind after SIGKILL, so the id may belong to nobody or, after a reboot, to another
 * program. `postmaster.opts`: the command line, written before `ready`. Our launcher puts its own
 * process id in it, so no record of ours has to be kept in step: the process is an orphan when its
 * parent is not that launcher.
 *
 * The checks need /proc (Linux). Elsewhere a live process id counts as in use, and nothing is
 * signalled.
 */
import { readFileSync } from 'node:fs';
import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The part of the command line that names the launcher. */
export function ownerSetting(launcherPid: number): string {
  return `cluster_name=sync-vector-engine-${launcherPid}`;
}

/**
 * - free: nobody, and a start is not hindered by a left-over file.
 * - changing: a PostgreSQL that starts or stops; look again.
 * - orphan: a PostgreSQL whose launcher is gone.
 * - inUse: a PostgreSQL that `launcherPid` (null = unknown) runs.
 */
export type Occupant =
  | { readonly type: 'free' | 'changing' }
  | { readonly type: 'orphan'; readonly pid: number }
  | { readonly type: 'inUse'; readonly pid: number; readonly launcherPid: number | null };

/** Who is on `cluster` now. Clears a `postmaster.pid` whose process id went to another program. */
export async function findOccupant(cluster: string): Promise<Occupant> {
  const file = await readPostmasterFile(cluster);
  if (file === null || !isRunning(file.pid)) return { type: 'free' };
  if (process.platform !== 'linux') return { type: 'inUse', pid: file.pid, launcherPid: null };
  const cwd = await readlink(`/proc/${file.pid}/cwd`).catch(() => null);
  if (cwd !== (await realpath(cluster))) {
    if (cwd !== null) await disown(cluster);
    return { type: 'free' };
  }
  if (!file.ready) return { type: 'changing' };
  const options = await readFile(join(cluster, 'postmaster.opts'), 'utf8').catch(() => '');
  const launcher = /cluster_name=sync-vector-engine-(\d+)/.exec(options)?.[1];
  if (launcher === undefined) return { type: 'inUse', pid: file.pid, launcherPid: null };
  return parentOf(file.pid) === Number(launcher)
    ? { type: 'inUse', pid: file.pid, launcherPid: Number(launcher) }
    : { type: 'orphan', pid: file.pid };
}

/** Null when there is no file, or one that is being written. */
export async function readPostmasterFile(
  cluster: string,
): Promise<{ readonly pid: number; readonly port: number; readonly ready: boolean } | null> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/** Whether the process exists and is not just waiting to be collected by its parent. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const state = statFields(pid)?.[0];
  return state === undefined || state !== 'Z';
}

/** The process and its children; without /proc, the process alone. */
export function familyOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return [pid, ...children.split(' ').map(Number).filter(Boolean)];
  } catch {
    return [pid];
  }
}

/**
 * PostgreSQL does not take its own parent for a rival. With our id in the file it goes on to its
 * second check, whether processes of the dead server still use the shared memory that the file
 * names; removing the file would skip that.
 */
async function disown(cluster: string): Promise<void> {
  const path = join(cluster, 'postmaster.pid');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/^-?\d+/, String(process.pid)));
}

function parentOf(pid: number): number | null {
  const parent = statFields(pid)?.[1];
  return parent === undefined ? null : Number(parent);
}

/** Fields of /proc/<pid>/stat from the third (state) on; the second, a name, may hold anything. */
function statFields(pid: number): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return null;
  }
}
