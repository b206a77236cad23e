/**
 * A node in a process of its own, as whoever measures it sees it: what is in its memory after its
 * garbage was collected, and its own gauges, as Prometheus reads them.
 *
 * It runs from the source, as `npm start` does, on a free port, and ends with its parent.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MemoryUse } from '../../engine/sync/memory-use.ts';

/** Bytes after garbage collection; `external` includes `arrayBuffers`, and `rss` all threads. */
export interface ProcessMemory {
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
}

/** What the node says at /metrics. */
export interface Gauges {
  readonly connections: number;
  /** In memory. */
  readonly documents: number;
  readonly memory: MemoryUse;
}

const pollMs = 20;

export class NodeProcess {
  readonly syncUrl: string;
  readonly #child: ChildProcess;
  readonly #url: string;

  /** Of a process that is ready; see `start`. */
  constructor(child: ChildProcess, { url, syncUrl }: { url: string; syncUrl: string }) {
    this.#child = child;
    this.#url = url;
    this.syncUrl = syncUrl;
  }

  /** Resolves when it is ready; `flags` are the server's. */
  static async start(flags: readonly string[]): Promise<NodeProcess> {
    const quiet = ['--port', '0', '--log-level', 'warn'];
    const child = fork(join(import.meta.dirname, './child.ts'), [...quiet, ...flags], {
      execArgv: ['--expose-gc', '--import', 'tsx'],
    });
    return new NodeProcess(child, await answerOf(child));
  }

  async memory(): Promise<ProcessMemory> {
    this.#child.send('memory');
    return await answerOf(this.#child);
  }

  async gauges(): Promise<Gauges> {
    const exposed = await (await fetch(new URL('metrics', this.#url))).text();
    const value = (name: string): number => {
      const line = exposed.split('\n').find((each) => each.startsWith(`${name} `));
      if (line === undefined) throw new Error(`the node has no gauge ${name}`);
      return Number(line.slice(name.length + 1));
    };
    const bytes = (cause: keyof MemoryUse) => value(`sve_memory_bytes{cause="${cause}"}`);
    return {
      connections: value('sve_connections'),
      documents: value('sve_documents'),
      memory: {
        ...{ texts: bytes('texts'), rows: bytes('rows'), snapshots: bytes('snapshots') },
        ...{ backlog: bytes('backlog'), sockets: bytes('sockets') },
      },
    };
  }

  /** The first gauges that are as expected, or those at the end of the patience. */
  async gaugesWhen(expected: (gauges: Gauges) => boolean, patienceMs: number): Promise<Gauges> {
    const untilMs = performance.now() + patienceMs;
    for (;;) {
      const gauges = await this.gauges();
      if (expected(gauges) || performance.now() >= untilMs) return gauges;
      await sleep(pollMs);
    }
  }

  /** At once: its data are thrown away. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** Rejects when the process ends instead. */
function answerOf(child: ChildProcess) {
  return new Promise<ReturnType<typeof JSON.parse>>((resolve, reject) => {
    const onExit = (): void => reject(new Error('the node has ended: what it said stands above'));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(JSON.parse(String(message)));
    });
  });
}
