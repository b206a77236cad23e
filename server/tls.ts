/**
 * Certificate and key of the port: read from two PEM files, and read again when these change.
 *
 * A certificate is renewed every few weeks by a program that knows nothing of us. So the folders of
 * the files are watched (a renewal replaces files or links), looked at once a minute where nothing
 * can be watched, and on SIGHUP. A new pair counts for new connections; those that are open keep
 * theirs. A pair that cannot be used is told and changes nothing: the old one serves until it
 * expires, which is better than no one being served at once.
 *
 * Not here: certificates of clients, and getting certificates from anybody.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Config } from './config.ts';
import { httpOptions } from './http-limits.ts';
import type { Log } from './log.ts';

/** What TLS 1.0 and 1.1 allow was broken long ago, and every browser that is left speaks 1.2. */
const minVersion = 'TLSv1.2';
/** Who opens a socket and does not finish its handshake holds it no longer than this. */
const handshakeTimeout = 10_000;
/** A renewal writes two files: one look when it is done rather than one at each. */
const settleMs = 200;
const lookMs = 60_000;

/** Both as in the files, checked to belong together. */
interface Pair {
  readonly cert: string;
  readonly key: string;
  readonly expiresMs: number;
}

type Files = Record<'cert' | 'key', string>;

export class TlsFiles {
  readonly #files: Files;
  readonly #log: Log;
  readonly #watchers: FSWatcher[] = [];
  readonly #looking: NodeJS.Timeout;
  readonly #servers: Server[] = [];
  #pair: Pair;
  /** What was wrong when last looked; empty = nothing. */
  #fault = '';
  #settling: NodeJS.Timeout | null = null;

  /** Of a pair that was read; see `open`. */
  constructor(files: Files, pair: Pair, log: Log) {
    this.#files = files;
    this.#pair = pair;
    this.#log = log;
    this.#looking = setInterval(() => void this.#look(), lookMs);
    this.#looking.unref();
    for (const folder of new Set([dirname(files.cert), dirname(files.key)])) this.#watch(folder);
  }

  /** null: the settings ask for none. Rejects with the setting and the file that is wrong. */
  static async open(config: Config, log: Log): Promise<TlsFiles | null> {
    const { tlsCertFile: cert, tlsKeyFile: key } = config;
    if (cert === null && key === null) return null;
    if (cert === null) throw new Error('TLS_KEY_FILE is set, but not TLS_CERT_FILE');
    if (key === null) throw new Error('TLS_CERT_FILE is set, but not TLS_KEY_FILE');
    const files = { cert, key };
    const pair = await readPair(files);
    tellExpiry(pair, log);
    return new TlsFiles(files, pair, log);
  }

  /** When the certificate in use expires, ms since 1970. */
  get expiresMs(): number {
    return this.#pair.expiresMs;
  }

  /** A server that does not listen yet, and always has the newest pair. */
  createServer(listener: RequestListener): Server {
    const { cert, key } = this.#pair;
    const own = { cert, key, minVersion, handshakeTimeout } as const;
    const server = createServer({ ...httpOptions, ...own }, listener);
    this.#servers.push(server);
    return server;
  }

  /** Looks now, and tells in any case what came of it. */
  async reload(): Promise<void> {
    this.#fault = '';
    if ((await this.#look()) === 'same') this.#log.info({ event: 'tls-unchanged' });
  }

  close(): void {
    clearInterval(this.#looking);
    if (this.#settling !== null) clearTimeout(this.#settling);
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #watch(folder: string): void {
    const inVain = (error: unknown): void =>
      this.#log.warn({ event: 'tls-not-watched', folder, err: error });
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        this.#settling ??= setTimeout(() => {
          this.#settling = null;
          void this.#look();
        }, settleMs);
      });
      watcher.on('error', inVain);
      this.#watchers.push(watcher);
    } catch (error) {
      inVain(error);
    }
  }

  async #look(): Promise<'same' | 'taken' | 'refused'> {
    try {
      const pair = await readPair(this.#files);
      this.#fault = '';
      if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return 'same';
      const { cert, key, expiresMs } = pair;
      for (const server of this.#servers) server.setSecureContext({ cert, key, minVersion });
      this.#pair = pair;
      this.#log.info({ event: 'tls-reloaded', expires: new Date(expiresMs).toISOString() });
      tellExpiry(pair, this.#log);
      return 'taken';
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      if (fault !== this.#fault) this.#log.error({ event: 'tls-not-reloaded', fault });
      this.#fault = fault;
      return 'refused';
    }
  }
}

/** Rejects with the setting and the file that is wrong. */
async function readPair(files: Files): Promise<Pair> {
  const cert = await read('TLS_CERT_FILE', files.cert);
  const key = await read('TLS_KEY_FILE', files.key);
  const wrong = (setting: string, what: string, error?: unknown): Error =>
    new Error(`${setting}: ${what}`, { cause: error });
  let first: X509Certificate;
  let secret: KeyObject;
  try {
    first = new X509Certificate(cert);
  } catch (error) {
    throw wrong('TLS_CERT_FILE', `${files.cert} has no certificate in PEM`, error);
  }
  try {
    secret = createPrivateKey(key);
  } catch (error) {
    const what = `${files.key} has no private key in PEM that opens without a password`;
    throw wrong('TLS_KEY_FILE', what, error);
  }
  if (!first.checkPrivateKey(secret)) {
    const what = `the key in ${files.key} is not that of the first certificate in ${files.cert}`;
    throw wrong('TLS_KEY_FILE', what);
  }
  try {
    // What the certificates after the first are, and whether the key is strong enough, it knows.
    createSecureContext({ cert, key, minVersion });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw wrong('TLS_CERT_FILE', `${files.cert} cannot be used: ${reason}`, error);
  }
  return { cert, key, expiresMs: Date.parse(first.validTo) };
}

async function read(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${setting}: ${path} cannot be read: ${reason}`, { cause: error });
  }
}

function tellExpiry({ expiresMs }: Pair, log: Log): void {
  if (expiresMs > Date.now()) return;
  log.error({ event: 'tls-expired', expires: new Date(expiresMs).toISOString() });
}
