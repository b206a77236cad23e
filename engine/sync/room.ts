/**
 * One document on one node: a fold of its log, and the edits on their way there.
 *
 * Rows enter the fold strictly in LSN order and from durable sources only: this node's committed
 * append, the bus, or a read of the log. Whatever does not follow directly (a hole, an unknown
 * outcome, a reconnect of the database, a cursor ahead of us) has one answer: read the tail of the
 * log; where the bus may have hidden something, its head is asked for first. Edits are admitted,
 * queued, and appended as one row; one append is in flight at most, and the next row is composed
 * meanwhile.
 *
 * An append with unknown outcome is neither acknowledged nor refused. After a tail read that began
 * later reached the head, what the fold has by then is acknowledged by the fold, and the rest is
 * appended again; if the first append turns up after all, the fold finds the copies covered.
 *
 *   beginning ──snapshot, or none──▶ loading ──read reached the head──▶ live ◀──▶ behind
 *      ╰── failed: again after a backoff ──╯
 */
import type { Batch } from '../../proto/batch.ts';
import { type BusPresence, type BusRow, encodeBusMessage } from '../../proto/bus-codec.ts';
import type { ErrorCode } from '../../proto/codes.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import type { PresenceState } from '../../proto/frame-messages.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import { assert } from '../assert.ts';
import type { AppendResult, LogHead, LogPage } from '../driver/ports.ts';
import type { AppendId } from '../ids.ts';
import { AppendPipeline } from './append-pipeline.ts';
import { Backoff } from './backoff.ts';
import { earliestOf } from './deadline-queue.ts';
import type { Delivery } from './delivery.ts';
import { busMessage, type DurableRow, rowFromBus, rowFromLog } from './durability.ts';
import { Fold } from './fold.ts';
import { HeadWatch } from './head-watch.ts';
import { joinRefusal } from './join-refusal.ts';
import type { RoomContext } from './room-context.ts';
import { beginHistory, type RoomHistory } from './room-history.ts';
import type { Session } from './session.ts';
import { SnapshotSchedule } from './snapshot-schedule.ts';
import { TailReader } from './tail-reader.ts';
import { takeReached, waitingBeyond } from './waiting-edits.ts';

export class Room {
  readonly document: string;
  readonly #context: RoomContext;
  readonly #tail: TailReader;
  readonly #watch: HeadWatch;
  /** Of pages that sessions need to catch up. */
  readonly #pageBackoff: Backoff;
  readonly #schedule: SnapshotSchedule;
  readonly #pipeline: AppendPipeline;
  #history: RoomHistory;
  /** Sessions that wait until the fold has reached the log's head and their cursor. */
  readonly #joining = new Set<Session>();
  #loaded = false;
  #busTrustedAtMs = 0;
  #pageRetryAtMs: number | null = null;
  #idleAtMs: number | null;

  constructor(document: string, context: RoomContext) {
    this.document = document;
    this.#context = context;
    this.#tail = new TailReader({
      ...context,
      load: () => context.loadSnapshot(this, (fold) => this.#snapshotLoaded(fold)),
      read: (afterLsn) => context.read(this, afterLsn, (page) => this.#tailRead(page)),
    });
    this.#pageBackoff = new Backoff(context.limits.retryMinMs, context.limits.retryMaxMs);
    this.#watch = new HeadWatch(context);
    this.#history = this.#begin(new Fold(context.random.id()));
    this.#schedule = new SnapshotSchedule(context);
    this.#pipeline = new AppendPipeline({
      rowBytesMax: context.limits.rowBytesMax,
      backlog: context.backlog,
      append: (batches) => context.append(this, this.fold.epoch, encodeUpdate({ batches })),
    });
    this.#idleAtMs = this.#now() + context.limits.roomIdleMs;
    this.readTail();
  }

  get fold(): Fold {
    return this.#history.durable.fold;
  }

  get sessions(): number {
    return this.#history.delivery.sessions.size + this.#joining.size;
  }

  /** What is sent to its sessions, and what is kept for that. */
  get delivery(): Delivery {
    return this.#history.delivery;
  }

  /** Nothing is on its way to the log. */
  get settled(): boolean {
    return this.#pipeline.isEmpty;
  }

  /** Has had no session and nothing to settle for a while, or has nothing to keep. */
  get evictable(): boolean {
    return this.#evictAtMs !== null && this.#now() >= this.#evictAtMs;
  }

  get deadlineMs(): number | null {
    const { exchange, delivery } = this.#history;
    const own = earliestOf(this.#tail.retryAtMs, this.#pageRetryAtMs, this.#schedule.retryAtMs);
    return earliestOf(own, this.#askAtMs, exchange.dueMs, delivery.dueMs, this.#evictAtMs);
  }

  /**
   * A session whose hello was allowed. It is welcomed as soon as the fold has reached its cursor.
   */
  join(session: Session): void {
    session.phase = 'joining';
    this.#idleAtMs = null;
    if (this.sessions === 0) this.#history.exchange.ask(this.#now());
    this.#joining.add(session);
    if (this.#loaded) this.#admitJoining();
    else if (!this.#tail.isBusy) this.readTail();
  }

  leave(session: Session): void {
    this.#joining.delete(session);
    if (session.phase === 'open') {
      this.#history.delivery.leave(session);
      this.#history.exchange.leave(session.identity.id);
    }
    session.phase = 'ended';
    if (this.sessions === 0) {
      this.#history.exchange.forgetOthers();
      this.#idleAtMs = this.#now() + this.#context.limits.roomIdleMs;
    }
    this.#history.exchange.arm(this.#now());
  }

  /** Edits of an open session, renamed to full ids. */
  edit(session: Session, batches: readonly Batch[]): void {
    for (const batch of batches) {
      if (session.phase !== 'open') return;
      if (session.waiting.length > 0 || batch.base > this.fold.lsn) this.#wait(session, batch);
      else this.#admit(session, batch);
    }
    if (session.phase === 'open') this.#history.delivery.acknowledge(session);
    this.#compose();
  }

  setPresence({ identity }: Session, state: PresenceState | null): void {
    this.#history.exchange.set({ session: identity.id, replica: identity.replica, state });
    this.#history.exchange.arm(this.#now());
  }

  presenceReceived(presence: BusPresence): void {
    if (this.sessions === 0) return;
    this.#history.exchange.receive(presence, this.#now(), this.fold);
    // Who asks has come new or was cut off: what it committed then may not have been heard here.
    if (presence.ask) this.askHead();
    this.#history.exchange.arm(this.#now());
  }

  /** The node stops: its sessions are gone for the others too. */
  sayFarewell(): void {
    this.#publishPresence(this.#history.exchange.farewell(this.fold));
  }

  /** A session's socket can take more. */
  pump(session: Session): void {
    if (session.phase === 'open') this.#history.delivery.pump(session);
    else if (session.phase === 'joining' && this.#loaded) this.#admitJoining();
  }

  appendSettled(appendId: AppendId, result: AppendResult, row: DurableRow | null): void {
    const batches = this.#pipeline.end(appendId);
    if (batches === null) return; // Of a history that this room has left.
    if (result.outcome === 'committed') {
      assert(row !== null, 'a committed append has its row');
      const message = busMessage(row);
      this.#context.connections.emit({ type: 'publish', document: this.document, message });
      const { fold } = this;
      this.#offer(row);
      // Before a hole it is not folded yet, and a failover can take it until the log was read.
      if (this.fold === fold && row.lsn > fold.lsn) this.#pipeline.doubt(batches);
    } else if (result.outcome === 'unknown') {
      this.#pipeline.doubt(batches);
      this.readTail();
    } else this.#rejected(result.code, batches);
    this.#compose();
  }

  /** A row that another node says it has committed. Throws DecodeError if the body is damaged. */
  busReceived(message: BusRow): void {
    if (this.#loaded && this.#now() >= this.#busTrustedAtMs) this.#offer(rowFromBus(message));
    else this.readTail();
    this.#compose();
  }

  /**
   * The database can be reached again, and may be another one: a row that was published before may
   * be in it no more, so for a while the bus only says when to read.
   */
  logReconnected(): void {
    this.#busTrustedAtMs = this.#now() + 2 * this.#context.limits.heartbeatMs;
    this.readTail();
  }

  /** Reads the log from the last folded row on; once more if a read is under way. */
  readTail(): void {
    this.#watch.wait();
    this.#tail.read(this.fold);
  }

  /** Sees whether the log has gone on: cheaper than a read, and one question for many rooms. */
  askHead(): void {
    this.#watch.wait();
    if (this.#tail.isReading) this.#tail.read(this.fold);
    else this.#context.askHead(this);
  }

  /** The question is on its way. */
  headAsked(): void {
    this.#watch.asked(this.fold);
  }

  /** null: there is no such document; 'failed': nothing is known. */
  headRead(head: LogHead | null | 'failed'): void {
    if (head === 'failed') this.#watch.failed(this.#now());
    else if (this.#watch.differs(head, this.fold)) this.readTail();
    else if (!this.#tail.isReading) this.#watch.heard(this.#now());
  }

  /** LSN of the newest snapshot, or null: it could not be made. */
  snapshotMade(lsn: number | null): void {
    this.#schedule.made(lsn, this.#now());
    if (lsn !== null && this.#tail.hasBegun) this.#history.delivery.forgetRows(lsn);
    this.#makeSnapshotIfDue();
  }

  /** The bus may have lost something, or has only now begun to be heard. */
  mayHaveMissed(): void {
    this.askHead();
    if (this.sessions > 0) this.#history.exchange.ask(this.#now());
  }

  busChanged(): void {
    this.#watch.busChanged(this.#now());
  }

  #snapshotLoaded(fold: Fold | null | 'failed'): void {
    if (fold === 'failed') {
      this.#tail.failedToBegin(this.#now());
      return;
    }
    this.#tail.began();
    if (fold !== null) {
      this.#history = this.#begin(fold);
      if (this.sessions > 0) this.#history.exchange.ask(this.#now());
    }
    this.#schedule.begin(this.fold.lsn);
    this.readTail();
  }

  #tailRead(page: LogPage | null): void {
    if (!this.#tail.answered(page, this.#now())) return;
    const { head } = page;
    const obstacle = this.#tail.obstacle(page, this.fold);
    if (obstacle !== null) {
      this.#abandon(...obstacle);
      return;
    }
    if (head !== null && this.fold.lsn === 0) this.fold.epoch = head.epoch;
    const readable = this.#unlessUnreadable(() => {
      for (const row of page.rows) {
        if (row.lsn === this.fold.lsn + 1) this.#foldRow(rowFromLog(this.fold.epoch, row));
      }
    });
    if (!readable) return;
    const again = this.#tail.takeAgain();
    // Not the last row again: a row as large as a page would come for ever, and no other.
    if (head !== null && head.lsn > this.fold.lsn) this.#tail.readAfter(this.fold.lsn, this.fold);
    else if (again) this.readTail();
    else this.#reachedHead(head);
  }

  #pageRead(owner: Delivery, page: LogPage | null): void {
    if (owner !== this.#history.delivery) return; // Asked for in a history that this room has left.
    if (page === null) {
      this.#pageRetryAtMs = this.#now() + this.#pageBackoff.next(this.#context.random);
      return;
    }
    if (page.head?.epoch !== this.fold.epoch) {
      this.#history.delivery.pageRead(null);
      this.readTail();
      return;
    }
    this.#pageBackoff.reset();
    this.#unlessUnreadable(() => {
      for (const session of this.#history.delivery.pageRead(page)) {
        const message = `the row at ${session.position} is not the one of the cursor`;
        this.#context.endSession(session, 'history-changed', message);
      }
    });
  }

  /** Does what is due. */
  tick(): void {
    const now = this.#now();
    if (now >= (this.#tail.retryAtMs ?? Infinity)) this.readTail();
    if (now >= (this.#askAtMs ?? Infinity)) this.askHead();
    this.#history.delivery.tick();
    if (now >= (this.#schedule.retryAtMs ?? Infinity)) this.#makeSnapshotIfDue();
    if (this.#pageRetryAtMs !== null && now >= this.#pageRetryAtMs) {
      this.#pageRetryAtMs = null;
      this.#history.delivery.pageRead(null);
    }
    if (now >= (this.#history.exchange.dueMs ?? Infinity)) {
      this.#publishPresence(this.#history.exchange.take(now, this.fold));
      this.#history.delivery.flushPresence();
    }
  }

  /** A document that nobody looks at here need not keep up with its log. */
  get #askAtMs(): number | null {
    return this.sessions > 0 ? this.#watch.dueMs : null;
  }

  get #evictAtMs(): number | null {
    return this.sessions === 0 && this.settled && !this.#tail.isReading ? this.#idleAtMs : null;
  }

  #now(): number {
    return this.#context.connections.now.monoMs;
  }

  #begin(fold: Fold): RoomHistory {
    return beginHistory(fold, this.#context, (asker, afterLsn) =>
      this.#context.read(this, afterLsn, (page) => this.#pageRead(asker, page)),
    );
  }

  /** Runs what decodes rows; a row that this version cannot read ends the room. */
  #unlessUnreadable(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#abandon('unreadable-log', error.message);
    }
    return false;
  }

  #compose(): void {
    if (this.#loaded) this.#pipeline.compose();
  }

  /** A row from any durable source: folded if it is next; before a hole, the log is read. */
  #offer(row: DurableRow): void {
    if (row.epoch !== this.fold.epoch || row.lsn > this.fold.lsn + 1) this.readTail();
    else if (row.lsn === this.fold.lsn + 1) {
      this.#foldRow(row);
      if (!this.#tail.isReading) this.#watch.moved(this.#now());
      this.#admitWaiting();
    } else if (row.at !== (this.#history.delivery.timeOf(row.lsn) ?? row.at)) {
      // One of the two is not in the log: a failover took it. Only the whole log tells which.
      this.#abandon('history-changed', `row ${row.lsn} is another one than before`);
    }
  }

  #foldRow(row: DurableRow): void {
    const previousAt = this.fold.at;
    const folded = this.#history.durable.apply(row);
    for (const { batch } of folded.batches) this.#history.admission.settle(batch.replica);
    this.#history.delivery.rowFolded(row, folded, previousAt);
    for (const { batch, verdict } of folded.batches) {
      if (verdict.type === 'void') this.#endReplica(batch.replica, verdict.code, verdict.reason);
    }
    this.#history.presence.rowFolded();
    this.#history.exchange.arm(this.#now());
    this.#schedule.rowFolded(row.body.length);
    this.#makeSnapshotIfDue();
  }

  #makeSnapshotIfDue(): void {
    if (this.#schedule.takeDue(this.fold.lsn, this.#now())) this.#context.makeSnapshot(this);
  }

  #endReplica(replica: number, code: ErrorCode, reason: string): void {
    this.#pipeline.drop(replica);
    this.#history.admission.drop(replica);
    for (const session of this.#history.delivery.sessionsOf(replica)) {
      this.#context.endSession(session, code, reason);
    }
  }

  #reachedHead(head: LogHead | null): void {
    this.#loaded = true;
    this.#watch.reached(head);
    this.#watch.moved(this.#now());
    this.#pipeline.resolve(this.fold.committed);
    this.#admitJoining();
    this.#admitWaiting();
    this.#refuseWaiting();
    this.#compose();
  }

  #admitJoining(): void {
    for (const session of [...this.#joining]) {
      if (session.waitedForTail && this.#tail.isBusy) continue;
      // A socket that is full is sent no snapshot: `pump` comes back to it.
      if (!session.connection.writable) continue;
      this.#joining.delete(session);
      const delivery = this.#history.delivery;
      const refusal = joinRefusal(session, { fold: this.fold, delivery, ...this.#context });
      if (refusal === 'behind') {
        this.#joining.add(session);
        this.readTail();
      } else if (refusal !== null) {
        const message = `the hello of replica ${session.identity.replica}`;
        this.#context.endSession(session, refusal, message);
      } else {
        this.#supersede(session);
        if (session.phase === 'joining') this.#history.delivery.join(session);
      }
    }
  }

  /** The same replica on a newer socket: the older one is half-open, or a bug of the client. */
  #supersede(session: Session): void {
    for (const other of this.#history.delivery.sessionsOf(session.identity.replica)) {
      this.#context.endSession(other, 'superseded', 'the replica connected again');
    }
  }

  #wait(session: Session, batch: Batch): void {
    if (session.waiting.length >= this.#context.limits.waitingBatchesMax) {
      this.#context.endSession(session, 'window-exceeded', 'too many edits wait for their base');
      return;
    }
    session.waiting.push(batch);
    this.readTail();
  }

  #admitWaiting(): void {
    const admit = (session: Session, batch: Batch): void => this.#admit(session, batch);
    takeReached(this.#history.delivery.sessions.values(), () => this.fold.lsn, admit);
  }

  /** The head is reached and the base is still ahead: no row of this history was applied there. */
  #refuseWaiting(): void {
    if (this.#tail.isReading) return;
    const sessions = this.#history.delivery.sessions.values();
    for (const [session, base] of waitingBeyond(sessions, this.fold.lsn)) {
      const message = `base ${base} is ahead of the log's head ${this.fold.lsn}`;
      this.#context.endSession(session, 'history-changed', message);
    }
  }

  #admit(session: Session, batch: Batch): void {
    session.base = Math.max(session.base, batch.base);
    const isNew = this.fold.table.indexOf(batch.replica) === 0;
    const bound = isNew
      ? { ...batch, binding: { secretHash: session.secretHash, principal: session.principal } }
      : batch;
    const admission = this.#history.admission.admit(bound);
    if (admission.type === 'append') this.#pipeline.push(admission.batch);
    else if (admission.type === 'refused') {
      this.#endReplica(batch.replica, admission.code, admission.reason);
    }
  }

  #rejected(code: 'epoch' | 'deleted' | 'invalid', batches: readonly Batch[]): void {
    if (code === 'invalid') {
      const guilty = this.#pipeline.refused(batches);
      if (guilty !== null) this.#endReplica(guilty, 'too-large', 'the log refused the edit');
      return;
    }
    // A first row may have lost the race for the epoch; anything else the tail read will tell.
    this.#pipeline.doubt(batches);
    this.readTail();
  }

  /** This room's history is over: everybody is told, and the next hello loads the log anew. */
  #abandon(code: ErrorCode, message: string): void {
    const everybody = [...this.#history.delivery.sessions.values(), ...this.#joining];
    this.#pipeline.clear();
    this.#loaded = false;
    this.#tail.forget();
    this.#pageRetryAtMs = null;
    for (const session of everybody) this.#context.endSession(session, code, message);
    this.#history = this.#begin(new Fold(this.#context.random.id()));
    this.#idleAtMs = this.#now();
  }

  #publishPresence(messages: readonly BusPresence[]): void {
    const { document } = this;
    for (const presence of messages) {
      const bytes = encodeBusMessage({ type: 'presence', presence });
      this.#context.connections.emit({ type: 'publishPresence', document, bytes });
    }
  }
}
