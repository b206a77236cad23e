/** Processes and what they started, for tests that nothing is left behind. Linux (/proc) only. */
import { familyOf, isRunning } from '../postgres/postmaster-file.ts';

/** The process and all that it started, directly or not. */
export function treeOf(pid: number): number[] {
  const [, ...children] = familyOf(pid);
  return [pid, ...children.flatMap(treeOf)];
}

/** Those that still run. */
export function stillRunning(pids: readonly number[]): number[] {
  return pids.filter(isRunning);
}
