/**
 * Where the server listens, a TCP port or a Unix socket, and how that place is told.
 *
 * A process that was killed leaves the file of its Unix socket behind. Such a file is removed if
 * nobody answers there any more; one behind which somebody listens is left alone, and so is
 * whatever else lies there. In order, the file goes with the server.
 */
import { once } from 'node:events';
import { chmod, lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { connect, isIPv6 } from 'node:net';
import { assert } from '../engine/assert.ts';
import type { Config } from './config.ts';
import { syncPath } from './websocket-transport.ts';

/** Answers HTTP, over TLS or not. */
export type HttpServer = Server | TlsServer;

/** Addresses that a client on this machine can open. */
export interface ListenAddresses {
  /** Of the page, with a slash at the end. */
  readonly url: string;
  readonly syncUrl: string;
}

type ListenConfig = Pick<Config, 'host' | 'port' | 'socketPath' | 'socketMode' | 'tlsCertFile'>;

/** Resolves when connections are taken; rejects with what was wrong and what to do. */
export async function listen(server: HttpServer, config: ListenConfig): Promise<ListenAddresses> {
  const { host, port, socketPath, socketMode } = config;
  if (socketPath === null) {
    await begin(server, () => server.listen(port, bare(host))).catch((error: unknown) => {
      const advice = 'Set PORT to a free one (0 = any), or HOST.';
      throw refused(`${host} port ${port}`, { error, advice });
    });
  } else {
    await removeStale(socketPath);
    await begin(server, () => server.listen(socketPath)).catch((error: unknown) => {
      throw refused(socketPath, { error, advice: 'Set SOCKET_PATH to another place.' });
    });
    // Until here only the owner may connect: that takes the right to write, and umask leaves none.
    await chmod(socketPath, socketMode);
  }
  return addressesOf(server, config);
}

/** The address without the brackets in which it may have been given. */
function bare(host: string): string {
  return /^\[(.*)\]$/.exec(host)?.[1] ?? host;
}

async function begin(server: HttpServer, start: () => void): Promise<void> {
  const listening = once(server, 'listening');
  start();
  await listening;
}

function refused(place: string, why: { readonly error: unknown; readonly advice: string }): Error {
  const { error, advice } = why;
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`cannot listen on ${place}: ${reason}\n${advice}`, { cause: error });
}

/** Leaves it alone if somebody listens there, or if it is no socket. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  const advice = 'Set SOCKET_PATH to another place, or stop whoever uses this one.';
  if (!found.isSocket()) throw refused(path, { error: 'there is something else', advice });
  if (await answers(path)) throw refused(path, { error: 'somebody listens there', advice });
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    // Whoever may not connect cannot know; the place is taken then.
    socket.once('error', (error) => resolve(!('code' in error && error.code === 'ECONNREFUSED')));
  }).then((isAnswer) => {
    socket.destroy();
    return isAnswer === true;
  });
}

function addressesOf(server: HttpServer, config: ListenConfig): ListenAddresses {
  const s = config.tlsCertFile === null ? '' : 's';
  if (config.socketPath !== null) {
    const { socketPath: path } = config;
    const url = `http${s}+unix://${encodeURIComponent(path)}/`;
    return { url, syncUrl: `ws${s}+unix:${path}:${syncPath}` };
  }
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a TCP address');
  const host = bare(config.host);
  const local = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  const authority = `${isIPv6(local) ? `[${local}]` : local}:${address.port}`;
  return { url: `http${s}://${authority}/`, syncUrl: `ws${s}://${authority}${syncPath}` };
}
