/**
 * A Redis of our own, to share for a run or to kill in a test: on a free port of this machine,
 * without persistence, ended with the process that started it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '../../engine/assert.ts';
import { findRedis, onPath, type RedisProgram } from './redis-program.ts';

export interface OwnRedis {
  readonly url: string;
  /** For people: what runs, and from where. */
  readonly version: string;
  /** Of the present process. */
  readonly pid: number;
  /** True: from now on it does nothing; false: it goes on. */
  freeze(frozen: boolean): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Again on the same port, empty. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** As in redis.conf: a name and what follows it. */
export type RedisSettings = Readonly<Record<string, string | readonly string[]>>;

type Settings = RedisSettings & { readonly port: string; readonly dir: string };

/** Another process may take a free port before the server does. */
const attemptsMax = 5;

/** Resolves when it answers; text: why there is no program. `settings` go beyond its own. */
export async function startOwnRedis(settings: RedisSettings = {}): Promise<OwnRedis | string> {
  const program = await findRedis();
  if (typeof program === 'string') return program;
  const folder = await mkdtemp(join(tmpdir(), 'sve-redis-'));
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const isInCluster = settings['cluster-enabled'] === 'yes';
    const busPort = isInCluster ? { 'cluster-port': String(await freePort()) } : {};
    const options = { ...settings, ...busPort, port: String(port), dir: folder };
    const first = await launch(program, options);
    if (typeof first !== 'string') return own(program, options, first);
    if (attempt === attemptsMax) throw new Error(`${program.path} does not start: ${first}`);
  }
}

function own(program: RedisProgram, options: Settings, first: ChildProcess): OwnRedis {
  let child = first;
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${options.port}`,
    version: program.path,
    get pid() {
      return child.pid ?? 0;
    },
    freeze: (frozen) => void child.kill(frozen ? 'SIGSTOP' : 'SIGCONT'),
    kill,
    async restart() {
      await kill();
      const next = await launch(program, options);
      if (typeof next === 'string') {
        throw new Error(`${program.path} does not start again: ${next}`);
      }
      child = next;
    },
    async stop() {
      await kill();
      await rm(options.dir, { recursive: true, force: true });
    },
  };
}

/** The process when it is ready, or what it said before it ended. */
async function launch(
  { path, libraries }: RedisProgram,
  settings: Settings,
): Promise<ChildProcess | string> {
  // Ends even if we are killed. Where there is no setpriv, an orderly end has to do.
  const setpriv = await onPath('setpriv');
  const tether = setpriv === null ? [] : [setpriv, '--pdeathsig', 'SIGKILL', '--'];
  const options = { bind: '127.0.0.1', save: '', appendonly: 'no', ...settings };
  const flags = Object.entries(options).flatMap(([name, values]) => [`--${name}`, values].flat());
  const [command = path, ...args] = [...tether, path, ...flags];
  const extra = libraries === null ? {} : { LD_LIBRARY_PATH: libraries };
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...extra },
    // A session of its own: Ctrl-C in a terminal is for whoever started it, and who stops it last.
    detached: true,
  });
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

/** Another process may take it before it is used. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a TCP address');
  server.close();
  await once(server, 'close');
  return address.port;
}
