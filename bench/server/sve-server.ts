/**
 * Our own server as a contender: a node from `dist`, as it is published (a TypeScript loader in the
 * process would cost it time), on the database that it is given.
 */
import { join } from 'node:path';
import type { Contender, RunningContender } from './contender.ts';
import { bundledProbe } from './probe-bundle.ts';
import { ensureBuilt } from './published-build.ts';
import { ServerChild } from './server-child.ts';

const root = join(import.meta.dirname, '../..');

export function sveServer(): Contender {
  return {
    name: 'sve',
    title: 'sync-vector-engine on PostgreSQL',
    start: async ({ folder, databaseUrl, flags }) => {
      await ensureBuilt();
      const child = new ServerChild({
        name: 'sve',
        script: join(root, 'dist/server/main.js'),
        args: [
          ...['--port', '0', '--data-dir', folder, '--database-url', databaseUrl],
          ...['--log-level', 'warn', ...flags],
        ],
        probe: await bundledProbe(),
        announced: (line) => Number(/^ {2}page +http:\/\/[^:]+:(\d+)\//.exec(line)?.[1]) || null,
      });
      await child.start();
      return runningSve(`ws://127.0.0.1:${child.port}`, child);
    },
  };
}

/** One that runs already: its process is not ours. `url` as people write it. */
export function foreignSve(url: string): RunningContender {
  const { protocol, host } = new URL(url);
  const isSecure = protocol === 'wss:' || protocol === 'https:';
  if (isSecure) throw new Error('--url takes http://host:port: the generator speaks no TLS');
  return runningSve(`ws://${host}`, null);
}

/** What the node says at /metrics, by name with labels. */
export async function metricsOf(baseUrl: string): Promise<ReadonlyMap<string, number>> {
  const url = new URL('/metrics', baseUrl.replace('ws', 'http'));
  const exposed = await (await fetch(url)).text();
  const lines = exposed.matchAll(/^([^# ]\S*) (\S+)$/gm);
  return new Map([...lines].map(([, name = '', value]) => [name, Number(value)]));
}

function runningSve(baseUrl: string, child: ServerChild | null): RunningContender {
  const commits = async (): Promise<number | null> =>
    (await metricsOf(baseUrl)).get('sve_log_commit_seconds_count') ?? null;
  return { baseUrl, child, commits };
}
