/**
 * Our own server as a contender: a node from `dist`, as it is published (a TypeScript loader in the
 * process would cost it time), on the database that it is given.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Contender, RunningContender } from './contender.ts';
import { bundledProbe } from './probe-bundle.ts';
import { ServerChild } from './server-child.ts';

const root = join(import.meta.dirname, '../..');

/** Builds `dist` at its first start. */
export function sveServer(): Contender {
  let built: Promise<unknown> | null = null;
  return {
    name: 'sve',
    title: 'sync-vector-engine on PostgreSQL',
    start: async ({ folder, databaseUrl, flags }) => {
      built ??= promisify(execFile)(process.execPath, ['--import', 'tsx', 'tools/build.ts'], {
        cwd: root,
      });
      await built;
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

function runningSve(baseUrl: string, child: ServerChild | null): RunningContender {
  const metricsUrl = new URL('/metrics', baseUrl.replace('ws', 'http'));
  return {
    baseUrl,
    child,
    commits: async () => {
      const exposed = await (await fetch(metricsUrl)).text();
      const line = /^sve_log_commit_seconds_count (\d+)/m.exec(exposed);
      return line === null ? null : Number(line[1]);
    },
  };
}
