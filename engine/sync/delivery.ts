/**
 * Fan-out of one room: every open session is sent every row after its position, in order, once.
 *
 * A row is encoded once (`rowPart`) and its bytes go to every receiver; its authors get it without
 * what they sent on this session but with the acknowledgement. What a replica sent before stays in:
 * whoever goes on from an old copy of its store must see that it is not what it has.
 *
 * A session whose socket is full, or that joins with
 * an old cursor, stays at its position and is caught up: from the recent rows kept in memory, else
 * from a page of the log shared by all who need it, else (too far behind) from a snapshot. What a
 * session may miss while it lags is presence only.
 *
 * A slow reader costs reads of the log, so it may not be slow for ever. It falls behind when what
 * it lacks is not in memory any more; the first time it gets pages, the second time the snapshot,
 * and the third time its session ends with `overloaded`. Who does not fall for `slowReaderMs`
 * begins anew.
 */
import { batchLast, batchOperations, renameBatch } from '../../proto/batch.ts';
import { RowBatch } from '../../proto/frame-row.ts';
import { protocolVersion } from '../../proto/protocol-version.ts';
import { assert } from '../assert.ts';
import type { LogPage } from '../driver/ports.ts';
import type { Limits } from '../limits.ts';
import type { Connection, Connections } from './connections.ts';
import { earliestOf } from './deadline-queue.ts';
import { type DurableFold, type DurableFrame, type DurableRow, rowFromLog } from './durability.ts';
import type { EditTimes } from './edit-times.ts';
import type { FoldedRow } from './fold.ts';
import type { RoomMemory } from './memory-use.ts';
import type { RoomPresence } from './presence.ts';
import { PresenceDelivery } from './presence-delivery.ts';
import { type ServedSnapshot, ServedSnapshots } from './served-snapshots.ts';
import type { LogicalTime, Session } from './session.ts';
import { StalenessIndex } from './staleness.ts';

/** Bytes of rows gathered into one frame while catching up. */
const catchUpFrameBytes = 2 ** 16;

export interface DeliveryParts {
  readonly durable: DurableFold;
  readonly presence: RoomPresence;
  readonly connections: Connections;
  readonly limits: Limits;
  readonly editTimes: EditTimes;
  /** Ends the session: its reader is too slow. */
  readonly giveUp: (session: Session, message: string) => void;
  /** Asks the log for a page after this LSN; `pageRead` gets the answer. */
  readonly requestPage: (afterLsn: number) => void;
}

/** A batch that is shown, and whose it is. */
interface ShownBatch {
  readonly replica: number;
  /** Timestamp of its last operation. */
  readonly last: number;
  readonly part: RowBatch;
}

export class Delivery {
  readonly sessions = new Map<number, Session>();
  readonly #parts: DeliveryParts;
  readonly #recent: {
    readonly lsn: number;
    readonly previousAt: number;
    readonly part: DurableFrame;
  }[] = [];
  readonly #staleness: StalenessIndex;
  #recentBytes = 0;
  /** The last row that left memory because it was full. */
  #droppedLsn = 0;
  #pageAfter: number | null = null;
  /** The first row that the log still has, as far as is known: earlier ones were pruned. */
  #rowsFrom = 0;
  /** The last row of the last page: where the next page goes on, no row is needed twice. */
  #pageEnd: { readonly lsn: number; readonly at: number } | null = null;
  readonly #snapshots: ServedSnapshots;
  readonly #presence: PresenceDelivery;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#staleness = new StalenessIndex(parts.limits.stalenessRowsMax);
    this.#staleness.note(parts.durable.fold.cursor);
    this.#snapshots = new ServedSnapshots(parts.durable.fold, parts.limits);
    const { sessions } = this;
    const canTake = (session: Session): boolean => this.#takesRows(session);
    this.#presence = new PresenceDelivery({ ...parts, sessions, canTake });
  }

  /** Opens a session that the room has checked: welcome, then what it lacks, then who is here. */
  join(session: Session): void {
    const { fold } = this.#parts.durable;
    const behind = fold.lsn - (session.cursor?.lsn ?? 0);
    const isFar = behind > this.#parts.limits.catchUpRowsMax;
    const bySnapshot = session.cursor === null || session.whole || isFar;
    session.phase = 'open';
    this.sessions.set(session.identity.id, session);
    if (session.cursor !== null) session.pinned = session.cursor;
    this.#welcome(session, { snapshot: bySnapshot });
    this.pump(session);
    this.#presence.sendAll(session);
  }

  leave(session: Session): void {
    session.phase = 'ended';
    this.sessions.delete(session.identity.id);
  }

  /** The logical time of every open session. */
  get logicalTimes(): LogicalTime[] {
    const { committed } = this.#parts.durable.fold;
    return [...this.sessions.values()].map(({ identity: { replica }, base }) => {
      return { replica, base, own: committed.get(replica) };
    });
  }

  get memory(): RoomMemory {
    const texts = this.#parts.durable.fold.sequence.bytes;
    return { texts, rows: this.#recentBytes, snapshots: this.#snapshots.bytes };
  }

  /** The open sessions of a replica: one, but for moments. */
  sessionsOf(replica: number): Session[] {
    return [...this.sessions.values()].filter(({ identity }) => identity.replica === replica);
  }

  /** A row was folded: sends it to all who are just behind it, and acknowledges its authors. */
  rowFolded(row: DurableRow, folded: FoldedRow, previousAt: number): void {
    const { durable, connections } = this.#parts;
    const { fold } = durable;
    this.#staleness.note(fold.cursor);
    const batches = this.#shownOf(row);
    const header = this.#header(row.lsn, row.at - previousAt);
    const common = durable.rowPart({ ...header, batches: batches.map(({ part }) => part) });
    this.#remember(row.lsn, previousAt, common);
    this.#snapshots.rowFolded(common.bytes.length);
    const authors = new Map(folded.batches.map((folding) => [folding.batch.replica, folding]));
    /** On channel 0, where the frame is the same for all. */
    const receivers: Connection[] = [];
    for (const session of this.sessions.values()) {
      const { connection } = session;
      const { channel, replica } = session.identity;
      // The window is free again here, not with the ack: a session that lags learns it from rows.
      if (authors.has(replica)) session.settled(fold.committed.get(replica));
      if (session.position !== row.lsn - 1 || !this.#takesRows(session)) continue;
      session.position = row.lsn;
      if (!authors.has(replica)) {
        if (channel === 0) receivers.push(connection);
        else connections.send([session.connection], durable.frame(channel, [common]));
        continue;
      }
      // All of its own or nothing: they follow each other without a hole.
      const hasSent = batches.every(
        (it) => it.replica !== replica || it.last <= session.sentThrough,
      );
      const shown = hasSent ? batches.filter((it) => it.replica !== replica) : batches;
      const ownRow = durable.rowPart({ ...header, batches: shown.map(({ part }) => part) });
      const ack = this.#ackOf(session, folded);
      connections.send([session.connection], durable.frame(channel, [ownRow], ack));
    }
    if (receivers.length > 0) connections.send(receivers, durable.frame(0, [common]));
  }

  /** Sends what a session lacks, as far as its socket and the recent rows go. */
  pump(session: Session): void {
    const { durable, connections } = this.#parts;
    const { channel } = session.identity;
    this.#sendPieces(session);
    while (this.#takesRows(session) && session.position < durable.fold.lsn) {
      const way = this.#wayFor(session);
      if (way === 'none') {
        this.#parts.giveUp(session, 'the document is written faster than it is read here');
        return;
      }
      if (way === 'snapshot') {
        this.#welcome(session, { snapshot: true });
        this.#sendPieces(session);
        continue;
      }
      const frames = this.#recentAfter(session.position);
      if (frames.length === 0) {
        this.#needPage(session.position);
        return;
      }
      session.position += frames.length;
      connections.send([session.connection], durable.frame(channel, frames));
    }
    if (session.position === durable.fold.lsn && this.#takesRows(session)) this.#caughtUp(session);
  }

  /** Commit time of a row, ms since 1970; null if it is not in memory. */
  timeOf(lsn: number): number | null {
    const next = this.#recent[lsn + 1 - (this.#recent[0]?.lsn ?? Infinity)];
    return next?.previousAt ?? this.#staleness.timeOf(lsn);
  }

  /**
   * A page that `requestPage` asked for; null: it failed, and is asked for again. Returns the
   * sessions whose cursor is of another history than the page.
   */
  pageRead(page: LogPage | null): Session[] {
    const after = this.#pageAfter;
    assert(after !== null, 'a page arrived that nobody asked for');
    this.#pageAfter = null;
    const pruned = page?.head?.prunedLsn ?? 0;
    if (pruned > 0) this.#rowsFrom = pruned + 1;
    const strangers = page === null ? [] : this.#sendPage(after, page);
    for (const session of this.sessions.values()) {
      if (strangers.includes(session)) continue;
      if (session.position >= this.#parts.durable.fold.lsn) session.catchingUp = false;
      else if (page === null) this.#needPage(session.position);
      else this.pump(session);
    }
    return strangers;
  }

  /** When `tick` has something to do; null = never. */
  get dueMs(): number | null {
    return earliestOf(this.#snapshots.dropAtMs, this.#presence.dueMs);
  }

  /** Does what is due. */
  tick(): void {
    const { monoMs } = this.#parts.connections.now;
    this.#snapshots.drop(monoMs);
    this.#presence.tick(monoMs);
  }

  /** Rows up to this one are in a snapshot: none of them stays in memory. */
  forgetRows(through: number): void {
    while ((this.#recent[0]?.lsn ?? Infinity) <= through) {
      this.#recentBytes -= this.#recent.shift()?.part.bytes.length ?? 0;
    }
  }

  /** Begins to tell everybody what is new about presence. */
  flushPresence(): void {
    this.#presence.begin(this.#parts.connections.now.monoMs);
  }

  /** What it costs about to tell presence once more, ms. */
  get presenceCostMs(): number {
    return this.#presence.costMs;
  }

  /** Acknowledges what is committed of an open session's replica and was not told yet. */
  acknowledge(session: Session): void {
    const { durable, connections } = this.#parts;
    const { channel, replica } = session.identity;
    const through = durable.fold.committed.get(replica);
    if (through <= session.acked || session.position < durable.fold.lsn) return;
    if (session.snapshot !== null) return;
    session.acked = through;
    session.settled(through);
    const { lsn, at } = durable.fold;
    const ack = { through, lsn, at, staleOperations: 0, staleMs: 0 };
    connections.send([session.connection], durable.frame(channel, [], { replica, ack }));
  }

  #welcome(session: Session, by: { readonly snapshot: boolean }): void {
    const { durable, connections, limits } = this.#parts;
    const { fold } = durable;
    const { channel, replica, id } = session.identity;
    const served = by.snapshot && fold.lsn > 0 ? this.#serve(session) : null;
    const own = by.snapshot ? null : session.cursor;
    const cursor = served?.cursor ?? own ?? fold.cursor;
    session.position = cursor.lsn;
    session.base = Math.max(session.base, cursor.lsn);
    session.acked = (served ?? fold).committed.get(replica);
    session.settled(session.acked);
    const piece = served?.bytes.subarray(0, limits.snapshotPieceBytes) ?? null;
    const isWhole = piece === null || piece.length === served?.bytes.length;
    session.snapshot = isWhole ? null : { bytes: served?.bytes ?? piece, sent: piece.length };
    const welcome = durable.welcome(channel, {
      cursor,
      snapshot: piece,
      snapshotBytes: session.snapshot?.bytes.length ?? 0,
      through: session.acked,
      headLsn: fold.lsn,
      now: connections.now.wallMs,
      heartbeatMs: limits.heartbeatMs,
      window: { bytes: limits.windowBytes, operations: limits.windowOperations },
      writable: session.writable,
      session: id,
      protocol: protocolVersion.current,
      expiresInMs: session.expiresInMs(connections.now.wallMs),
    });
    connections.send([session.connection], welcome);
  }

  /** A state that the session can begin with: it knows of its cursor, and the rows after it are. */
  #serve({ identity, cursor }: Session): ServedSnapshot {
    const lsn = Math.max(cursor?.lsn ?? 0, this.#rowsFrom - 1);
    const { monoMs } = this.#parts.connections.now;
    return this.#snapshots.serve({ lsn, replica: identity.replica }, monoMs);
  }

  /** The rest of its snapshot, as far as the socket takes it. */
  #sendPieces(session: Session): void {
    const { durable, connections, limits } = this.#parts;
    const { channel } = session.identity;
    while (session.snapshot !== null && session.connection.writable) {
      const { bytes, sent } = session.snapshot;
      const piece = bytes.subarray(sent, sent + limits.snapshotPieceBytes);
      session.snapshot.sent += piece.length;
      if (session.snapshot.sent === bytes.length) session.snapshot = null;
      connections.send([session.connection], durable.snapshotPiece(channel, piece));
    }
  }

  /** How a session gets what it lacks. */
  #wayFor(session: Session): 'rows' | 'snapshot' | 'none' {
    const { durable, connections, limits } = this.#parts;
    const { position } = session;
    if (position < this.#rowsFrom) return 'snapshot';
    const isFar = durable.fold.lsn - position > limits.catchUpRowsMax;
    const isInMemory = position + 1 >= (this.#recent[0]?.lsn ?? Infinity);
    // Rows that a snapshot covers leave memory too: who lacks only those did not fall.
    const hasFallen = !session.catchingUp && position < this.#droppedLsn;
    if (!isFar && (isInMemory || !hasFallen)) return 'rows';
    const { monoMs } = connections.now;
    if (monoMs - session.fellMs >= limits.slowReaderMs) session.falls = 0;
    session.falls++;
    session.fellMs = monoMs;
    session.catchingUp = true;
    if (session.falls > 2) return 'none';
    return isFar || session.falls === 2 ? 'snapshot' : 'rows';
  }

  #takesRows({ snapshot, connection }: Session): boolean {
    return snapshot === null && connection.writable;
  }

  #caughtUp(session: Session): void {
    session.catchingUp = false;
    this.acknowledge(session);
    if (session.presenceStale) this.#presence.sendAll(session);
  }

  #ackOf(session: Session, folded: FoldedRow): Parameters<DurableFold['frame']>[2] {
    const { fold } = this.#parts.durable;
    const { replica } = session.identity;
    const through = fold.committed.get(replica);
    if (through <= session.acked) return undefined;
    let operations = 0;
    let base = Infinity;
    for (const { batch, verdict } of folded.batches) {
      if (batch.replica !== replica || verdict.type !== 'applied') continue;
      operations += batchOperations(verdict.batch);
      base = Math.min(base, batch.base);
    }
    session.acked = through;
    session.settled(through);
    let stale = { operations: 0, ms: 0 };
    if (operations > 0) {
      const own = session.countOwn({ lsn: folded.lsn, operations }, base);
      stale = this.#staleness.between(base, fold.cursor, session.pinned, own);
    }
    this.#noteTime(session, stale);
    return {
      replica,
      ack: { through, lsn: 0, at: 0, staleOperations: stale.operations, staleMs: stale.ms },
    };
  }

  #noteTime(session: Session, stale: { readonly operations: number; readonly ms: number }): void {
    const receivedMs = session.takeSettledFrom();
    // Sent on an earlier session: since when it waits is not known here.
    if (receivedMs === null) return;
    const ackedMs = this.#parts.connections.now.monoMs;
    const { operations: staleOperations, ms: staleMs } = stale;
    this.#parts.editTimes.note({ receivedMs, ackedMs, staleOperations, staleMs });
  }

  #shownOf(row: DurableRow): ShownBatch[] {
    const { table, voided } = this.#parts.durable.fold;
    const voids = voided.get(row.lsn) ?? [];
    return row.batches.flatMap((batch, i) => {
      if (voids.includes(i)) return [];
      const named = renameBatch(batch, (replica) => table.indexOf(replica));
      return [{ replica: batch.replica, last: batchLast(batch), part: new RowBatch(named) }];
    });
  }

  #header(
    lsn: number,
    at: number,
  ): { lsn: number; epoch: number; at: number; introduced: readonly number[] } {
    const { table, epoch } = this.#parts.durable.fold;
    return { lsn, epoch: lsn === 1 ? epoch : 0, at, introduced: table.introducedAt(lsn) };
  }

  #remember(lsn: number, previousAt: number, part: DurableFrame): void {
    this.#recent.push({ lsn, previousAt, part });
    this.#recentBytes += part.bytes.length;
    while (this.#recentBytes > this.#parts.limits.recentBytesMax) {
      const dropped = this.#recent.shift();
      this.#recentBytes -= dropped?.part.bytes.length ?? 0;
      this.#droppedLsn = dropped?.lsn ?? this.#droppedLsn;
    }
  }

  /** Row parts from `afterLsn` on that are still in memory, about a frame full. */
  #recentAfter(afterLsn: number): DurableFrame[] {
    const start = afterLsn + 1 - (this.#recent[0]?.lsn ?? Infinity);
    const frames: DurableFrame[] = [];
    let bytes = 0;
    for (let i = start; i >= 0 && bytes < catchUpFrameBytes; i++) {
      const row = this.#recent[i];
      if (row === undefined) break;
      frames.push(row.part);
      bytes += row.part.bytes.length;
    }
    return frames;
  }

  #needPage(afterLsn: number): void {
    if (this.#pageAfter !== null) return;
    this.#pageAfter = afterLsn;
    // Otherwise with the row before, for its time; never twice: it may be as large as a page.
    const isKnown = this.#pageEnd?.lsn === afterLsn;
    this.#parts.requestPage(isKnown ? afterLsn : Math.max(0, afterLsn - 1));
  }

  #sendPage(after: number, page: LogPage): Session[] {
    const { durable, connections } = this.#parts;
    const { fold } = durable;
    const start = this.#pageEnd?.lsn === after ? [this.#pageEnd] : [];
    const known = [...start, ...page.rows];
    const strangers = [...this.sessions.values()].filter(({ position, cursor }) =>
      known.some(({ lsn, at }) => lsn === position && lsn === cursor?.lsn && at !== cursor.at),
    );
    let previousAt = start[0]?.at ?? 0;
    for (const logRow of page.rows) {
      // The first row may repeat the one before, for the time that deltas start from.
      if (logRow.lsn > after && logRow.lsn <= fold.lsn) {
        const row = rowFromLog(fold.epoch, logRow);
        const batches = this.#shownOf(row).map(({ part }) => part);
        const part = durable.rowPart({ ...this.#header(row.lsn, row.at - previousAt), batches });
        for (const session of this.sessions.values()) {
          const { channel } = session.identity;
          if (session.position !== row.lsn - 1 || !this.#takesRows(session)) continue;
          if (strangers.includes(session)) continue;
          session.position = row.lsn;
          connections.send([session.connection], durable.frame(channel, [part]));
        }
      }
      previousAt = logRow.at;
      this.#pageEnd = logRow;
    }
    return strangers;
  }
}
