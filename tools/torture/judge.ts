/**
 * Judges a recorded history of real clients by the simulator's checkers (sim/checks): what they
 * were sent, what they came to and what they were acknowledged, against the log as PostgreSQL has
 * it.
 *
 * Everything is judged against a log that was read after it happened: a row that a client was told
 * of and that is not there by then was not durable when it became visible. What the checkers want
 * to know of a node's inside (S13) is not to be had, and is left out.
 */
import type { LogRow } from '../../engine/driver/ports.ts';
import type { BusRow } from '../../proto/bus-codec.ts';
import type { ServerFrame } from '../../proto/server-frame.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';
import {
  DurabilityCheck,
  type JudgedClient,
  type JudgedLink,
} from '../../sim/checks/check-durability.ts';
import { TypedLedger } from '../../sim/checks/check-exactly-once.ts';
import { PlaybackCheck } from '../../sim/checks/check-playback.ts';
import { Coverage } from '../../sim/checks/coverage.ts';
import { LogTruth } from '../../sim/checks/log-truth.ts';
import type { PlayedBack } from '../../sim/checks/observer.ts';

export interface Acknowledgement {
  readonly type: 'acknowledged';
  readonly client: string;
  readonly document: string;
  readonly replica: number;
  readonly through: number;
}

/** What a node told the others. */
export interface Publication {
  readonly type: 'published';
  readonly node: string;
  readonly document: string;
  readonly row: BusRow;
}

/** What happened, in the order in which it did. */
export type Happening =
  | { readonly type: 'received'; readonly link: JudgedLink; readonly frame: ServerFrame }
  | { readonly type: 'stepped'; readonly client: JudgedClient }
  | Publication
  | Acknowledgement;

/** An edit, as its author's client numbered it. */
export interface Edit {
  readonly replica: number;
  /** Its last timestamp. */
  readonly last: number;
  /** Units inserted and deleted. */
  readonly operations: number;
}

export class Judge {
  readonly coverage: Coverage = new Coverage();
  readonly #truths = new Map<string, LogTruth>();
  readonly #ledgers = new Map<string, TypedLedger>();
  readonly #edits = new Map<string, Edit[]>();
  /** By replica: what its client was told to be durable. */
  readonly #acked = new Map<number, number>();
  readonly #durability: DurabilityCheck;
  readonly #playback: PlaybackCheck;

  constructor() {
    const truthOf = (document: string): LogTruth => this.truthOf(document);
    this.#durability = new DurabilityCheck(this.coverage, { truthOf, knowledge: null });
    this.#playback = new PlaybackCheck(this.coverage, truthOf);
  }

  truthOf(document: string): LogTruth {
    const truth = this.#truths.get(document) ?? new LogTruth();
    this.#truths.set(document, truth);
    return truth;
  }

  ledgerOf(document: string): TypedLedger {
    const ledger = this.#ledgers.get(document) ?? new TypedLedger(this.coverage);
    this.#ledgers.set(document, ledger);
    return ledger;
  }

  /** The next rows of a document's log. Throws a Violation, as everything here. */
  rows(document: string, epoch: number, rows: readonly LogRow[]): void {
    const truth = this.truthOf(document);
    for (const { lsn, at, body } of rows) {
      const { batches } = decodeUpdate(body);
      const row = { document, append: lsn, node: 'log', epoch, lsn, at, body, batches };
      this.coverage.put('S4');
      this.coverage.put('S5');
      truth.committed(row);
      this.#playback.committed(row, truth);
    }
  }

  typed(document: string, edit: Edit): void {
    const edits = this.#edits.get(document) ?? [];
    this.#edits.set(document, edits);
    edits.push(edit);
  }

  /** `rows` has been given what was in the log when it happened, at least. */
  judge(happening: Happening): void {
    switch (happening.type) {
      case 'received':
        this.#durability.serverSent(happening.link, happening.frame);
        return;
      case 'stepped':
        this.#durability.clientStepped(happening.client);
        return;
      case 'published':
        this.#durability.published(happening.node, happening.document, happening.row);
        return;
      case 'acknowledged': {
        const { client, document, replica, through } = happening;
        this.#acked.set(replica, Math.max(through, this.#acked.get(replica) ?? 0));
        const known = this.truthOf(document).everThrough(replica);
        const what = (): string => `${client} got ack ${through}, log: ${known}`;
        this.coverage.always('S1', through <= known, what, client);
        return;
      }
    }
  }

  /** An answer about the past, by the naive fold of the log's prefix. */
  playedBack(played: PlayedBack): void {
    this.#playback.playedBack(played);
  }

  /**
   * When everything typed is acknowledged: exactly that is in the log, once. Returns the text that
   * everybody must have.
   */
  settle(document: string): string {
    return this.ledgerOf(document).settle(document, this.truthOf(document));
  }

  /** Acknowledged operations that the log does not have. */
  lost(document: string): number {
    const truth = this.truthOf(document);
    let lost = 0;
    for (const { replica, last, operations } of this.#edits.get(document) ?? []) {
      const isAcked = last <= (this.#acked.get(replica) ?? 0);
      if (isAcked) lost += Math.max(0, Math.min(operations, last - truth.through(replica)));
    }
    return lost;
  }

  /** Operations in the log, each counted once, and its rows. */
  get amounts(): {
    readonly operations: number;
    readonly rows: number;
    readonly documents: number;
  } {
    const truths = [...this.#truths.values()];
    return {
      operations: truths.reduce((sum, { operations }) => sum + operations, 0),
      rows: truths.reduce((sum, { head }) => sum + head, 0),
      documents: truths.length,
    };
  }
}
