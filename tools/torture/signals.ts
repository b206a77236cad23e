/** Stops processes and lets them go on, in a way that outlives this process. */
import { spawn } from 'node:child_process';

/** Longer than any planned freeze. */
const longestSeconds = 20;

/**
 * SIGSTOP to processes; returns what lets them go on. A guard does so too, later: a stopped process
 * does not hear that its parent has ended, and would stay for ever.
 */
export function freeze(processes: readonly number[]): () => void {
  const pids = processes.filter((pid) => pid > 1);
  if (pids.length === 0) return () => {};
  for (const pid of pids) signal(pid, 'SIGSTOP');
  const command = `sleep ${longestSeconds}; kill -CONT ${pids.join(' ')}`;
  const guard = spawn('sh', ['-c', command], { detached: true, stdio: 'ignore' });
  guard.on('error', () => {});
  guard.unref();
  return () => {
    for (const pid of pids) signal(pid, 'SIGCONT');
    if (guard.pid !== undefined) signal(-guard.pid, 'SIGKILL');
  };
}

export function isProcess(pid: number): boolean {
  return signal(pid, 0);
}

/** False: there is no such process. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
