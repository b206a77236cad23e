/** One connection through the proxy (tcp-proxy.ts), and the cut that may be made in it. */
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export type Direction = 'request' | 'reply';

export type Cut = (
  | { readonly at: 'beforeRequest' | 'afterRequest' }
  | { readonly at: 'inReply'; readonly replyBytes: number }
) & {
  /** Only on the connection whose request is the next to hold this text, and from there on. */
  readonly request?: string;
};

/** Asked before each chunk and each end of a connection passes; they pass in order. */
export type Gate = (direction: Direction) => Promise<unknown>;

/** What is left of a cut, and what to do when it is made. */
export class ArmedCut {
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
  readonly delayMs: () => number;
}

/** One connection: the client's socket and ours to the service. */
export class Pair {
  readonly #client: Socket;
  readonly #service: Socket;
  readonly #armed: () => ArmedCut | null;
  readonly #gate: Gate | null;
  readonly #delayMs: () => number;
  #isFrozen = false;

  constructor({ client, service, armed, gate, delayMs }: PairOptions) {
    this.#client = client;
    this.#service = service;
    this.#armed = armed;
    this.#gate = gate;
    this.#delayMs = delayMs;
    this.#pump(client, service, 'request');
    this.#pump(service, client, 'reply');
  }

  /** Nothing passes in this direction, until `resume`. */
  pause(direction: Direction): void {
    this.#source(direction).pause();
  }

  resume(direction: Direction): void {
    this.#source(direction).resume();
  }

  freezeOpen(): void {
    this.#isFrozen = true;
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#service.resetAndDestroy();
  }

  #source(direction: Direction): Socket {
    return direction === 'request' ? this.#client : this.#service;
  }

  #pump(from: Socket, to: Socket, direction: Direction): void {
    const inTurn = this.#turns(direction);
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => inTurn(() => this.#pass(from, to, direction, chunk)));
    from.on('end', () => inTurn(() => this.#isFrozen || to.end()));
    from.on('error', () => this.#isFrozen || to.destroy());
    from.on('close', () => inTurn(() => this.#isFrozen || to.destroySoon()));
  }

  /** Does things at once, or in order: as a gate lets them pass, or when they are due. */
  #turns(direction: Direction): (pass: () => void) => void {
    const gate = this.#gate;
    let last: Promise<unknown> = Promise.resolve();
    let waiting = 0;
    return (pass) => {
      const delayMs = this.#delayMs();
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
