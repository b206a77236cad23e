/**
 * Whether something was in the log *when* it was told: whoever is told of a row says so here, and a
 * question that begins after that, on a connection of our own, must find the row. From outside
 * there is no earlier moment to ask at.
 *
 * Also listens to the bus, where nodes tell each other.
 */
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { decodeBusMessage } from '../../proto/bus-codec.ts';
import type { NodeCluster } from './node-cluster.ts';

/** Somebody was told of this row. */
interface Claim {
  readonly document: string;
  readonly lsn: number;
  readonly by: string;
}

/** Questions at a time: what is claimed while all are busy is asked together. */
const connectionsMax = 4;
const nodeIdBytes = 8;

const missingText = `
SELECT claim.number::int AS number
FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS claim (document, lsn, number)
WHERE NOT EXISTS (
  SELECT FROM log_row WHERE log_row.document = claim.document AND log_row.lsn = claim.lsn
)`;

export class LogWitness {
  /** Rows that were told of and not there. */
  readonly broken: Claim[] = [];
  /** Rows that were asked for. */
  asked = 0;
  /** Rows that were told on the bus. */
  published = 0;
  readonly #clients: readonly Client[];
  readonly #listener: Redis;
  readonly #idle: Client[];
  #claims: Claim[] = [];
  #failure: unknown = null;
  #changed: () => void = () => {};

  /** See `open`. */
  constructor(clients: readonly Client[], listener: Redis) {
    this.#clients = clients;
    this.#idle = [...clients];
    this.#listener = listener;
  }

  static async open({ databaseUrl, redisUrl, deployment }: NodeCluster): Promise<LogWitness> {
    const clients = Array.from(
      { length: connectionsMax },
      () => new Client({ connectionString: databaseUrl }),
    );
    await Promise.all(clients.map((client) => client.connect()));
    const listener = new Redis(redisUrl);
    const witness = new LogWitness(clients, listener);
    const prefix = `sve:${deployment}:ops:`;
    listener.on('pmessageBuffer', (_: Buffer, channel: Buffer, message: Buffer) => {
      const told = decodeBusMessage(message.subarray(nodeIdBytes));
      if (told.type !== 'row') return;
      const { lsn } = told.row;
      witness.published += 1;
      witness.claim({ document: channel.toString().slice(prefix.length), lsn, by: 'the bus' });
    });
    await listener.psubscribe(`${prefix}*`);
    return witness;
  }

  /** Asks, at once if it can. */
  claim(claim: Claim): void {
    if (claim.lsn === 0) return;
    this.#claims.push(claim);
    this.#ask();
  }

  /** Resolves when every question is answered. Throws if one could not be asked. */
  async answered(): Promise<void> {
    while (this.#idle.length < this.#clients.length) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    if (this.#failure !== null) throw this.#failure;
  }

  /** A question and its answer: a unit of time for whoever wants the others to get on. */
  async roundTrip(): Promise<void> {
    await this.#clients[0]?.query('SELECT');
  }

  async close(): Promise<void> {
    await this.answered().catch(() => {});
    this.#listener.disconnect();
    await Promise.all(this.#clients.map((client) => client.end()));
  }

  #ask(): void {
    const client = this.#claims.length > 0 ? this.#idle.pop() : undefined;
    if (client === undefined) return;
    const claims = this.#claims;
    this.#claims = [];
    this.asked += claims.length;
    void this.#missing(client, claims)
      .then((missing) => this.broken.push(...missing))
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .then(() => {
        this.#idle.push(client);
        this.#ask();
        this.#changed();
      });
  }

  async #missing(client: Client, claims: readonly Claim[]): Promise<Claim[]> {
    const documents = claims.map(({ document }) => document);
    const lsns = claims.map(({ lsn }) => lsn);
    const { rows } = await client.query<{ number: number }>(missingText, [documents, lsns]);
    return rows.flatMap(({ number }) => claims[number - 1] ?? []);
  }
}
