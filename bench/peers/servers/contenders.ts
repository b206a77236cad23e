/**
 * The servers of others, each as its guide sets it up: what they run is in programs/, except for
 * y-websocket, whose package brings a program. All listen on a port that was free before.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { bundle } from '../../engine/child-process.ts';
import type { Contender, Place } from '../../server/contender.ts';
import { ServerChild } from '../../server/server-child.ts';

/** Where packages of this comparison are installed. */
export const packages = join(import.meta.dirname, '../node_modules');

interface PeerServer {
  readonly name: string;
  readonly title: string;
  /** A package's own, or one of programs/ as TypeScript. */
  readonly script: string;
  readonly env: (place: Place) => Readonly<Record<string, string>>;
}

const yWebsocket = join(packages, '@y/websocket-server/dist/server.cjs');
const hocuspocus = join(import.meta.dirname, './programs/hocuspocus.ts');
const sharedb = join(import.meta.dirname, './programs/sharedb.ts');

const servers: readonly PeerServer[] = [
  {
    name: 'hocuspocus',
    title: '@hocuspocus/server, extension-database on PostgreSQL',
    script: hocuspocus,
    env: ({ databaseUrl }) => ({ DATABASE_URL: databaseUrl }),
  },
  {
    name: 'y-websocket',
    title: '@y/websocket-server, in memory',
    script: yWebsocket,
    env: () => ({}),
  },
  {
    name: 'y-websocket-leveldb',
    title: '@y/websocket-server, y-leveldb',
    script: yWebsocket,
    env: ({ folder }) => ({ YPERSISTENCE: join(folder, 'leveldb') }),
  },
  {
    name: 'sharedb',
    title: 'sharedb, in memory',
    script: sharedb,
    env: () => ({}),
  },
  {
    name: 'sharedb-postgres',
    title: 'sharedb, sharedb-postgres',
    script: sharedb,
    env: ({ databaseUrl }) => ({ DATABASE_URL: databaseUrl }),
  },
];

/** Bundles the programs; `probe` is loaded into each server. */
export async function buildPeers(names: readonly string[], probe: string): Promise<Contender[]> {
  const chosen = servers.filter(({ name }) => names.includes(name));
  return await Promise.all(chosen.map((server) => peer(server, probe)));
}

async function peer(server: PeerServer, probe: string): Promise<Contender> {
  const { name, title, env } = server;
  const folder = join(packages, '.bench', name);
  const isOwn = server.script.endsWith('.ts');
  const script = isOwn ? await bundle({ entry: server.script, folder }) : server.script;
  const start = async (place: Place) => {
    const port = await freePort();
    const child = new ServerChild({
      ...{ name, script, probe, args: [] },
      env: { HOST: '127.0.0.1', PORT: String(port), ...env(place) },
      announced: (line) => (/^(listens|running) /.test(line) ? port : null),
    });
    await child.start();
    const commits = () => Promise.resolve(null);
    return { baseUrl: `ws://127.0.0.1:${port}`, child, commits };
  };
  return { name, title, start };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
