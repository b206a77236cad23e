/**
 * A MinIO of our own, from `minio` on PATH: on a free port of this machine, with data that are
 * thrown away, ended with the process that started it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningService } from './backing-service.ts';
import { freePort } from './own-redis.ts';
import { onPath } from './redis-program.ts';

const startTimeoutMs = 30_000;
const askAgainMs = 100;

/** Resolves when it answers; text: why there is none. */
export async function startOwnMinio(login: {
  readonly accessKey: string;
  readonly secretKey: string;
}): Promise<RunningService | string> {
  const program = await onPath('minio');
  if (program === null) return 'no minio on PATH';
  const folder = await mkdtemp(join(tmpdir(), 'sve-minio-'));
  const address = `127.0.0.1:${await freePort()}`;
  // Ends even if we are killed. Where there is no setpriv, an orderly end has to do.
  const setpriv = await onPath('setpriv');
  const tether = setpriv === null ? [] : [setpriv, '--pdeathsig', 'SIGKILL', '--'];
  const args = ['server', folder, '--address', address, '--quiet'];
  const [command = program, ...rest] = [...tether, program, ...args];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      MINIO_ROOT_USER: login.accessKey,
      MINIO_ROOT_PASSWORD: login.secretKey,
      MINIO_BROWSER: 'off',
    },
    detached: true,
  });
  const exited = once(child, 'exit').catch(() => {});
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://${address}`;
  if (await isReady(url, child)) return { type: 'running', rung: program, url, stop };
  await stop();
  throw new Error(`${program} did not start within ${startTimeoutMs} ms, or ended; see above`);
}

async function isReady(url: string, child: ChildProcess): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += askAgainMs) {
    const { pid, exitCode, signalCode } = child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return false;
    const answer = await fetch(`${url}/minio/health/ready`).catch(() => null);
    if (answer?.ok === true) return true;
    await delay(askAgainMs);
  }
  return false;
}
