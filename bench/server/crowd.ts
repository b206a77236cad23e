/**
 * The clients of one generator: a socket and a talker each, and the ledger of what they are told.
 */
import type { Dialect, Talker } from './dialect.ts';
import type { OpenJob } from './jobs.ts';
import { firstAuthor, type Hearing, Ledger } from './ledger.ts';
import { nowMs } from './own-clock.ts';
import { RawSocket } from './raw-socket.ts';
import { startRounds } from './rounds.ts';

/** Sockets that are opened at a time: a server is not to be measured by how it takes a rush. */
const openingMax = 50;
const reasonsMax = 5;

export interface Client {
  readonly hearing: Hearing;
  readonly talker: Talker;
  readonly socket: RawSocket;
}

export class Crowd {
  readonly ledger: Ledger;
  readonly clients: Client[] = [];
  /** Clients that failed or were dropped, and the first reasons. */
  ended = 0;
  readonly reasons: string[] = [];
  /** Of all messages, and of those that brought edits of others. */
  receivedBytes = 0;
  deliveryBytes = 0;
  readonly #dialect: Dialect;
  readonly #job: OpenJob;

  /** Without clients; see `open`. */
  constructor(dialect: Dialect, job: OpenJob) {
    this.#dialect = dialect;
    this.#job = job;
    this.ledger = new Ledger(job.documents);
  }

  /** Resolves when all have joined; rejects when one cannot. */
  async open(): Promise<void> {
    const { connections, share } = this.#job;
    const mine = Array.from({ length: connections }, (_, index) => index).filter(
      (index) => index % share.of === share.index,
    );
    const { heartbeatMs } = this.#dialect;
    if (heartbeatMs !== null) {
      // From the first on: thousands take longer to join than a server waits for a sign of life.
      startRounds({ periodMs: heartbeatMs, count: mine.length }, (index) => {
        this.clients[index]?.talker.heartbeat();
      });
    }
    for (let start = 0; start < mine.length; start += openingMax) {
      const opening = mine.slice(start, start + openingMax);
      const joining = opening.map((index) => this.#join(firstAuthor + index));
      this.clients.push(...(await Promise.all(joining)));
    }
  }

  #join(author: number): Promise<Client> {
    const { baseUrl, prefix } = this.#job;
    const hearing = this.ledger.join(author);
    const document = `${prefix}-${hearing.document}`;
    return new Promise((resolve, reject) => {
      let hasEnded = false;
      const end = (why: string): void => {
        if (hasEnded) return;
        hasEnded = true;
        this.ended++;
        if (this.reasons.length < reasonsMax) this.reasons.push(why);
        reject(new Error(why));
      };
      const talker = this.#dialect.open({
        author,
        document,
        send: (message) => socket.send(message),
        ready: () => resolve({ hearing, talker, socket }),
        delivered: (other, seq) => this.ledger.delivered(hearing, other, seq, nowMs()),
        acked: (seq) => this.ledger.acked(hearing, seq, nowMs()),
        failed: end,
      });
      const socket = new RawSocket(this.#dialect.address(baseUrl, document), {
        opened: () => talker.opened(),
        lost: end,
        message: (bytes, isText, wireBytes) => {
          const before = this.ledger.deliveries;
          talker.received(bytes, isText);
          this.receivedBytes += wireBytes;
          if (this.ledger.deliveries > before) this.deliveryBytes += wireBytes;
        },
      });
    });
  }
}
