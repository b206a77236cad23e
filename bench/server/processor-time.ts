/** Processor time and memory of processes of this machine, from /proc (Linux). */
import { readFileSync } from 'node:fs';
import { treeOf } from '../../server/testing/process-tree.ts';

/** Of the kernel's clock for such figures: the same on all of today's Linux. */
const ticksPerSecond = 100;
const pageBytes = 4_096;

/** What was used since some moment; differences of two readings mean something. */
export interface ProcessorReading {
  readonly atMs: number;
  readonly server: number;
  readonly postgres: number;
  /** Taken away by the machine's host, of all processors together. */
  readonly stolen: number;
}

/** Seconds of the process, what it started, and those of them that have ended; 0 if it is gone. */
export function processorSeconds(pid: number): number {
  let ticks = 0;
  for (const each of treeOf(pid)) {
    const fields = fieldsOf(`/proc/${each}/stat`, /^.*\) /s);
    // utime, stime, cutime and cstime are fields 14 … 17; the third is the first here.
    for (const field of fields.slice(11, 15)) ticks += Number(field);
  }
  return ticks / ticksPerSecond;
}

/** Resident bytes of the process and what it started. */
export function residentBytes(pid: number): number {
  let pages = 0;
  for (const each of treeOf(pid)) pages += Number(fieldsOf(`/proc/${each}/statm`)[1] ?? 0);
  return pages * pageBytes;
}

/** Seconds that the machine's host took away since the boot. */
export function stolenSeconds(): number {
  // The line begins with `cpu`; steal is the eighth figure.
  return Number(fieldsOf('/proc/stat', /^cpu +/)[7] ?? 0) / ticksPerSecond;
}

/** The process that started the given backend of a PostgreSQL, if it is one of this machine. */
export function postmasterOf(backendPid: number): number | null {
  const name = readText(`/proc/${backendPid}/comm`).trim();
  const parent = Number(fieldsOf(`/proc/${backendPid}/stat`, /^.*\) /s)[1] ?? 0);
  return name.startsWith('postgres') && parent > 1 ? parent : null;
}

function fieldsOf(path: string, before?: RegExp): string[] {
  const text = readText(path);
  return (before === undefined ? text : text.replace(before, '')).trim().split(/\s+/);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
