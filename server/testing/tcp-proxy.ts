/**
 * A TCP proxy that breaks connections at a chosen byte: between a client and a real service.
 *
 * A cut is armed for the connection that next meets its condition, and is used up by it:
 *   beforeRequest      the next bytes from the client do not reach the service
 *   afterRequest       they do, but nothing of the answer comes back
 *   inReply, n         the service's next n bytes come back, the one after them does not
 * The connection then ends on both sides. `stall` leaves connections open and lets nothing through.
 * There is no backpressure: what a test sends is small.
 */
import { once } from 'node:events';
import { createServer, connect as openSocket, type Socket } from 'node:net';
import { assert } from '../../engine/assert.ts';

export type Cut =
  | { readonly at: 'beforeRequest' | 'afterRequest' }
  | { readonly at: 'inReply'; readonly replyBytes: number };

export interface TcpProxy {
  readonly port: number;
  /** `url` with the proxy's address for the service's. */
  through(url: string): string;
  /** Arms a cut; resolves when it has been made. Replaces one that was not used. */
  cut(cut: Cut): Promise<void>;
  /** Resets every connection now. */
  cutAll(): void;
  /** From now on (true) nothing passes; false lets through what was held back. */
  stall(stalled: boolean): void;
  /** Resets new connections at once (true), as a service that is down. */
  refuse(refused: boolean): void;
  /** Resolves when so many connections have been refused, from the start. */
  refused(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Asked before each chunk and each end of a connection passes; they pass in order. */
export type Gate = (direction: 'request' | 'reply') => Promise<unknown>;

/**
 * Listens on 127.0.0.1 and forwards to `target`, host and port of the service. With a `gate` a test
 * decides when things pass; a reset needs no leave.
 */
export async function startTcpProxy(
  target: { readonly host: string; readonly port: number },
  gate: Gate | null = null,
): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let armed: ArmedCut | null = null;
  let refused = false;
  let refusals = 0;
  let onRefusal = (): void => {};
  let stalled = false;
  const server = createServer((client) => {
    if (refused) {
      client.resetAndDestroy();
      refusals += 1;
      return onRefusal();
    }
    const pair = new Pair({ client, service: openSocket(target), armed: () => armed, gate });
    pair.stall(stalled);
    pairs.add(pair);
    client.once('close', () => pairs.delete(pair));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a TCP address');
  const { port } = address;
  return {
    port,
    through(url) {
      const changed = new URL(url);
      changed.host = `127.0.0.1:${port}`;
      return changed.href;
    },
    cut(cut) {
      return new Promise((made) => {
        armed = new ArmedCut(cut, () => {
          armed = null;
          made();
        });
      });
    },
    cutAll() {
      for (const pair of pairs) pair.reset();
    },
    stall(on) {
      stalled = on;
      for (const pair of pairs) pair.stall(on);
    },
    refuse(on) {
      refused = on;
    },
    async refused(count) {
      while (refusals < count) {
        await new Promise<void>((resolve) => {
          onRefusal = resolve;
        });
      }
    },
    async close() {
      server.close();
      for (const pair of pairs) pair.reset();
      await once(server, 'close');
    },
  };
}

/** What is left of a cut, and what to do when it is made. */
class ArmedCut {
  readonly #made: () => void;
  /** Bytes of the reply that still pass; null = the next request does not pass either. */
  #replyBytes: number | null;

  constructor(cut: Cut, made: () => void) {
    this.#made = made;
    if (cut.at === 'inReply') this.#replyBytes = cut.replyBytes;
    else this.#replyBytes = cut.at === 'afterRequest' ? 0 : null;
  }

  /** Bytes of `chunk` that pass; fewer than all of them mean that the cut is made. */
  passes(direction: 'request' | 'reply', chunk: Buffer): number {
    if (direction === 'request') {
      if (this.#replyBytes !== null) return chunk.length;
      this.#made();
      return 0;
    }
    if (this.#replyBytes === null) return chunk.length;
    const passed = Math.min(this.#replyBytes, chunk.length);
    this.#replyBytes -= passed;
    if (passed < chunk.length) this.#made();
    return passed;
  }
}

interface PairOptions {
  readonly client: Socket;
  readonly service: Socket;
  readonly armed: () => ArmedCut | null;
  readonly gate: Gate | null;
}

/** One connection: the client's socket and ours to the service. */
class Pair {
  readonly #client: Socket;
  readonly #service: Socket;
  readonly #armed: () => ArmedCut | null;
  readonly #gate: Gate | null;

  constructor({ client, service, armed, gate }: PairOptions) {
    this.#client = client;
    this.#service = service;
    this.#armed = armed;
    this.#gate = gate;
    this.#pump(client, service, 'request');
    this.#pump(service, client, 'reply');
  }

  stall(on: boolean): void {
    for (const socket of [this.#client, this.#service]) {
      if (on) socket.pause();
      else socket.resume();
    }
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#service.resetAndDestroy();
  }

  #pump(from: Socket, to: Socket, direction: 'request' | 'reply'): void {
    const inTurn = this.#turns(direction);
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => inTurn(() => this.#pass(from, to, direction, chunk)));
    from.on('end', () => inTurn(() => to.end()));
    from.on('error', () => to.destroy());
    from.on('close', () => inTurn(() => to.destroySoon()));
  }

  /** Does things at once, or, with a gate, one after the other as it lets them pass. */
  #turns(direction: 'request' | 'reply'): (pass: () => void) => void {
    const gate = this.#gate;
    if (gate === null) return (pass) => pass();
    let last: Promise<unknown> = Promise.resolve();
    return (pass) => {
      last = last.then(() => gate(direction)).then(pass);
    };
  }

  #pass(from: Socket, to: Socket, direction: 'request' | 'reply', chunk: Buffer): void {
    if (to.destroyed) return;
    const passed = this.#armed()?.passes(direction, chunk) ?? chunk.length;
    if (passed === chunk.length) to.write(chunk);
    // The bytes before the cut must arrive; a reset on this side could overtake them.
    else {
      from.resetAndDestroy();
      to.end(chunk.subarray(0, passed));
    }
  }
}
