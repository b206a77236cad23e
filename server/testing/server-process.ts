/**
 * The real server in a process of its own, for tests and tools: started from the source, as `npm
 * start` does it, on a free port and with nothing from the environment that could point elsewhere.
 *
 * It ends with the process that started it, and its own PostgreSQL with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface ServerProcessOptions {
  /** For what the server keeps itself. */
  readonly dataDir: string;
  /** Absent: it runs a PostgreSQL of its own in `dataDir`. */
  readonly databaseUrl?: string;
  /** Absent: any free one. */
  readonly port?: number;
  /** Further flags of the command line. */
  readonly flags?: readonly string[];
  /** For one that starts several processes; absent: a minute. */
  readonly startTimeoutMs?: number;
  /** Folder of the sources; absent: this repository. */
  readonly sources?: string;
}

const tether = new URL('./tether.ts', import.meta.url).href;
const root = join(import.meta.dirname, '..', '..');
/** Settings that a server of a test must not inherit. */
const foreign =
  /^(HOST|PORT|DATA_DIR|DATABASE_URL|REDIS_URL|S3_ENDPOINT|LOG_LEVEL|NODE_OPTIONS|AUTH.*)$/;
const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;

/** Starts a server; resolves when it is ready, rejects with what it said if it is not. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const server = new ServerProcess(options);
  await server.start();
  return server;
}

export class ServerProcess {
  readonly #options: ServerProcessOptions;
  #child: ChildProcess | null = null;
  #said = '';
  /** Kept by restarts. */
  #port: number;

  constructor(options: ServerProcessOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  /** Of the page, with a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get syncUrl(): string {
    return `ws://127.0.0.1:${this.#port}/v1/sync`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get running(): boolean {
    return this.#child !== null && !hasEnded(this.#child);
  }

  /** Everything it said since the first start. */
  logs(): string {
    return this.#said;
  }

  /** Starts it, on the port that it had before. */
  async start(): Promise<void> {
    const { dataDir, databaseUrl, flags = [], sources = root } = this.#options;
    const env = Object.entries(process.env).filter(([name]) => !foreign.test(name));
    const database = databaseUrl === undefined ? [] : ['--database-url', databaseUrl];
    const child = spawn(
      process.execPath,
      [
        ...['--import', 'tsx', '--import', tether, 'server/main.ts'],
        ...['--port', String(this.#port), '--data-dir', dataDir, ...database, ...flags],
      ],
      {
        cwd: sources,
        env: Object.fromEntries(env),
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // A session of its own: Ctrl-C in a terminal is for whoever started it, and who stops it.
        detached: true,
      },
    );
    this.#child = child;
    const start = this.#said.length;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => (this.#said += String(chunk)));
    }
    const patienceMs = this.#options.startTimeoutMs ?? startTimeoutMs;
    const port = await announcedPort(child, () => this.#said.slice(start), patienceMs);
    if (port === null) {
      await this.kill();
      throw new Error(`the server did not start:\n${this.#said.slice(start)}`);
    }
    this.#port = port;
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === null || hasEnded(child)) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const patience = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await exited;
    clearTimeout(patience);
  }

  /** Resolves when the process that runs now has ended, however that comes about. */
  async ended(): Promise<void> {
    if (this.#child !== null && !hasEnded(this.#child)) await once(this.#child, 'exit');
  }

  /** In order, as an operator does it. */
  async stop(): Promise<void> {
    await this.kill('SIGTERM');
  }

  /** The end and a new start on the same data and port; `signal` says how it ends. */
  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.kill(signal);
    await this.start();
  }
}

/** The port that it announces when it is ready; null when it ends or takes too long. */
async function announcedPort(
  child: ChildProcess,
  said: () => string,
  patienceMs: number,
): Promise<number | null> {
  const giveUp = AbortSignal.timeout(patienceMs);
  const ended = once(child, 'exit', { signal: giveUp }).catch(() => null);
  for (;;) {
    const port = /^ {2}page +https?:\/\/[^:]+:(\d+)\//m.exec(said())?.[1];
    if (port !== undefined) return Number(port);
    if (hasEnded(child) || giveUp.aborted || child.stdout === null) return null;
    await Promise.race([once(child.stdout, 'data', { signal: giveUp }).catch(() => null), ended]);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
