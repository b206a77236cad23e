/**
 * Plays a trace with live clients, one per author and each on its own socket.
 *
 * Whenever a frame arrives somewhere, every gate sends what it now may, hands over what it now may,
 * and each client that is exactly at the ancestors of its next transaction types it. Nothing waits
 * for an acknowledgement that the order of the log does not demand.
 */
import { connect } from '../../client/connect-node.ts';
import type { SyncSession } from '../../client/sync-session.ts';
import { nodeTransport } from '../../client/transport-node.ts';
import { must } from '../../engine/assert.ts';
import { Gate } from './gate.ts';
import { Ledger } from './ledger.ts';
import type { Counts, Schedule, Scheduled } from './schedule.ts';
import { hasPairs, splicesOf, type Trace } from './trace.ts';

/** Transactions typed and not acknowledged, per client: a bound on the client's outbox. */
const inFlightMax = 512;

/** Time for all clients to connect at the start. */
const connectMs = 20_000;

/** Nothing was acknowledged for so long: something is stuck. */
const stallMs = 60_000;

export interface ReplayOptions {
  readonly trace: Trace;
  readonly schedule: Schedule;
  /** Of the server. */
  readonly url: string;
  readonly documentId: string;
  /** Called after everything that moves the replay on. */
  readonly onProgress: (replay: Replay) => void;
}

interface Player {
  readonly session: SyncSession;
  readonly gate: Gate;
  readonly line: readonly Scheduled[];
}

export class Replay {
  readonly ledger: Ledger;
  readonly #options: ReplayOptions;
  readonly #players: readonly Player[];
  readonly #pairs: boolean;
  /** By client and transaction: what the client's own version vector said when it was typed. */
  readonly known: readonly Counts[][];
  readonly #done: Promise<string | null>;
  #finish: (stuck: string | null) => void = () => {};
  #playing = false;
  #acked = -1;
  #stall: NodeJS.Timeout | undefined;

  /** Begins to connect. */
  constructor(options: ReplayOptions) {
    const { trace, schedule, url, documentId } = options;
    this.#options = options;
    this.#pairs = hasPairs(trace);
    this.ledger = new Ledger(schedule.clients.length);
    this.known = schedule.clients.map(() => []);
    this.#done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#players = schedule.clients.map((line, client) => {
      const gate = new Gate(
        {
          ...{ client, line, ledger: this.ledger },
          now: () => performance.now(),
          onArrival: () => this.#advance(),
          onFault: (error) => this.abort(String(error)),
        },
        nodeTransport,
      );
      const session = connect({ url, documentId, transport: gate.transport });
      session.on('error', (error) => this.abort(String(error)));
      session.on('rescued', ({ code }) => this.abort(`client ${client} was refused: ${code}`));
      return { session, gate, line };
    });
  }

  /**
   * Resolves with null when everything is acknowledged and every client has all rows; with the
   * reason when it cannot go on. Rejects when there is no server.
   */
  async run(): Promise<string | null> {
    this.#watch();
    try {
      // A client whose first hello comes later than somebody's text would be sent all of it.
      const signal = AbortSignal.timeout(connectMs);
      const connected = this.#players.map(({ session }) => session.synced({ signal }));
      await Promise.race([Promise.all(connected), this.#done]).catch((cause: unknown) => {
        throw new Error(`cannot connect to ${this.#options.url}: ${String(cause)}`, { cause });
      });
      this.#playing = true;
      this.#advance();
      return await this.#done;
    } finally {
      clearTimeout(this.#stall);
    }
  }

  /** Every client's text. */
  get texts(): readonly string[] {
    return this.#players.map(({ session }) => session.text);
  }

  /**
   * Every client has a row. One without any that connects again is sent a snapshot of all there is,
   * which may be more than its next transaction's parents.
   */
  get begun(): boolean {
    return this.#players.every(({ session }) => session.cursor.lsn > 0);
  }

  /** By client: how often a server has welcomed it. */
  get welcomes(): readonly number[] {
    return this.#players.map(({ gate }) => gate.welcomes);
  }

  /** Transactions acknowledged. */
  get acked(): number {
    return sum(this.ledger.acked);
  }

  /** Transactions sent and not acknowledged. */
  get inFlight(): number {
    return sum(this.ledger.sent) - this.acked;
  }

  /** Ends the replay before its end. */
  abort(reason: string): void {
    this.#finish(reason);
  }

  close(): void {
    for (const { session } of this.#players) session.close();
  }

  #advance(): void {
    for (const { gate } of this.#players) gate.release();
    for (const player of this.#players) this.#play(player);
    if (this.acked > this.#acked) {
      this.#acked = this.acked;
      this.#watch();
    }
    if (this.#playing && this.#finished) this.#finish(null);
    this.#options.onProgress(this);
  }

  #play({ session, gate }: Player): void {
    for (;;) {
      gate.deliver();
      const next = this.#playing ? gate.ready : null;
      if (next === null) return;
      if (next.sequence - must(this.ledger.acked[next.client], 'a client') >= inFlightMax) return;
      const { patches } = must(this.#options.trace.transactions[next.index], 'a transaction');
      const splices = splicesOf(patches, this.#pairs ? session.text : null);
      gate.typing(sum(splices.map(({ deleted, inserted }) => deleted + inserted.length)));
      this.known[next.client]?.push(this.#knownTo(session, next));
      session.edit(splices);
    }
  }

  get #finished(): boolean {
    const { acks, acked } = this.ledger;
    if (this.#players.some(({ line }, client) => (acked[client] ?? 0) < line.length)) return false;
    const last = acks.reduce((lsn, ack) => Math.max(lsn, ack.lsn), 0);
    return this.#players.every(({ gate }) => gate.arrivedLsn >= last && gate.waiting.in === 0);
  }

  /** Starts the wait for the next acknowledgement anew. */
  #watch(): void {
    clearTimeout(this.#stall);
    this.#stall = setTimeout(() => this.abort(this.#state()), stallMs);
  }

  #state(): string {
    const states = this.#players.map(({ session, gate, line }, client) => {
      const typed = this.ledger.sent[client];
      const waiting = `${gate.waiting.out} frames wait to go out, ${gate.waiting.in} to come in`;
      return `client ${client}: ${session.status}, ${typed} of ${line.length} sent, ${waiting}`;
    });
    return states.join('; ');
  }

  /** By client, transactions that the session has. */
  #knownTo({ versionVector }: SyncSession, { client, sequence }: Scheduled): Counts {
    return this.#players.map((_, other) => {
      if (other === client) return sequence;
      const last = versionVector.get(this.ledger.replicaOf(other)) ?? 0;
      return this.ledger.countAt(other, last).whole;
    });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
