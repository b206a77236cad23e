/**
 * A client as a state machine: the document as this replica sees it, what it typed and does not
 * know to be durable, and the connection that brings both together with the server.
 *
 * The text holds the fold of the rows received so far plus the outbox. Typing never waits: an edit
 * is applied, put into the outbox and sent when the window allows. A welcome says what is durable;
 * the rest of the outbox is sent again, and the server's fold skips what it has. Nothing is ever
 * taken back because a connection broke.
 *
 *   offline ─connect→ connecting ─opened→ greeting ─welcome→ open ─closed→ offline (backoff)
 *   any ─goOffline→ offline, until reconnectNow
 *   any ─refused for good→ failed, until reconnectNow;  any ─stop→ closed
 *
 * If the server's history is another one than ours (restored from a backup, or our acknowledged
 * operations are missing), its state is loaded and our own operations are offered again; what does
 * not fit any more is rescued as text. A replica that was refused ends: unsent text is rescued, and
 * typing goes on under a new identity.
 */
import { type Batch, batchLast, batchOperations, renameBatch } from '../../proto/batch.ts';
import { type ClientBody, encodeClientFrame } from '../../proto/client-frame.ts';
import { type ErrorCode, errorCodeOf, errorCodes, mayRetry } from '../../proto/codes.ts';
import { protocolVersion } from '../../proto/protocol-version.ts';
import type { FrameRow, ServerFrame, Welcome } from '../../proto/server-frame.ts';
import { assert, unreachable } from '../assert.ts';
import type { Instant } from '../ids.ts';
import type { Random } from '../random.ts';
import type { TextChange } from '../text/text-change.ts';
import { Backoff } from './backoff.ts';
import type { Core, Ready } from './effects.ts';
import { Fold } from './fold.ts';
import { Outbox } from './outbox.ts';
import { ReplicaConnection } from './replica-connection.ts';
import type { ReplicaEffect, ReplicaInput, SyncStatus } from './replica-effects.ts';
import { type PeerPresence, ReplicaPresence } from './replica-presence.ts';
import { difference, integrateAll, ownOperations, stateOf } from './takeover.ts';

/** Who a client is to the log; never shared by two live clients. */
export interface ReplicaIdentity {
  /** Random, 1 … 2^53 - 1. */
  readonly replica: number;
  /** 16 random bytes. */
  readonly secret: Uint8Array;
}

export interface ReplicaOptions {
  readonly document: string;
  readonly token: string;
  /** A fresh identity: at the start, and when the one in use has ended. */
  readonly newIdentity: () => ReplicaIdentity;
  /** Jitter of the backoff. */
  readonly random: Random;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** Heartbeat interval until a welcome tells the server's. */
  readonly heartbeatMs: number;
  /** Own presence is sent at most this often. */
  readonly presenceMs: number;
  /** Operations in one frame; longer edits are cut. */
  readonly frameOperationsMax: number;
}

/** So often a replica comes back after it was superseded. */
const supersededMax = 3;

export class ReplicaSession implements Core<ReplicaInput, ReplicaEffect> {
  readonly #options: ReplicaOptions;
  readonly #outbox = new Outbox();
  readonly #presence = new ReplicaPresence();
  readonly #backoff: Backoff;
  #identity: ReplicaIdentity;
  #fold = new Fold(0);
  #connection: ReplicaConnection | null = null;
  #connections = 0;
  #retryAtMs: number | null = null;
  #presenceAtMs: number | null = null;
  #presenceSentMs = Number.NEGATIVE_INFINITY;
  /** The rows here are not to be trusted: ask for the whole state. */
  #cursorLost = false;
  /** Times that this replica was superseded since its last acknowledgement. */
  #superseded = 0;
  #status: SyncStatus = 'offline';
  #ended: 'failed' | 'closed' | null = null;
  #effects: ReplicaEffect[] = [];
  #now: Instant = { monoMs: 0, wallMs: 0 };

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#identity = options.newIdentity();
    this.#backoff = new Backoff(options.backoffMinMs, options.backoffMaxMs);
  }

  get text(): string {
    return this.#fold.sequence.text;
  }

  /** What is here of the log; its `sequence` also holds own operations that no row carried yet. */
  get fold(): Fold {
    return this.#fold;
  }

  get replica(): number {
    return this.#identity.replica;
  }

  get status(): SyncStatus {
    return this.#status;
  }

  /** Own operations that are not known to be durable. */
  get pendingOperations(): number {
    return this.#outbox.operations;
  }

  /** What is in the outbox, oldest first. */
  get pendingBatches(): readonly Batch[] {
    return this.#outbox.batches;
  }

  get peers(): PeerPresence[] {
    return this.#presence.peers(this.#fold);
  }

  /** Throws RangeError, before anything has changed, for an edit that the text does not allow. */
  step(now: Instant, input: ReplicaInput): Ready<ReplicaEffect> {
    this.#now = now;
    this.#handle(input);
    this.#runDue();
    this.#updateStatus();
    const effects = this.#effects;
    this.#effects = [];
    return { effects, wakeAtMs: this.#nextDeadline() };
  }

  #handle(input: ReplicaInput): void {
    switch (input.type) {
      case 'start':
      case 'reconnectNow':
        if (this.#ended === 'failed') this.#ended = null;
        if (this.#connection === null && this.#ended === null) this.#connect();
        return;
      case 'goOffline':
        this.#goOffline();
        return;
      case 'stop':
        this.#ended = 'closed';
        this.#goOffline();
        return;
      case 'edited':
        this.#edit(input.splices);
        return;
      case 'presenceSet':
        this.#presence.set(this.#fold, input.presence);
        this.#presenceAtMs = Math.max(
          this.#now.monoMs,
          this.#presenceSentMs + this.#options.presenceMs,
        );
        return;
      case 'connOpened':
        if (this.#isCurrent(input.connection)) this.#hello();
        return;
      case 'connReceived':
        if (this.#isCurrent(input.connection)) this.#received(input.frame);
        return;
      case 'connMalformed':
        if (this.#isCurrent(input.connection)) this.#resync();
        return;
      case 'connClosed':
        if (this.#isCurrent(input.connection)) this.#closed(input.code);
        return;
      case 'tick':
        return;
      default:
        unreachable(input);
    }
  }

  #isCurrent(connection: number): boolean {
    return this.#connection?.number === connection;
  }

  #edit(splices: Extract<ReplicaInput, { type: 'edited' }>['splices']): void {
    const { sequence, lsn } = this.#fold;
    const batch = sequence.edit(this.#identity.replica, splices, lsn);
    if (batch === null) return;
    this.#outbox.push(batch, this.#connection?.sentThrough ?? 0);
    this.#effects.push({ type: 'textChanged', origin: 'local', changes: splices });
    this.#sendOutbox();
  }

  #connect(): void {
    this.#connections++;
    this.#retryAtMs = null;
    this.#connection = new ReplicaConnection(this.#connections, {
      nowMs: this.#now.monoMs,
      heartbeatMs: this.#options.heartbeatMs,
    });
    this.#effects.push({ type: 'connect', connection: this.#connections });
  }

  #hello(): void {
    const connection = this.#connection;
    assert(connection?.phase === 'connecting', 'a connection opens once');
    connection.phase = 'greeting';
    const { document, token } = this.#options;
    const { replica, secret } = this.#identity;
    const cursor = this.#cursorLost || this.#fold.lsn === 0 ? null : this.#fold.cursor;
    const hello = { document, token, replica, secret, cursor } as const;
    const protocol = protocolVersion.current;
    this.#send({ type: 'hello', protocol, thin: false, ...hello });
  }

  #received(frame: ServerFrame): void {
    const connection = this.#connection;
    assert(connection !== null, 'only the current connection is heard');
    connection.heardMs = this.#now.monoMs;
    if (frame.error !== null) connection.error = frame.error.code;
    if (frame.welcome !== null && !this.#welcomed(connection, frame.welcome)) return;
    if (connection.phase !== 'open') return;
    for (const row of frame.rows) if (!this.#row(row)) return;
    if (frame.ack !== null) this.#acked(connection, frame.ack);
    if (frame.window !== null) connection.window = frame.window;
    if (frame.presence !== null) {
      this.#presence.receive(this.#fold, frame.presence, connection.session);
      this.#effects.push({ type: 'presenceChanged' });
    }
    this.#sendOutbox();
  }

  #welcomed(connection: ReplicaConnection, welcome: Welcome): boolean {
    connection.welcomed(welcome);
    const { replica } = this.#identity;
    if (welcome.through > this.#fold.sequence.versionVector.get(replica)) {
      // The server knows operations of this replica that we do not: our memory is an old copy.
      this.#endReplica('replica-forked');
      return false;
    }
    const { cursor } = welcome;
    const same = cursor.epoch === this.#fold.epoch && cursor.lsn === this.#fold.lsn;
    const lost = welcome.through < this.#fold.committed.get(replica);
    if (lost && !this.#cursorLost) {
      this.#resync();
      return false;
    }
    if (welcome.snapshot !== null || !same || this.#cursorLost) {
      if (!this.#load(welcome)) return false;
    }
    this.#cursorLost = false;
    this.#settle(welcome.through);
    if (this.#presence.hasOwn) this.#presenceAtMs ??= this.#now.monoMs;
    return true;
  }

  /** Takes over the server's state; false if the session has to begin anew. */
  #load(welcome: Welcome): boolean {
    const old = this.#fold;
    const fold = stateOf(welcome);
    if (fold === null) {
      this.#resync();
      return false;
    }
    const { replica } = this.#identity;
    this.#outbox.settle(welcome.through);
    const sameHistory = old.epoch === fold.epoch && welcome.through >= old.committed.get(replica);
    const unsettled = this.#outbox.takeAll();
    const own = sameHistory
      ? unsettled.map((batch) => ({ ...batch, base: Math.min(batch.base, fold.lsn) }))
      : ownOperations(old, replica, welcome.through, fold.lsn);
    if (!integrateAll(fold, own)) {
      this.#rescue('history-changed', own);
      this.#identity = this.#options.newIdentity();
      this.#cursorLost = true;
      this.#reconnect();
      return false;
    }
    for (const batch of own) this.#outbox.push(batch, Number.POSITIVE_INFINITY);
    this.#fold = fold;
    assert(fold.committed.get(replica) <= welcome.through, 'the snapshot is of another moment');
    this.#remoteChanges(difference(old.sequence.text, fold.sequence.text));
    return true;
  }

  /** One row; false if it does not fit what is here. */
  #row(row: FrameRow): boolean {
    const fold = this.#fold;
    const lsn = fold.lsn + 1;
    if (row.epoch !== 0) fold.epoch = row.epoch;
    for (const replica of row.introduced) {
      if (fold.table.indexOf(replica) === 0) fold.introduce(replica, lsn, null);
    }
    const batches = row.batches.map((batch) =>
      renameBatch(batch, (name) => fold.table.replicaAt(name)),
    );
    const known = batches.every((batch) => batch.replica !== 0);
    if (!known || row.at < 0) {
      this.#resync();
      return false;
    }
    const folded = fold.apply({ lsn, at: fold.at + row.at, batches });
    this.#remoteChanges(folded.batches.flatMap(({ changes }) => changes));
    if (folded.batches.some(({ verdict }) => verdict.type === 'void')) {
      // The server judged these batches and we disagree: one of us is wrong about the state.
      this.#resync();
      return false;
    }
    const own = fold.committed.get(this.#identity.replica);
    this.#forgetSettled(own);
    return true;
  }

  #acked(connection: ReplicaConnection, ack: NonNullable<ServerFrame['ack']>): void {
    if (ack.through > this.#fold.sequence.versionVector.get(this.#identity.replica)) {
      this.#endReplica('replica-forked');
      return;
    }
    assert(connection.phase === 'open', 'acks follow a welcome');
    this.#superseded = 0;
    this.#settle(ack.through);
    const lsn = ack.lsn === 0 ? this.#fold.lsn : ack.lsn;
    const at = ack.lsn === 0 ? this.#fold.at : ack.at;
    this.#effects.push({ type: 'acked', ack: { ...ack, lsn, at } });
  }

  #settle(through: number): void {
    const { replica } = this.#identity;
    const operations = this.#forgetSettled(through);
    this.#fold.settle(replica, through, operations);
  }

  #forgetSettled(through: number): number {
    this.#connection?.settled(through);
    return this.#outbox.settle(through);
  }

  #sendOutbox(): void {
    const connection = this.#connection;
    if (connection?.phase !== 'open' || !connection.writable) return;
    for (;;) {
      const { frameOperationsMax } = this.#options;
      const batch = this.#outbox.next(connection.sentThrough, frameOperationsMax);
      if (batch === null) return;
      const operations = batchOperations(batch);
      const bytes = this.#encodeEdit(batch);
      if (!connection.allows(bytes.length, operations)) return;
      connection.sent({ last: batchLast(batch), bytes: bytes.length, operations });
      this.#sendBytes(connection, bytes);
    }
  }

  #encodeEdit(batch: Batch): Uint8Array {
    const { table } = this.#fold;
    const self = this.#identity.replica;
    const named = renameBatch(batch, (replica) => {
      const name = replica === self ? 0 : table.indexOf(replica);
      assert(name !== 0 || replica === self, `replica ${replica} has no name here`);
      return name;
    });
    return encodeClientFrame({ channel: 0, body: { type: 'edit', batches: [named] } });
  }

  #send(body: ClientBody): void {
    if (this.#connection === null) return;
    this.#sendBytes(this.#connection, encodeClientFrame({ channel: 0, body }));
  }

  #sendBytes(connection: ReplicaConnection, bytes: Uint8Array): void {
    connection.sentMs = this.#now.monoMs;
    this.#effects.push({ type: 'send', connection: connection.number, bytes });
  }

  #closed(closeCode: number): void {
    const code = this.#connection?.error ?? errorCodeOf(closeCode) ?? 'internal';
    this.#connection = null;
    if (this.#presence.clear()) this.#effects.push({ type: 'presenceChanged' });
    switch (code) {
      case 'history-changed':
      case 'bad-frame':
      case 'window-exceeded':
        this.#cursorLost = true;
        break;
      case 'superseded':
        // By our own older connection, as a rule: its hello was overtaken. By a second copy of this
        // replica if it goes on: whichever of the two types is found out, else this one yields.
        this.#superseded++;
        if (this.#superseded <= supersededMax) break;
        this.#endReplica(code);
        return;
      case 'replica-forked':
      case 'replica-mismatch':
      case 'invalid-edit':
      case 'too-large':
        this.#endReplica(code);
        return;
      default:
        if (!mayRetry(errorCodes[code].close)) {
          this.#ended = 'failed';
          const { meaning } = errorCodes[code];
          this.#effects.push({ type: 'failed', code, message: meaning });
          return;
        }
    }
    this.#reconnect();
  }

  /** This identity must not write any more: rescue what it had not settled, and begin anew. */
  #endReplica(code: ErrorCode): void {
    this.#superseded = 0;
    this.#rescue(code, this.#outbox.takeAll());
    this.#identity = this.#options.newIdentity();
    this.#cursorLost = true;
    this.#reconnect();
  }

  #rescue(code: ErrorCode, batches: readonly Batch[]): void {
    const texts = batches.flatMap(({ ops }) =>
      ops.flatMap((op) => (op.type === 'insert' ? [op.text] : [])),
    );
    if (batches.length > 0) this.#effects.push({ type: 'rescued', code, texts });
  }

  /** What is here cannot be squared with what the server says: ask for its whole state. */
  #resync(): void {
    this.#cursorLost = true;
    this.#reconnect();
  }

  #disconnect(): void {
    if (this.#connection === null) return;
    this.#effects.push({ type: 'disconnect', connection: this.#connection.number });
    this.#connection = null;
    if (this.#presence.clear()) this.#effects.push({ type: 'presenceChanged' });
  }

  #goOffline(): void {
    this.#disconnect();
    this.#retryAtMs = null;
  }

  #reconnect(): void {
    this.#disconnect();
    if (this.#ended !== null) return;
    this.#retryAtMs = this.#now.monoMs + this.#backoff.next(this.#options.random);
  }

  #remoteChanges(changes: readonly TextChange[]): void {
    if (changes.length > 0) this.#effects.push({ type: 'textChanged', origin: 'remote', changes });
  }

  #runDue(): void {
    const now = this.#now.monoMs;
    if (this.#retryAtMs !== null && now >= this.#retryAtMs && this.#ended === null) this.#connect();
    const connection = this.#connection;
    if (connection === null) return;
    if (now >= connection.deadAtMs) {
      this.#reconnect();
      return;
    }
    if (connection.phase !== 'open') return;
    if (this.#presenceAtMs !== null && now >= this.#presenceAtMs) this.#sendPresence();
    if (now >= connection.heartbeatAtMs) {
      this.#send({ type: 'heartbeat', at: this.#now.wallMs });
    }
  }

  #sendPresence(): void {
    this.#presenceAtMs = null;
    this.#presenceSentMs = this.#now.monoMs;
    const state = this.#presence.outgoing(this.#fold, this.#identity.replica);
    this.#send({ type: 'presence', state });
  }

  #nextDeadline(): number | null {
    let earliest = this.#retryAtMs ?? Number.POSITIVE_INFINITY;
    const connection = this.#connection;
    if (connection !== null) {
      earliest = Math.min(earliest, connection.deadAtMs);
      if (connection.phase === 'open') {
        earliest = Math.min(earliest, connection.heartbeatAtMs);
        earliest = Math.min(earliest, this.#presenceAtMs ?? Number.POSITIVE_INFINITY);
      }
    }
    return earliest === Number.POSITIVE_INFINITY ? null : earliest;
  }

  #updateStatus(): void {
    const status = this.#ended ?? this.#connectedStatus();
    if (status === this.#status) return;
    this.#status = status;
    // Not at the welcome: what fails right after one must wait longer each time.
    if (status === 'durable') this.#backoff.reset();
    this.#effects.push({ type: 'statusChanged', status });
  }

  #connectedStatus(): SyncStatus {
    const connection = this.#connection;
    if (connection === null) return 'offline';
    if (connection.phase !== 'open') return 'connecting';
    const caughtUp = this.#fold.lsn >= connection.headLsn;
    return caughtUp && this.#outbox.operations === 0 ? 'durable' : 'syncing';
  }
}
