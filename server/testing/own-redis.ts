/**
 * A Redis of our own, to share for a run or to kill in a test: on a free port of this machine,
 * without persistence, ended with the process that started it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { assert } from '../../engine/assert.ts';

export interface OwnRedis {
  readonly url: string;
  /** For people: what runs, and from where. */
  readonly version: string;
  /** Of the present process. */
  readonly pid: number;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Again on the same port, empty. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Another process may take a free port before the server does. */
const attemptsMax = 5;

/** Resolves when it answers; null = no program on PATH. */
export async function startOwnRedis(): Promise<OwnRedis | null> {
  const program = await findRedisProgram();
  if (program === null) return null;
  const folder = await mkdtemp(join(tmpdir(), 'sve-redis-'));
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const first = await launch(program, folder, port);
    if (typeof first !== 'string') return own(program, folder, port, first);
    if (attempt === attemptsMax) throw new Error(`${program} does not start: ${first}`);
  }
}

/** The program that would be started; null = none on PATH. */
export async function findRedisProgram(): Promise<string | null> {
  return (await onPath('redis-server')) ?? (await onPath('valkey-server'));
}

function own(program: string, folder: string, port: number, first: ChildProcess): OwnRedis {
  let child = first;
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    version: program,
    get pid() {
      return child.pid ?? 0;
    },
    kill,
    async restart() {
      await kill();
      const next = await launch(program, folder, port);
      if (typeof next === 'string') throw new Error(`${program} does not start again: ${next}`);
      child = next;
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The process when it is ready, or what it said before it ended. */
async function launch(
  program: string,
  folder: string,
  port: number,
): Promise<ChildProcess | string> {
  // Ends even if we are killed. Where there is no setpriv, an orderly end has to do.
  const setpriv = await onPath('setpriv');
  const tether = setpriv === null ? [] : [setpriv, '--pdeathsig', 'SIGKILL', '--'];
  const options = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const [command = program, ...args] = [...tether, program, ...flags];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  return await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', () => resolve(said));
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('Ready to accept connections')) resolve(child);
    });
  });
}

async function onPath(name: string): Promise<string | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && isThere) return path;
  }
  return null;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a TCP address');
  server.close();
  await once(server, 'close');
  return address.port;
}
