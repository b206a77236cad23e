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
import { createServer, connect as openSocket, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { assert } from '../../engine/assert.ts';

export type Direction = 'request' | 'reply';

export type Cut = (
  | { readonly at: 'beforeRequest' | 'afterRequest' }
  | { readonly at: 'inReply'; readonly replyBytes: number }
) & {
  /** Only on the connection whose request is the next to hold this text, and from there on. */
  readonly request?: string;
};

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
  /**
   * From now on (true) nothing passes, in this direction or in both; false lets through what was
   * held back.
   */
  stall(stalled: boolean, direction?: Direction): void;
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

/** Asked before each chunk and each end of a connection passes; they pass in order. */
export type Gate = (direction: Direction) => Promise<unknown>;

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
  const stalled = new Set<Direction>();
  let delayMs = 0;
  const server = createServer((client) => {
    if (refused) {
      client.resetAndDestroy();
      refusals += 1;
      return onRefusal();
    }
    const service = openSocket(target);
    const delay = (): number => delayMs;
    const pair = new Pair({ client, service, armed: () => armed, gate, delay });
    for (const direction of stalled) pair.stall(true, direction);
    pairs.add(pair);
    for (const socket of [client, service]) {
      socket.once('close', () => client.closed && service.closed && pairs.delete(pair));
    }
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
    disarm() {
      armed = null;
    },
    cutAll() {
      for (const pair of pairs) pair.reset();
    },
    stall(on, only) {
      for (const direction of only === undefined ? directions : [only]) {
        if (on) stalled.add(direction);
        else stalled.delete(direction);
        for (const pair of pairs) pair.stall(on, direction);
      }
    },
    delay(ms) {
      delayMs = ms;
    },
    freezeOpen() {
      const frozen = [...pairs];
      for (const pair of frozen) pair.freezeOpen();
      return () => {
        for (const pair of frozen) pair.reset();
      };
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

const directions = ['request', 'reply'] as const;

/** What is left of a cut, and what to do when it is made. */
class ArmedCut {
  readonly #made: () => void;
  readonly #request: string | null;
  /** The connection that it is for; null: the next that meets its condition. */
  #pair: Pair | null = null;
  /** Bytes of the reply that still pass; null = the next request does not pass either. */
  #replyBytes: number | null;

  constructor(cut: Cut, made: () => void) {
    this.#made = made;
    this.#request = cut.request ?? null;
    if (cut.at === 'inReply') this.#replyBytes = cut.replyBytes;
    else this.#replyBytes = cut.at === 'afterRequest' ? 0 : null;
  }

  /** Bytes of `chunk` that pass; fewer than all of them mean that the cut is made. */
  passes(pair: Pair, direction: Direction, chunk: Buffer): number {
    if (this.#request !== null && this.#pair !== pair) {
      const isMeant = direction === 'request' && chunk.includes(this.#request);
      if (this.#pair !== null || !isMeant) return chunk.length;
      this.#pair = pair;
    }
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
  /** Milliseconds that everything is late. */
  readonly delay: () => number;
}

/** One connection: the client's socket and ours to the service. */
class Pair {
  readonly #client: Socket;
  readonly #service: Socket;
  readonly #armed: () => ArmedCut | null;
  readonly #gate: Gate | null;
  readonly #delay: () => number;
  #isFrozen = false;

  constructor({ client, service, armed, gate, delay }: PairOptions) {
    this.#client = client;
    this.#service = service;
    this.#armed = armed;
    this.#gate = gate;
    this.#delay = delay;
    this.#pump(client, service, 'request');
    this.#pump(service, client, 'reply');
  }

  stall(on: boolean, direction: Direction): void {
    const from = direction === 'request' ? this.#client : this.#service;
    if (on) from.pause();
    else from.resume();
  }

  freezeOpen(): void {
    this.#isFrozen = true;
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#service.resetAndDestroy();
  }

  #pump(from: Socket, to: Socket, direction: Direction): void {
    const inTurn = this.#turns(direction);
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => inTurn(() => this.#pass(from, to, direction, chunk)));
    from.on('end', () => inTurn(() => this.#isFrozen || to.end()));
    from.on('error', () => this.#isFrozen || to.destroy());
    from.on('close', () => inTurn(() => this.#isFrozen || to.destroySoon()));
  }

  /** Does things at once, or one after the other: as a gate lets them pass, or when they are due. */
  #turns(direction: Direction): (pass: () => void) => void {
    const gate = this.#gate;
    let last: Promise<unknown> = Promise.resolve();
    let waiting = 0;
    return (pass) => {
      const delayMs = this.#delay();
      if (gate === null && delayMs === 0 && waiting === 0) return pass();
      waiting++;
      const due = delayMs > 0 ? wait(delayMs) : null;
      last = last
        .then(() => due)
        .then(() => gate?.(direction))
        .then(() => {
          waiting--;
          pass();
        });
    };
  }

  #pass(from: Socket, to: Socket, direction: Direction, chunk: Buffer): void {
    if (to.destroyed || this.#isFrozen) return;
    const passed = this.#armed()?.passes(this, direction, chunk) ?? chunk.length;
    if (passed === chunk.length) to.write(chunk);
    // The bytes before the cut must arrive; a reset on this side could overtake them.
    else {
      from.resetAndDestroy();
      to.end(chunk.subarray(0, passed));
    }
  }
}
