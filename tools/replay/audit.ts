/**
 * What the log says in the end, against what the clients were told and what the trace demands.
 *
 * The rows are folded here once more, from the first on. A row's batch names the row at which its
 * author was (its base): with the author's own earlier operations that is the state in which the
 * transaction was typed, told by the log alone.
 */
import { must } from '../../engine/assert.ts';
import type { LogRow } from '../../engine/driver/ports.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { batchLast } from '../../proto/batch.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';
import type { Ledger } from './ledger.ts';
import type { Schedule } from './schedule.ts';

export interface Audit {
  /** The fold's text. */
  readonly text: string;
  readonly rows: number;
  /** Acknowledged operations that no row up to the one acknowledged has. */
  readonly lost: number;
  /** Operations that the rows apply twice, and characters that stand in the text twice. */
  readonly doubled: number;
  /** Transactions that, by the bases in the log, were typed elsewhere than at their parents. */
  readonly misplaced: number;
}

/** `rows`: the whole log of the document, after everything was acknowledged. */
export function auditLog(rows: readonly LogRow[], schedule: Schedule, ledger: Ledger): Audit {
  const fold = new Fold(1);
  const applied = new Applied(ledger, schedule.clients.length);
  for (const { lsn, at, body } of rows) {
    for (const { verdict } of fold.apply({ lsn, at, batches: decodeUpdate(body).batches })
      .batches) {
      if (verdict.type !== 'applied') continue;
      const { replica, first, base } = verdict.batch;
      applied.add({ replica, first, last: batchLast(verdict.batch), lsn, base });
    }
    applied.endRow();
  }
  return {
    text: fold.sequence.text,
    rows: rows.length,
    lost: applied.lost(),
    doubled: applied.doubled + twiceInText(fold),
    misplaced: applied.misplaced(schedule),
  };
}

/** Which row applied each operation, and how far the log had come with each client at each row. */
class Applied {
  doubled = 0;
  readonly #ledger: Ledger;
  /** By client: the row of each timestamp, and the base that its batch names. */
  readonly #places: readonly Map<number, { readonly lsn: number; readonly base: number }>[];
  /** After each row (0: before the first): by client, transactions that are whole. */
  readonly #counts: number[][];

  constructor(ledger: Ledger, clients: number) {
    this.#ledger = ledger;
    this.#places = Array.from({ length: clients }, () => new Map());
    this.#counts = [Array.from({ length: clients }, () => 0), []];
    this.#counts[1] = [...must(this.#counts[0], 'a start')];
  }

  add(run: { replica: number; first: number; last: number; lsn: number; base: number }): void {
    const { replica, first, last, lsn, base } = run;
    const client = must(this.#ledger.clientOf(replica), `replica ${replica} is one of ours`);
    const places = must(this.#places[client], 'a client');
    for (let timestamp = first; timestamp <= last; timestamp++) {
      if (places.has(timestamp)) this.doubled++;
      else places.set(timestamp, { lsn, base });
    }
    const counts = must(this.#counts.at(-1), 'a row');
    counts[client] = this.#ledger.countAt(client, last).whole;
  }

  endRow(): void {
    this.#counts.push([...must(this.#counts.at(-1), 'a row')]);
  }

  lost(): number {
    const before = this.#places.map(() => 0);
    let lost = 0;
    for (const { client, through, lsn } of this.#ledger.acks) {
      const places = must(this.#places[client], 'a client');
      for (const timestamp of this.#timestamps(client, before[client] ?? 0, through)) {
        const place = places.get(timestamp);
        if (place === undefined || place.lsn > lsn) lost++;
      }
      before[client] = Math.max(before[client] ?? 0, through);
    }
    return lost;
  }

  /** Transactions in the log whose base shows others than their ancestors. */
  misplaced({ clients }: Schedule): number {
    const misplaced = clients.flatMap((line, client) =>
      line.slice(0, this.#ledger.sent[client]).filter(({ sequence, ancestors }) => {
        const { first } = this.#ledger.timestampsOf(client, sequence);
        const base = this.#places[client]?.get(first)?.base;
        const known = base === undefined ? undefined : this.#counts[base];
        // Its own earlier transactions it has in any case.
        return known?.some((count, other) => other !== client && count !== ancestors[other]);
      }),
    );
    return misplaced.length;
  }

  /** Timestamps of the client's operations in (after, through]. */
  *#timestamps(client: number, after: number, through: number): Generator<number> {
    for (let sequence = this.#ledger.countAt(client, after + 1).begun - 1; ; sequence++) {
      if (sequence >= (this.#ledger.sent[client] ?? 0)) return;
      const { first, last } = this.#ledger.timestampsOf(client, sequence);
      if (first > through) return;
      for (let t = Math.max(first, after + 1); t <= Math.min(last, through); t++) yield t;
    }
  }
}

/** Characters that are in the text more than once. */
function twiceInText(fold: Fold): number {
  const seen = new Set<string>();
  let twice = 0;
  for (const { id, text } of fold.sequence.runs()) {
    for (let i = 0; i < text.length; i++) {
      const name = `${id.replica}:${id.timestamp + i}`;
      if (seen.has(name)) twice++;
      seen.add(name);
    }
  }
  return twice;
}
