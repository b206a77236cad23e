/**
 * What is known of each transaction on its way: its timestamps, when it was sent, whether it is
 * acknowledged. Learnt from frames alone, as a network between client and server would see them.
 *
 * A client numbers its operations in the order in which it typed them, a transaction's without a
 * hole; so the first unknown timestamp that leaves it begins its next transaction.
 */
import { assert, must } from '../../engine/assert.ts';
import { type Batch, batchLast, sliceBatch } from '../../proto/batch.ts';
import type { Counts } from './schedule.ts';

/** Operations of a client that the server said are durable. */
export interface AckRecord {
  readonly client: number;
  readonly through: number;
  /** A row that has the last of them, or a later one. */
  readonly lsn: number;
}

interface Line {
  replica: number;
  /** Of each transaction typed: UTF-16 units inserted and deleted. */
  readonly operations: number[];
  /** Of each transaction that has left the client: its last timestamp. */
  readonly lasts: number[];
  /** Of each transaction sent to the server: when that was first done. */
  readonly sentMs: number[];
}

export class Ledger {
  readonly acks: AckRecord[] = [];
  /** Of each acknowledged transaction: from first sent to acknowledged. */
  readonly ackMs: number[] = [];
  readonly #lines: readonly Line[];
  readonly #acked: number[];
  readonly #clients = new Map<number, number>();

  constructor(clients: number) {
    const names = Array.from({ length: clients }, (_, client) => client);
    this.#lines = names.map(() => ({ replica: 0, operations: [], lasts: [], sentMs: [] }));
    this.#acked = names.map(() => 0);
  }

  /** By client: transactions acknowledged. A live view. */
  get acked(): Counts {
    return this.#acked;
  }

  /** By client: transactions sent to the server. */
  get sent(): Counts {
    return this.#lines.map(({ sentMs }) => sentMs.length);
  }

  /** Operations typed so far, of all clients. */
  get operations(): number {
    return this.#lines.flatMap((line) => line.operations).reduce((sum, count) => sum + count, 0);
  }

  /** Throws if the client was another replica before: what it had not sent is lost then. */
  bind(client: number, replica: number): void {
    const line = this.#line(client);
    if (line.replica !== 0 && line.replica !== replica) {
      throw new Error(`client ${client} gave up replica ${line.replica} for ${replica}`);
    }
    line.replica = replica;
    this.#clients.set(replica, client);
  }

  replicaOf(client: number): number {
    return this.#line(client).replica;
  }

  /** The client with that replica; null: none of ours. */
  clientOf(replica: number): number | null {
    return this.#clients.get(replica) ?? null;
  }

  /** The client typed its next transaction. */
  typed(client: number, operations: number): void {
    this.#line(client).operations.push(operations);
  }

  /** How many transactions of the client are in (all of it) or begun at a timestamp. */
  countAt(client: number, timestamp: number): { readonly whole: number; readonly begun: number } {
    const { lasts } = this.#line(client);
    let low = 0;
    let high = lasts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (must(lasts[middle], 'a transaction') < timestamp) low = middle + 1;
      else high = middle;
    }
    return { whole: lasts[low] === timestamp ? low + 1 : low, begun: low + 1 };
  }

  /** Timestamps of a transaction that has left the client. */
  timestampsOf(
    client: number,
    sequence: number,
  ): { readonly first: number; readonly last: number } {
    const line = this.#line(client);
    const last = must(line.lasts[sequence], `transaction ${sequence} of client ${client} left it`);
    return { first: last - must(line.operations[sequence], 'it was typed') + 1, last };
  }

  /** A batch that leaves the client, cut into its transactions' parts. */
  parts(client: number, batch: Batch): { readonly sequence: number; readonly batch: Batch }[] {
    const { lasts, operations } = this.#line(client);
    const parts: { sequence: number; batch: Batch }[] = [];
    for (let from = batch.first; from <= batchLast(batch); ) {
      if (from > (lasts.at(-1) ?? 0)) {
        const count = operations[lasts.length];
        assert(count !== undefined, `client ${client} sends timestamp ${from}, which nobody typed`);
        lasts.push(from + count - 1);
      }
      const sequence = this.countAt(client, from).begun - 1;
      const to = Math.min(must(lasts[sequence], 'a transaction'), batchLast(batch)) + 1;
      parts.push({ sequence, batch: sliceBatch(batch, from, to) });
      from = to;
    }
    return parts;
  }

  /** A part of the transaction goes to the server. */
  sentAt(client: number, sequence: number, nowMs: number): void {
    const { sentMs } = this.#line(client);
    if (sequence === sentMs.length) sentMs.push(nowMs);
  }

  acknowledge({ client, through, lsn }: AckRecord, nowMs: number): void {
    const { sentMs } = this.#line(client);
    const { whole } = this.countAt(client, through);
    const before = must(this.#acked[client], 'a client');
    if (through === 0 || whole < before) return;
    this.acks.push({ client, through, lsn });
    for (const sentAt of sentMs.slice(before, whole)) this.ackMs.push(nowMs - sentAt);
    this.#acked[client] = whole;
  }

  #line(client: number): Line {
    return must(this.#lines[client], `client ${client}`);
  }
}
