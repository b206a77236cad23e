/**
 * A client as a state machine: the document as this replica sees it, what it typed and does not
 * know to be durable, and the connection that brings both together with the server.
 *
 * The text holds the fold of the rows received so far plus the outbox. Typing never waits: an edit
 * is applied, put into the outbox and sent when the window allows. A welcome says what is durable;
 * the rest of the outbox is sent again, and the server's fold skips what it has.
 *
 *   offline ─connect→ connecting ─opened→ greeting ─welcome→ open ─closed→ offline (backoff)
 *   any ─goOffline→ offline, until reconnectNow
 *   any ─refused for good→ failed, until reconnectNow;  any ─stop→ closed
 *
 * If the server's history is another one than ours (restored from a backup, or our acknowledged
 * operations are missing), its state is loaded and our own operations are offered again; what does
 * not fit any more is rescued as text. A replica that was refused ends: unsent text is rescued, and
 * typing goes on under a new identity.
 *
 * With a local store nothing is sent before it is stored; a client that begins with what one held
 * loads the document under its outbox and goes on, unless the server knows more of it than that.
 */
import { type Batch, batchLast, batchOperations, renameBatch } from '../../proto/batch.ts';
import { type ClientBody, encodeClientFrame } from '../../proto/client-frame.ts';
import { type ErrorCode, errorCodeOf, errorCodes } from '../../proto/codes.ts';
import { protocolVersion } from '../../proto/protocol-version.ts';
import type { ServerFrame, Welcome } from '../../proto/server-frame.ts';
import { assert, unreachable } from '../assert.ts';
import type { Cursor, Instant } from '../ids.ts';
import type { TextChange } from '../text/text-change.ts';
import { Backoff } from './backoff.ts';
import { reactionTo } from './close-reaction.ts';
import { encodeEdit } from './edit-frame.ts';
import type { Core, Ready } from './effects.ts';
import { Fold } from './fold.ts';
import { Outbox } from './outbox.ts';
import { ReplicaConnection } from './replica-connection.ts';
import type { ReplicaEffect, ReplicaInput, SyncStatus } from './replica-effects.ts';
import type { ReplicaIdentity, ReplicaOptions, StoredReplica } from './replica-options.ts';
import { type PeerPresence, ReplicaPresence } from './replica-presence.ts';
import { carriedOver, difference, insertedTexts, integrateAll, stateOf } from './takeover.ts';

/** So often a replica comes back after it was superseded. */
const supersededMax = 3;

export class ReplicaSession implements Core<ReplicaInput, ReplicaEffect> {
  readonly #options: ReplicaOptions;
  readonly #outbox = new Outbox();
  readonly #presence = new ReplicaPresence();
  readonly #backoff: Backoff;
  #identity: ReplicaIdentity;
  #fold: Fold;
  /** From the local store, until the document is loaded under it. */
  #restored: StoredReplica | null;
  /** Own timestamp up to which the local store has everything; Infinity without a store. */
  #storedThrough: number;
  #connection: ReplicaConnection | null = null;
  #connections = 0;
  #retryAtMs: number | null = null;
  #presenceAtMs: number | null = null;
  #presenceSentMs = -Infinity;
  /** What a hello may build on: the rows here, their place in the history only, or nothing. */
  #trust: 'rows' | 'place' | 'nothing' = 'rows';
  /** Times that this replica was superseded since its last acknowledgement. */
  #superseded = 0;
  #status: SyncStatus = 'offline';
  #ended: 'failed' | 'closed' | null = null;
  #effects: ReplicaEffect[] = [];
  #now: Instant = { monoMs: 0, wallMs: 0 };

  constructor(options: ReplicaOptions) {
    this.#options = options;
    const held = options.localStore?.held ?? null;
    this.#restored = held;
    this.#identity = held?.identity ?? options.newIdentity();
    this.#fold = new Fold(held?.cursor?.epoch ?? 0);
    if (held !== null) this.#trust = 'place';
    this.#storedThrough = options.localStore === null ? Infinity : (held?.last ?? 0);
    if (held !== null) this.#outbox.restore(held);
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

  /** What the local store has to hold now. */
  get stored(): StoredReplica {
    const [identity, cursor, last] = [this.#identity, this.#place, this.#ownLast];
    return { identity, cursor, last, settled: this.#settled, ...this.#outbox.content };
  }

  /** The document is here: false only between a start from a local store and the first load. */
  get loaded(): boolean {
    return this.#restored === null;
  }

  /** What is in the outbox, oldest first. */
  get pendingBatches(): readonly Batch[] {
    return this.#outbox.batches;
  }

  get peers(): PeerPresence[] {
    return this.#presence.peers(this.#fold);
  }

  /**
   * Throws RangeError, before anything has changed, for an edit that the text does not allow, or
   * that comes before the document is loaded.
   */
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
      case 'stop':
        if (input.type === 'stop') this.#ended = 'closed';
        this.#goOffline();
        return;
      case 'edited':
        this.#edit(input.splices);
        return;
      case 'outboxStored':
        if (input.replica === this.#identity.replica) this.#storedThrough = input.last;
        this.#sendOutbox();
        return;
      case 'presenceSet': {
        this.#presence.set(this.#fold, input.presence);
        const earliestMs = this.#presenceSentMs + this.#options.presenceMs;
        this.#presenceAtMs = Math.max(this.#now.monoMs, earliestMs);
        return;
      }
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
    if (this.#restored !== null) throw new RangeError('the document is not loaded yet');
    const { sequence, lsn } = this.#fold;
    const batch = sequence.edit(this.#identity.replica, splices, lsn);
    if (batch === null) return;
    const sentThrough = this.#connection?.sentThrough ?? 0;
    this.#outbox.push(batch, { sentThrough, wallMs: this.#now.wallMs });
    this.#effects.push({ type: 'textChanged', origin: 'local', changes: splices });
    this.#outboxChanged();
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
    assert(this.#connection?.phase === 'connecting', 'a connection opens once');
    this.#connection.phase = 'greeting';
    const { document, token } = this.#options;
    const cursor = this.#trust === 'nothing' ? null : this.#place;
    const whole = cursor !== null && this.#trust === 'place';
    const settled = cursor === null ? 0 : this.#settled;
    const mode = { protocol: protocolVersion.current, thin: false, whole, settled };
    this.#send({ type: 'hello', document, token, ...this.#identity, cursor, ...mode });
  }

  /** Up to where the log was known here when the outbox was filled. */
  get #place(): Cursor | null {
    if (this.#restored !== null) return this.#restored.cursor;
    return this.#fold.lsn === 0 ? null : this.#fold.cursor;
  }

  #received(frame: ServerFrame): void {
    const connection = this.#connection;
    assert(connection !== null, 'only the current connection is heard');
    connection.heardMs = this.#now.monoMs;
    if (frame.error !== null) connection.error = frame.error.code;
    const welcome = connection.takeWelcome(frame);
    if (welcome === 'damaged') this.#resync();
    else if (welcome !== null) this.#welcomed(connection, welcome);
    if (this.#connection !== connection) return;
    const isEmpty = this.#fold.lsn + this.#fold.sequence.length === 0;
    const text = isEmpty ? connection.takePreview() : null;
    if (text !== null) this.#effects.push({ type: 'previewed', text });
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

  #welcomed(connection: ReplicaConnection, welcome: Welcome): void {
    connection.welcomed(welcome);
    const { replica } = this.#identity;
    if (this.#isStranger(welcome.through)) {
      this.#endReplica('replica-forked');
      return;
    }
    const { cursor } = welcome;
    const same = cursor.epoch === this.#fold.epoch && cursor.lsn === this.#fold.lsn;
    const lost = welcome.through < this.#fold.committed.get(replica);
    if (lost && this.#trust !== 'nothing') {
      this.#resync('nothing');
      return;
    }
    const goesOn = welcome.snapshot === null && same && this.#trust === 'rows';
    if (!goesOn && !this.#load(welcome)) return;
    this.#trust = 'rows';
    this.#settle(welcome.through);
    if (this.#presence.hasOwn) this.#presenceAtMs ??= this.#now.monoMs;
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
    const isKept = sameHistory || this.#restored !== null;
    const { through } = welcome;
    const own = carriedOver(unsettled, { isKept, old, replica, through, lsn: fold.lsn });
    // The store knew of ids that the log has lost: they must not be given again.
    const last = this.#restored?.last ?? 0;
    if (!integrateAll(fold, own) || fold.sequence.versionVector.get(replica) < last) {
      this.#endReplica('history-changed', own);
      return false;
    }
    this.#outbox.restore({ batches: own });
    this.#fold = fold;
    this.#restored = null;
    this.#outboxChanged();
    assert(fold.committed.get(replica) <= welcome.through, 'the snapshot is of another moment');
    this.#remoteChanges(difference(old.sequence.text, fold.sequence.text));
    return true;
  }

  /** One row; false if it does not fit what is here. */
  #row(row: ServerFrame['rows'][number]): boolean {
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
    const refused = folded.batches.filter(({ verdict }) => verdict.type === 'void');
    // Other operations under our own ids: we are an old copy. Else we disagree about the state.
    const isFork = refused.some(({ batch }) => batch.replica === this.#identity.replica);
    if (isFork) this.#endReplica('replica-forked');
    else if (refused.length > 0) this.#resync();
    if (refused.length > 0) return false;
    this.#forgetSettled(fold.committed.get(this.#identity.replica));
    return true;
  }

  #acked(connection: ReplicaConnection, ack: NonNullable<ServerFrame['ack']>): void {
    if (this.#isStranger(ack.through)) {
      this.#endReplica('replica-forked');
      return;
    }
    assert(connection.phase === 'open', 'acks follow a welcome');
    this.#superseded = 0;
    this.#settle(ack.through);
    const { lsn, at } = ack.lsn === 0 ? this.#fold : ack;
    this.#effects.push({ type: 'acked', ack: { ...ack, lsn, at } });
  }

  #settle(through: number): void {
    this.#fold.settle(this.#identity.replica, through, this.#forgetSettled(through));
  }

  #forgetSettled(through: number): number {
    this.#connection?.settled(through);
    const operations = this.#outbox.settle(through);
    if (operations > 0) this.#outboxChanged();
    return operations;
  }

  get #settled(): number {
    return Math.max(this.#fold.committed.get(this.replica), this.#restored?.settled ?? 0);
  }

  /** Highest timestamp that this replica has given. */
  get #ownLast(): number {
    const { versionVector } = this.#fold.sequence;
    return Math.max(versionVector.get(this.#identity.replica), this.#restored?.last ?? 0);
  }

  /** Own operations up to `through` are not ours: our memory is an old copy, or another's is. */
  #isStranger(through: number): boolean {
    return through > this.#ownLast || this.#outbox.parts(through);
  }

  #outboxChanged(): void {
    if (this.#options.localStore !== null) this.#effects.push({ type: 'outboxChanged' });
  }

  #sendOutbox(): void {
    const connection = this.#connection;
    if (connection?.phase !== 'open' || !connection.writable) return;
    for (;;) {
      const { sentThrough } = connection;
      const stored = this.#storedThrough - sentThrough;
      if (stored <= 0) return;
      const operationsMax = Math.min(this.#options.frameOperationsMax, stored);
      const batch = this.#outbox.next(sentThrough, { operationsMax, wallMs: this.#now.wallMs });
      // A piece may be longer, where a cut would part what belongs together.
      if (batch === null || batchLast(batch) > this.#storedThrough) return;
      const operations = batchOperations(batch);
      const bytes = encodeEdit(batch, this.#fold.table);
      if (!connection.allows(bytes.length, operations)) return;
      connection.sent({ last: batchLast(batch), bytes: bytes.length, operations });
      this.#sendBytes(connection, bytes);
    }
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
    switch (reactionTo(code)) {
      case 'retry':
        break;
      case 'resync':
        this.#trust = code === 'history-changed' ? 'nothing' : 'place';
        break;
      case 'yield':
        if (++this.#superseded <= supersededMax) break;
        this.#endReplica(code);
        return;
      case 'end':
        this.#endReplica(code);
        return;
      case 'fail':
        this.#ended = 'failed';
        this.#effects.push({ type: 'failed', code, message: errorCodes[code].meaning });
        return;
    }
    this.#reconnect();
  }

  /** This identity must not write any more: rescue what it leaves behind, and begin anew. */
  #endReplica(code: ErrorCode, left = this.#outbox.takeAll()): void {
    this.#superseded = 0;
    if (left.length > 0) this.#effects.push({ type: 'rescued', code, texts: insertedTexts(left) });
    this.#identity = this.#options.newIdentity();
    this.#restored = null;
    if (this.#options.localStore !== null) this.#storedThrough = 0;
    this.#outboxChanged();
    this.#resync(code === 'history-changed' ? 'nothing' : 'place');
  }

  /** What is here cannot be squared with what the server says: ask for its whole state. */
  #resync(trust: 'place' | 'nothing' = 'place'): void {
    this.#trust = trust;
    this.#reconnect();
  }

  #disconnect(): void {
    if (this.#connection === null) return;
    this.#effects.push({ type: 'disconnect', connection: this.#connection.number });
    this.#connection = null;
    if (this.#presence.clear()) this.#effects.push({ type: 'presenceChanged' });
  }

  #goOffline(): void {
    this.#retryAtMs = null;
    this.#disconnect();
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
    if (connection.phase === 'connecting') return;
    const isPresenceDue = this.#presenceAtMs !== null && now >= this.#presenceAtMs;
    if (isPresenceDue && connection.phase === 'open') this.#sendPresence();
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
    const dueAtMs = this.#connection?.dueAtMs(this.#presenceAtMs) ?? Infinity;
    const earliest = Math.min(this.#retryAtMs ?? Infinity, dueAtMs);
    return earliest === Infinity ? null : earliest;
  }

  #updateStatus(): void {
    const place = { lsn: this.#fold.lsn, pending: this.#outbox.operations };
    const status = this.#ended ?? this.#connection?.status(place) ?? 'offline';
    if (status === this.#status) return;
    this.#status = status;
    // Not at the welcome: what fails right after one must wait longer each time.
    if (status === 'durable') this.#backoff.reset();
    this.#effects.push({ type: 'statusChanged', status });
  }
}
