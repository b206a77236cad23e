/**
 * The clients of a soak, who come and go: each lives for a while on one document, types, moves its
 * cursor, and leaves: in order when everything is acknowledged, or as when its network breaks. In
 * its place comes somebody new, mostly on one of the documents of this moment, sometimes on one
 * that was left long ago. So documents close and open all the time, cold or with a snapshot.
 */
import { Random } from '../../engine/random.ts';
import { Histogram } from '../cluster/histogram.ts';
import type { Talker } from './dialect.ts';
import { firstAuthor } from './ledger.ts';
import { nowMs } from './own-clock.ts';
import { RawSocket } from './raw-socket.ts';
import type { Account } from './soak-accounts.ts';
import { sveDialect } from './sve-dialect.ts';

export interface SoakCrowdOptions {
  readonly baseUrl: string;
  readonly prefix: string;
  readonly clients: number;
  /** That are edited at a time. */
  readonly documents: number;
  readonly editsPerSecond: number;
  readonly seed: number;
}

interface Client {
  readonly account: Account;
  readonly document: number;
  readonly talker: Talker;
  readonly socket: RawSocket;
  readonly heard: Map<number, number>;
  readonly leavesAtMs: number;
  readonly breaks: boolean;
  isReady: boolean;
}

const lifeMeanMs = 45_000;
/** Another document comes into use and one falls out of it. */
const documentPeriodMs = 5_000;
const breaksPerMillion = 300_000;
const oldPerMillion = 100_000;
const stepMs = 10;
const cursorMs = 1_000;

export class SoakCrowd {
  /** By document: who typed in it. */
  readonly accounts = new Map<number, Account[]>();
  doubled = 0;
  joined = 0;
  /** Why clients were dropped that had not left. */
  readonly dropped: string[] = [];
  readonly #options: SoakCrowdOptions;
  readonly #random: Random;
  #broadcast = new Histogram();
  readonly #startMs = nowMs();
  #clients: Client[] = [];
  /** By author: when each of its edits was typed. */
  readonly #dues = new Map<number, number[]>();
  #timer: NodeJS.Timeout | null = null;
  #nextEditMs = nowMs();
  #steps = 0;

  constructor(options: SoakCrowdOptions) {
    this.#options = options;
    this.#random = new Random(options.seed, 'soak');
  }

  get typed(): number {
    return this.#sum(({ typed }) => typed);
  }

  /** Of all deliveries since the last call. */
  takeBroadcast(): Histogram {
    const taken = this.#broadcast;
    this.#broadcast = new Histogram();
    return taken;
  }

  start(): void {
    this.#timer = setInterval(() => this.#step(), stepMs);
  }

  /** Nobody types, comes or leaves any more. */
  pause(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Of the clients that are here: edits without an acknowledgement, and who has not joined. */
  get pending(): number {
    return this.#clients.reduce(
      (sum, { account }) => sum + account.typed - account.acked,
      this.#clients.filter(({ isReady }) => !isReady).length,
    );
  }

  /** Deliveries that the clients that are here lack; `found`: edits in the log, by document. */
  missing(found: ReadonlyMap<number, number>): number {
    let missing = 0;
    for (const { document, heard, account } of this.#clients) {
      let count = account.acked;
      for (const seq of heard.values()) count += seq;
      missing += Math.abs((found.get(document) ?? 0) - count);
    }
    return missing;
  }

  end(): void {
    for (const { socket } of this.#clients) socket.cut();
    this.#clients = [];
  }

  #step(): void {
    const now = nowMs();
    this.#steps++;
    this.#clients = this.#clients.filter((client) => !this.#leaves(client, now));
    // A few at a time: they come over the first seconds, then one by one.
    for (let room = 4; room > 0 && this.#clients.length < this.#options.clients; room--) {
      this.#clients.push(this.#join(now));
    }
    for (; this.#nextEditMs <= now; this.#nextEditMs += 1000 / this.#options.editsPerSecond) {
      this.#type(this.#nextEditMs);
    }
    const perStep = stepMs / cursorMs;
    for (const [index, client] of this.#clients.entries()) {
      if (!client.isReady) continue;
      if ((index + this.#steps) % Math.round(1 / perStep) === 0) client.talker.moveCursor();
      if ((index + this.#steps) % 500 === 0) client.talker.heartbeat();
    }
  }

  #type(dueMs: number): void {
    const client = this.#clients[this.#random.below(Math.max(1, this.#clients.length))];
    if (client === undefined || !client.isReady || client.leavesAtMs <= dueMs) return;
    const { account, talker } = client;
    account.typed = talker.type();
    const dues = this.#dues.get(account.author) ?? [];
    this.#dues.set(account.author, dues);
    dues.push(dueMs);
  }

  /** Whether it is gone with this. */
  #leaves({ leavesAtMs, breaks, isReady, account, socket }: Client, now: number): boolean {
    if (now < leavesAtMs || !isReady) return false;
    if (breaks) socket.cut();
    else if (account.acked === account.typed) socket.end();
    else return false;
    this.#dues.delete(account.author);
    return true;
  }

  #join(now: number): Client {
    const author = firstAuthor + this.joined++;
    const account = { author, typed: 0, acked: 0 };
    const document = this.#chooseDocument(now);
    this.accounts.set(document, [...(this.accounts.get(document) ?? []), account]);
    const heard = new Map<number, number>();
    const joinedMs = now;
    const name = `${this.#options.prefix}-${document}`;
    const drop = (why: string): void => {
      this.dropped.push(`${name}: ${why}`);
    };
    const talker = sveDialect.open({
      author,
      document: name,
      send: (message) => client.socket.send(message),
      ready: () => {
        client.isReady = true;
      },
      delivered: (other, seq) => this.#delivered(heard, other, seq, joinedMs),
      acked: (seq) => {
        account.acked = seq;
      },
      failed: drop,
    });
    const socket = new RawSocket(sveDialect.address(this.#options.baseUrl, name), {
      opened: () => talker.opened(),
      message: (bytes, isText) => talker.received(bytes, isText),
      lost: drop,
    });
    const life = -Math.log(1 - this.#random.next() / 2 ** 32) * lifeMeanMs;
    const client: Client = {
      ...{ account, document, talker, socket, heard },
      leavesAtMs: now + life,
      breaks: this.#random.chance(breaksPerMillion),
      isReady: false,
    };
    return client;
  }

  #delivered(heard: Map<number, number>, other: number, seq: number, joinedMs: number): void {
    if (seq !== (heard.get(other) ?? 0) + 1) this.doubled++;
    heard.set(other, Math.max(seq, heard.get(other) ?? 0));
    const dueMs = this.#dues.get(other)?.[seq - 1] ?? 0;
    // What was typed before it joined came with the state.
    if (dueMs > joinedMs) this.#broadcast.add(nowMs() - dueMs);
  }

  #chooseDocument(now: number): number {
    const newest = Math.floor((now - this.#startMs) / documentPeriodMs) + this.#options.documents;
    if (this.#random.chance(oldPerMillion)) return this.#random.below(newest);
    return newest - 1 - this.#random.below(this.#options.documents);
  }

  #sum(of: (account: Account) => number): number {
    let sum = 0;
    for (const accounts of this.accounts.values()) {
      for (const account of accounts) sum += of(account);
    }
    return sum;
  }
}
