/**
 * What comes from one address is limited as a whole, so that many sockets are no way around the
 * limits of one: sockets that are open, sockets that are opened, and what they send.
 *
 * This machine is exempt (ClientAddress.isLocal): a proxy on it would make one address of everybody
 * (TRUSTED_PROXIES tells them apart), and who is on the machine has other ways to burden it.
 *
 * An address is forgotten when it has no sockets and its buckets are full again.
 */
import type { ClientAddress } from './client-address.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

/** What a frame costs. */
export interface Cost {
  readonly frames: number;
  readonly bytes: number;
  readonly operations: number;
}

/** Rates of what is sent; see Rate. */
export type IntakeRates = { readonly [K in keyof Cost]: Rate };

export interface AddressRates {
  readonly intake: IntakeRates;
  /** New sockets. */
  readonly connects: Rate;
  /** WebSockets at a time. */
  readonly connectionsMax: number;
}

/** Addresses that are remembered: about 100 MB. Beyond that the oldest without sockets goes. */
const addressesMax = 100_000;
const lookedAtMax = 100;
/** TCP connections beside WebSockets: requests over HTTP, and handshakes that are under way. */
const otherSocketsMax = 100;

interface Entry {
  sockets: number;
  /** TCP connections of a peer that is no proxy. */
  connections: number;
  readonly connects: TokenBucket;
  readonly intake: IntakeBuckets;
}

/** A bucket for each thing that a frame costs. */
export class IntakeBuckets {
  readonly #buckets: readonly (readonly [keyof Cost, TokenBucket])[];

  constructor({ frames, bytes, operations }: IntakeRates, nowMs: number) {
    this.#buckets = [
      ['frames', new TokenBucket(frames, nowMs)],
      ['bytes', new TokenBucket(bytes, nowMs)],
      ['operations', new TokenBucket(operations, nowMs)],
    ];
  }

  /** Takes what a frame costs; returns how long to wait before the next one, ms. */
  take(cost: Cost, nowMs: number): number {
    let waitMs = 0;
    for (const [what, bucket] of this.#buckets) {
      waitMs = Math.max(waitMs, bucket.take(cost[what], nowMs));
    }
    return waitMs;
  }

  isFull(nowMs: number): boolean {
    return this.#buckets.every(([, bucket]) => bucket.isFull(nowMs));
  }
}

export class AddressLimits {
  readonly #rates: AddressRates;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  /** `now`: milliseconds that never go back. */
  constructor(rates: AddressRates, now: () => number) {
    this.#rates = rates;
    this.#now = now;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** A TCP connection came; false: it is to be cut. Otherwise `disconnected` follows. */
  connected({ key, isLocal }: ClientAddress): boolean {
    if (isLocal) return true;
    const entry = this.#entry(key);
    if (entry.connections >= this.#rates.connectionsMax + otherSocketsMax) return false;
    entry.connections++;
    return true;
  }

  disconnected({ key, isLocal }: ClientAddress): void {
    const entry = this.#entries.get(key);
    if (isLocal || entry === undefined) return;
    entry.connections--;
    this.#forget(key, entry);
  }

  /** Why it may not open another WebSocket now; counts as an attempt. null: it may. */
  refusal({ key, isLocal }: ClientAddress): 'address-connects' | 'address-connections' | null {
    if (isLocal) return null;
    const entry = this.#entry(key);
    if (!entry.connects.tryTake(this.#now())) return 'address-connects';
    return entry.sockets >= this.#rates.connectionsMax ? 'address-connections' : null;
  }

  /** A WebSocket was opened; its buckets, null = no limit. `closed` follows. */
  opened({ key, isLocal }: ClientAddress): IntakeBuckets | null {
    if (isLocal) return null;
    const entry = this.#entry(key);
    entry.sockets++;
    return entry.intake;
  }

  closed({ key, isLocal }: ClientAddress): void {
    const entry = this.#entries.get(key);
    if (isLocal || entry === undefined) return;
    entry.sockets--;
    this.#forget(key, entry);
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= addressesMax) this.#makeRoom();
    const now = this.#now();
    const { intake, connects } = this.#rates;
    const entry = {
      ...{ sockets: 0, connections: 0, connects: new TokenBucket(connects, now) },
      intake: new IntakeBuckets(intake, now),
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #forget(key: string, entry: Entry): void {
    if (isIdle(entry) && isRested(entry, this.#now())) this.#entries.delete(key);
  }

  /** The oldest that has no socket goes; a few are looked at, so that it costs little. */
  #makeRoom(): void {
    let looked = 0;
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key);
      if (isIdle(entry)) return;
      this.#entries.set(key, entry);
      looked++;
      if (looked >= lookedAtMax) return;
    }
  }
}

function isIdle({ sockets, connections }: Entry): boolean {
  return sockets <= 0 && connections <= 0;
}

function isRested({ connects, intake }: Entry, nowMs: number): boolean {
  return connects.isFull(nowMs) && intake.isFull(nowMs);
}
