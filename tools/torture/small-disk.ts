/**
 * A disk of our own that can be full: a small file system in memory, filled by one large file.
 *
 * It takes root and `mount`. What a process that was killed left mounted is removed by the next one
 * (`sweepFolders`).
 */
import { execFile } from 'node:child_process';
import { type FileHandle, mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isProcess } from './signals.ts';

export interface SmallDisk {
  readonly folder: string;
  /** Writes until nothing fits any more. */
  fill(): Promise<void>;
  /** Makes the room free again. */
  free(): Promise<void>;
}

/** A fresh cluster takes 40 MB and its log up to 64 MB; a run's rows some tens. */
const megabytes = 256;
const prefix = 'sve-torture-';
const diskName = 'disk';
const chunk = Buffer.alloc(2 ** 20);
const smallest = 512;

/** A folder for what a run writes, with the run's process in its name. */
export async function makeFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
}

/** Removes it, and a disk in it. */
export async function removeFolder(folder: string): Promise<void> {
  // Lazily: a process that is just ending may still have a file open.
  const disk = join(folder, diskName);
  await promisify(execFile)('umount', ['--lazy', disk]).catch(() => {});
  await rm(folder, { recursive: true, force: true });
}

/** Removes the folders of processes that are gone. */
export async function sweepFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isProcess(Number(pid))) await removeFolder(join(tmpdir(), name));
  }
}

/** Mounts one in a run's folder, or says why there is none; it goes with the folder. */
export async function mountSmallDisk(runFolder: string): Promise<SmallDisk | string> {
  if (process.platform !== 'linux') return `tmpfs is of Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'mount needs root';
  const folder = join(runFolder, diskName);
  await mkdir(folder);
  try {
    const options = `size=${megabytes}m,mode=0700`;
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', options, 'sve-torture', folder]);
  } catch (error) {
    return `mount failed: ${String(error)}`;
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => fill(ballast),
    free: () => rm(ballast, { force: true }),
  };
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (let size = chunk.length; size >= smallest; size /= 2) {
      while (await writes(file, size));
    }
  } finally {
    await file.close();
  }
}

/** False: there is no room for so many bytes. */
async function writes(file: FileHandle, size: number): Promise<boolean> {
  try {
    const { bytesWritten } = await file.write(chunk, 0, size);
    return bytesWritten === size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
