/**
 * A TCP proxy that breaks connections at a chosen byte, holds them up or lets them die in silence:
 * between a client and a real service.
 *
 * A cut is armed for the connection that next meets its condition, and is used up by it:
 *   beforeRequest      the next bytes from the client do not reach the service
 *   afterRequest       they do, but nothing of the answer comes back
 *   inReply, n         the service's next n bytes come back, the one after them does not
 * The connection then ends on both sides. `stall` leaves connections open and lets nothing through,
 * both ways or one way; `delay` lets everything through later; `freezeOpen` leaves connections
 * half-open: each side goes on believing in a peer that it never hears again.
 * There is no backpressure: what a test sends is small.
 */
import { once } from 'node:events';
import { createServer, connect as openSocket, type Server, type Socket } from 'node:net';
import { assert } from '../../engine/assert.ts';
import { ArmedCut, type Cut, type Direction, type Gate, Pair } from './proxy-pair.ts';

export interface TcpProxy {
  readonly port: number;
  /** `url` with the proxy's address for the service's. */
  through(url: string): string;
  /** Arms a cut; resolves when it has been made. Replaces one that was not used. */
  cut(cut: Cut): Promise<void>;
  /** No cut is armed any more. */
  disarm(): void;
  /** Resets every connection now. */
  cutAll(): void;
  /** From now on (true) nothing passes; false lets through what was held back. */
  stall(stalled: boolean): void;
  /** From now on nothing passes in this direction; null lets through what was held back. */
  silence(direction: Direction | null): void;
  /** From now on everything takes so much longer; 0: nothing does. */
  delay(ms: number): void;
  /**
   * Nothing passes any more on the connections that there are, no end either, and nobody is told.
   * What comes back resets those that are still there.
   */
  freezeOpen(): () => void;
  /** Resets new connections at once (true), as a service that is down. */
  refuse(refused: boolean): void;
  /** Resolves when so many connections have been refused, from the start. */
  refused(count: number): Promise<void>;
  close(): Promise<void>;
}

const directions = ['request', 'reply'] as const;

interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens on 127.0.0.1 and forwards to `target`, host and port of the service. With a `gate` a test
 * decides when things pass; a reset needs no leave.
 */
export async function startTcpProxy(target: Target, gate: Gate | null = null): Promise<TcpProxy> {
  const server = createServer();
  const proxy = new LiveProxy(server, target, gate);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return proxy;
}

class LiveProxy implements TcpProxy {
  readonly #server: Server;
  readonly #target: Target;
  readonly #gate: Gate | null;
  readonly #pairs = new Set<Pair>();
  #stalled: readonly Direction[] = [];
  #armed: ArmedCut | null = null;
  #delayMs = 0;
  #isRefusing = false;
  #refusals = 0;
  #onRefusal = (): void => {};

  constructor(server: Server, target: Target, gate: Gate | null) {
    this.#server = server;
    this.#target = target;
    this.#gate = gate;
    server.on('connection', (client) => this.#connected(client));
  }

  get port(): number {
    const address = this.#server.address();
    assert(address !== null && typeof address === 'object', 'a TCP address');
    return address.port;
  }

  through(url: string): string {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${this.port}`;
    return changed.href;
  }

  cut(cut: Cut): Promise<void> {
    return new Promise((made) => {
      this.#armed = new ArmedCut(cut, () => {
        this.#armed = null;
        made();
      });
    });
  }

  disarm(): void {
    this.#armed = null;
  }

  cutAll(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  stall(stalled: boolean): void {
    this.#holdBack(stalled ? directions : []);
  }

  silence(direction: Direction | null): void {
    this.#holdBack(direction === null ? [] : [direction]);
  }

  delay(ms: number): void {
    this.#delayMs = ms;
  }

  freezeOpen(): () => void {
    const frozen = [...this.#pairs];
    for (const pair of frozen) pair.freezeOpen();
    return () => {
      for (const pair of frozen) pair.reset();
    };
  }

  refuse(refused: boolean): void {
    this.#isRefusing = refused;
  }

  async refused(count: number): Promise<void> {
    while (this.#refusals < count) {
      await new Promise<void>((resolve) => {
        this.#onRefusal = resolve;
      });
    }
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cutAll();
    await once(this.#server, 'close');
  }

  #holdBack(stalled: readonly Direction[]): void {
    this.#stalled = stalled;
    for (const direction of directions) {
      const step = stalled.includes(direction) ? 'pause' : 'resume';
      for (const pair of this.#pairs) pair[step](direction);
    }
  }

  #connected(client: Socket): void {
    if (this.#isRefusing) {
      client.resetAndDestroy();
      this.#refusals += 1;
      this.#onRefusal();
      return;
    }
    const service = openSocket(this.#target);
    const pair = new Pair({
      ...{ client, service, gate: this.#gate },
      armed: () => this.#armed,
      delayMs: () => this.#delayMs,
    });
    for (const direction of this.#stalled) pair.pause(direction);
    this.#pairs.add(pair);
    for (const socket of [client, service]) {
      socket.once('close', () => client.closed && service.closed && this.#pairs.delete(pair));
    }
  }
}
