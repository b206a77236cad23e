/**
 * Proof of durability: the only mint of what may be shown to anybody.
 *
 * A row becomes a `DurableRow` in three ways and no other: this node's append was committed, the
 * log was read, or a node that had committed published it. A room's fold takes durable rows only.
 * Frames that carry rows, acknowledgements or a welcome, and bus messages, are minted here from
 * those; the driver sends nothing else of the kind (it asserts `isDurable`). The symbol is not
 * exported, so that a literal cannot stand in for a proof; `as` could, and tools/tidy.ts forbids
 * it.
 */
import type { Batch } from '../../proto/batch.ts';
import { encodeBusMessage } from '../../proto/bus-codec.ts';
import { encodeRowPart, type RowBatch } from '../../proto/frame-row.ts';
import {
  type Ack,
  encodeAckPart,
  encodeSnapshotPiecePart,
  encodeWelcomePart,
  joinParts,
  type Welcome,
} from '../../proto/server-frame.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';
import { assert } from '../assert.ts';
import type { AppendResult, LogRow } from '../driver/ports.ts';
import type { AppendId } from '../ids.ts';
import type { Fold, FoldedRow } from './fold.ts';

const durable: unique symbol = Symbol('durable');

/** A row that is in the log. */
export interface DurableRow {
  readonly [durable]: true;
  readonly epoch: number;
  readonly lsn: number;
  readonly at: number;
  /** The encoded Update, as it stands in the log. */
  readonly body: Uint8Array;
  readonly batches: readonly Batch[];
}

/** A frame that shows somebody committed operations. */
export interface DurableFrame {
  readonly [durable]: true;
  readonly bytes: Uint8Array;
}

/** A message for other nodes about a committed row. */
export interface DurableMessage {
  readonly [durable]: true;
  readonly bytes: Uint8Array;
}

export function isDurable(frame: object): frame is DurableFrame {
  return durable in frame;
}

/** Appends under way in this process. An id is never used again; settling one twice is a bug. */
export class CommitLedger {
  readonly #open = new Map<AppendId, { epoch: number; body: Uint8Array }>();
  #last = 0;

  begin(epoch: number, body: Uint8Array): AppendId {
    this.#last++;
    const id = this.#last as AppendId;
    this.#open.set(id, { epoch, body });
    return id;
  }

  /** The row if it is committed, else null: then it proves nothing. */
  settle(id: AppendId, result: AppendResult): DurableRow | null {
    const open = this.#open.get(id);
    assert(open !== undefined, `append ${id} is settled twice or was never begun`);
    this.#open.delete(id);
    if (result.outcome !== 'committed') return null;
    return mintRow(open.epoch, { lsn: result.lsn, at: result.at, body: open.body });
  }
}

/**
 * Rows that the log port read. Throws DecodeError (UnreadableFormatError) on a body that this
 * version cannot read.
 */
export function rowFromLog(epoch: number, row: LogRow): DurableRow {
  return mintRow(epoch, row);
}

/** A row that another node published after its commit. Throws DecodeError. */
export function rowFromBus(message: LogRow & { readonly epoch: number }): DurableRow {
  return mintRow(message.epoch, message);
}

export function busMessage(row: DurableRow): DurableMessage {
  assert(row[durable], 'only a durable row is published');
  const { epoch, lsn, at, body } = row;
  return {
    [durable]: true,
    bytes: encodeBusMessage({ type: 'row', row: { epoch, lsn, at, body } }),
  };
}

/** A fold that grows by durable rows only, and mints what may be told about its state. */
export class DurableFold {
  readonly fold: Fold;

  /** `fold`: of rows that were in the log: empty, or from a snapshot that was made of them. */
  constructor(fold: Fold) {
    this.fold = fold;
  }

  apply(row: DurableRow): FoldedRow {
    assert(row[durable], 'only a durable row is folded');
    assert(row.epoch === this.fold.epoch, `row of epoch ${row.epoch} in ${this.fold.epoch}`);
    return this.fold.apply(row);
  }

  /** A frame of rows (encoded by `rowPart`) and, for an author, its acknowledgement. */
  frame(channel: number, rowParts: readonly DurableFrame[], ack?: OwnAck): DurableFrame {
    const parts = rowParts.map((part) => {
      assert(part[durable], 'only durable rows are sent');
      return part.bytes;
    });
    if (ack !== undefined) {
      const known = this.fold.committed.get(ack.replica);
      assert(ack.ack.through <= known, `ack of ${ack.ack.through}, but ${known} is committed`);
      assert(ack.ack.lsn <= this.fold.lsn, `ack at row ${ack.ack.lsn} before it is folded`);
      parts.push(encodeAckPart(ack.ack));
    }
    return { [durable]: true, bytes: joinParts(channel, parts) };
  }

  /** One row as receivers get it, encoded once. Its LSN must have been folded. */
  rowPart(row: FrameRow): DurableFrame {
    assert(row.lsn <= this.fold.lsn, `row ${row.lsn} is shown before it is folded`);
    return { [durable]: true, bytes: encodeRowPart(row) };
  }

  welcome(channel: number, welcome: Welcome): DurableFrame {
    assert(welcome.headLsn === this.fold.lsn, 'the welcome tells another head than the fold');
    return { [durable]: true, bytes: joinParts(channel, [encodeWelcomePart(welcome)]) };
  }

  /** The next piece of a welcome's snapshot. */
  snapshotPiece(channel: number, piece: Uint8Array): DurableFrame {
    return { [durable]: true, bytes: joinParts(channel, [encodeSnapshotPiecePart(piece)]) };
  }
}

export interface OwnAck {
  readonly replica: number;
  /** `lsn` 0 = the last row of the frame. */
  readonly ack: Ack;
}

export interface FrameRow {
  readonly lsn: number;
  /** Set in the first row of a history, else 0. */
  readonly epoch: number;
  /** Commit time minus that of the row before. */
  readonly at: number;
  readonly introduced: readonly number[];
  readonly batches: readonly RowBatch[];
}

function mintRow(epoch: number, { lsn, at, body }: LogRow): DurableRow {
  return { [durable]: true, epoch, lsn, at, body, batches: decodeUpdate(body).batches };
}
