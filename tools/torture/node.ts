/**
 * One node of the cluster: the real server as a process, and the proxies on its three links.
 *
 * What it says on standard error is read as it comes: whether it is connected to the log and the
 * bus, and whether it refused or ended somebody.
 */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type ServerProcess, startServerProcess } from '../../server/testing/server-process.ts';
import { startTcpProxy, type TcpProxy } from '../../server/testing/tcp-proxy.ts';
import { Violation } from '../../sim/checks/violation.ts';
import type { LinkName } from './fault-kinds.ts';
import { equalMs, heartbeatMs } from './fault-plan.ts';

/** A quiet room asks its log after half of it at the earliest: later than a calm takes. */
const silenceMs = 3 * equalMs;

/** A node that does not start again though everything it needs is there. */
const startMs = 60_000;
const retryMs = 200;

/** A line of the server's log, as far as it is read here. */
const logLine = z.object({
  event: z.string(),
  code: z.string().optional(),
  document: z.string().optional(),
  detail: z.string().optional(),
  reason: z.string().optional(),
});

export type NodeLine = z.infer<typeof logLine>;

export interface NodeOptions {
  readonly name: string;
  readonly folder: string;
  readonly postgresUrl: string;
  readonly redisUrl: string;
  readonly deployment: string;
  /** Of the sources from which it is started; null: these. */
  readonly sources: string | null;
  /** Everything it logs. */
  readonly onLine: (node: Node, line: NodeLine) => void;
  /** It is not started again any more. */
  readonly signal: AbortSignal;
}

/** Started with its proxies; rejects with what was wrong. */
export async function startNode(options: NodeOptions): Promise<Node> {
  const { folder, postgresUrl, redisUrl, deployment, sources } = options;
  const postgres = await startTcpProxy(addressOf(postgresUrl));
  const redis = await startTcpProxy(addressOf(redisUrl));
  try {
    const server = await startServerProcess({
      // One for all: snapshots lie there.
      dataDir: join(folder, 'data'),
      databaseUrl: postgres.through(postgresUrl),
      flags: [
        ...['--redis-url', redis.through(redisUrl), '--deployment', deployment],
        ...['--heartbeat-ms', String(heartbeatMs), '--document-idle-ms', '1000'],
        ...['--drain-ms', '3000', '--silence-ms', String(silenceMs)],
      ],
      ...(sources === null ? {} : { sources }),
    });
    const client = await startTcpProxy(addressOf(server.syncUrl));
    return new Node(options, server, { client, postgres, redis });
  } catch (error) {
    await Promise.all([postgres.close(), redis.close()]);
    throw error;
  }
}

export class Node {
  readonly name: string;
  readonly proxies: Readonly<Record<LinkName, TcpProxy>>;
  readonly #options: NodeOptions;
  readonly #server: ServerProcess;
  #readTo = 0;
  #isWanted = true;
  #logUp = true;
  #busUp = true;

  constructor(
    options: NodeOptions,
    server: ServerProcess,
    proxies: Readonly<Record<LinkName, TcpProxy>>,
  ) {
    this.name = options.name;
    this.#options = options;
    this.#server = server;
    this.proxies = proxies;
  }

  /** Where clients connect. */
  get syncUrl(): string {
    return this.proxies.client.through(this.#server.syncUrl);
  }

  get pid(): number {
    return this.#server.pid;
  }

  get logs(): string {
    return this.#server.logs();
  }

  /** It runs and says that it is connected. */
  get isConnected(): boolean {
    return this.#server.running && this.#logUp && this.#busUp;
  }

  /** It ended and nobody wanted it to. */
  get hasCrashed(): boolean {
    return this.#isWanted && !this.#server.running;
  }

  /** Takes note of what it has said since. */
  read(): void {
    const said = this.#server.logs();
    const end = said.lastIndexOf('\n') + 1;
    const lines = said.slice(this.#readTo, end).split('\n');
    this.#readTo = end;
    for (const line of lines) {
      const parsed = parseLine(line);
      if (parsed === null) continue;
      if (parsed.event === 'log-up' || parsed.event === 'log-down') {
        this.#logUp = parsed.event === 'log-up';
      } else if (parsed.event === 'bus-up' || parsed.event === 'bus-down') {
        this.#busUp = parsed.event === 'bus-up';
      }
      this.#options.onLine(this, parsed);
    }
  }

  async kill(): Promise<void> {
    this.#isWanted = false;
    await this.#server.kill();
  }

  /** In order. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.#server.stop();
  }

  /** Again on the same port; tried until what it needs is there. */
  async start(): Promise<void> {
    const giveUpMs = performance.now() + startMs;
    while (!this.#options.signal.aborted) {
      const failure = await this.#tryStart();
      if (failure === null) return;
      if (performance.now() > giveUpMs) {
        const message = `${this.name} does not start again: ${failure}`;
        throw new Violation('L1', message, { kind: 'liveness', about: [this.name] });
      }
      await wait(retryMs);
    }
  }

  /** Ends it, in order if it can, and its proxies. */
  async remove(): Promise<void> {
    await this.stop();
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.close()));
  }

  /** Why it did not start; null: it did. */
  async #tryStart(): Promise<string | null> {
    // What it said before is of another life; when it has started it is connected.
    this.read();
    [this.#logUp, this.#busUp] = [true, true];
    try {
      await this.#server.start();
    } catch (error) {
      return String(error);
    }
    this.#isWanted = true;
    return null;
  }
}

function parseLine(line: string): NodeLine | null {
  if (!line.startsWith('{')) return null;
  try {
    return logLine.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null; // Cut off by a SIGKILL.
  }
}

function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
