/**
 * The token of a client: which one it says hello with, and when it needs the next.
 *
 * A token that is given once (a text) is said with every hello, and that is all. One that is asked
 * for (null in the options) is asked for before each connection, and ahead of its expiry while the
 * session is open; the session goes on with the new one.
 *
 *   connect ──▶ asking ──given──▶ connection                       refused ──▶ asking, for another
 *   open, most of its time over ──▶ asking ──given──▶ sent ──rights──▶ open, until later
 *
 * A refusal is the end unless another token comes; after `refusalsMax` in a row it is the end all
 * the same: whoever makes the tokens makes them wrong.
 */
import type { Random } from '../random.ts';

const refusalsMax = 3;
/** Between two attempts to go on with a new token, at least. */
const renewMsMin = 1_000;

export class ReplicaToken {
  readonly #random: Random;
  /** What the options say now. */
  readonly #given: () => string | null;
  #requests = 0;
  /** An answer is awaited, and what for. */
  #asking: 'connection' | 'renewal' | null = null;
  #current = '';
  /** The server refused it. */
  #refused: string | null = null;
  /** Refusals since the last welcome. */
  #refusals = 0;
  #expiresAtMs: number | null = null;
  #renewAtMs: number | null = null;

  constructor(given: () => string | null, random: Random) {
    this.#given = given;
    this.#random = random;
  }

  /** For the hello. */
  get current(): string {
    return this.#given() ?? this.#current;
  }

  /** The next connection waits for it. */
  get isAwaited(): boolean {
    return this.#asking === 'connection';
  }

  /** When `renew` has something to do; null = never. */
  get dueMs(): number | null {
    return this.#renewAtMs;
  }

  /** Before a connection; the number of the question, or null: none is needed. */
  askToConnect(): number | null {
    this.#forgetExpiry();
    if (this.#given() !== null) return null;
    this.#asking = 'connection';
    return ++this.#requests;
  }

  /** When it is due; the number of the question, or null: none is due. */
  askToRenew(nowMs: number): number | null {
    if (this.#renewAtMs === null || nowMs < this.#renewAtMs) return null;
    this.#renewAtMs = nowMs + this.#pause(nowMs);
    this.#asking = 'renewal';
    return ++this.#requests;
  }

  /**
   * An answer to a question; null: there is none now. What is to be done with it; 'refused': the
   * server has refused this very token before.
   */
  answered(request: number, token: string | null): 'connect' | 'send' | 'retry' | 'refused' | null {
    const purpose = request === this.#requests ? this.#asking : null;
    if (purpose === null) return null; // Something else has come up since.
    this.#asking = null;
    if (token === null) return purpose === 'connection' ? 'retry' : null;
    this.#current = token;
    if (purpose === 'renewal') return 'send';
    return token === this.#refused ? 'refused' : 'connect';
  }

  /** Nobody wants to connect any more, or the connection is gone. */
  stop(): void {
    this.#asking = null;
    this.#forgetExpiry();
  }

  /** The server said no to it; whether another one is worth a try. */
  refused(): boolean {
    this.#refused = this.#current;
    this.#refusals++;
    return this.#given() === null && this.#refusals < refusalsMax;
  }

  /** The application tries again, whatever was refused. */
  forgive(): void {
    this.#refused = null;
    this.#refusals = 0;
  }

  /** The server takes it, for so long; 0: for ever. */
  taken(nowMs: number, expiresInMs: number): void {
    this.forgive();
    this.#forgetExpiry();
    if (expiresInMs === 0 || this.#given() !== null) return;
    this.#expiresAtMs = nowMs + expiresInMs;
    // Not all at once: clients of one server began together when it was started.
    this.#renewAtMs = nowMs + Math.floor((expiresInMs * this.#random.between(60, 80)) / 100);
  }

  #forgetExpiry(): void {
    this.#expiresAtMs = null;
    this.#renewAtMs = null;
  }

  /** Half of what is left. */
  #pause(nowMs: number): number {
    return Math.max(renewMsMin, Math.floor(((this.#expiresAtMs ?? nowMs) - nowMs) / 2));
  }
}
