/**
 * A document that a program edits: the engine's client core with a clock, a transport and
 * listeners.
 *
 * Everything that reads or edits is synchronous and works at any time, connected or not. The core
 * runs one step at a time; its events are noted during the step and told after it, so that a
 * listener sees the text with its own edits and may edit again.
 *
 * Nothing is kept beyond the session's life: what is pending when the process ends is lost.
 */

import { unreachable } from '../engine/assert.ts';
import type { ClockPort } from '../engine/driver/ports.ts';
import { ReplicaDriver, type ReplicaEvent } from '../engine/driver/replica-driver.ts';
import { Random } from '../engine/random.ts';
import type { AckInfo, LocalPresence, SyncStatus } from '../engine/sync/replica-effects.ts';
import type { ReplicaIdentity } from '../engine/sync/replica-options.ts';
import type { PeerPresence } from '../engine/sync/replica-presence.ts';
import { ReplicaSession } from '../engine/sync/replica-session.ts';
import type { TextChange } from '../engine/text/text-change.ts';
import type { OpId } from '../proto/batch.ts';
import type { Cursor } from '../proto/frame-messages.ts';
import { AckLatency } from './ack-latency.ts';
import { Emitter } from './emitter.ts';
import { checkPresence } from './presence-check.ts';
import type { SessionEvents } from './session-events.ts';
import { SyncError } from './sync-error.ts';
import { type TokenOption, TokenSource } from './token-source.ts';
import type { ClientTransport, TransportFactory } from './transport.ts';
import { type AbortSignalLike, Waiters } from './waiters.ts';

/** First and longest wait before a broken connection is tried again. */
const backoffMinMs = 100;
const backoffMaxMs = 10_000;
const heartbeatMs = 10_000;
const presenceMs = 50;
const frameOperationsMax = 16_384;

export interface SessionOptions {
  /** Of the server: http, https, ws or wss; without a path the standard one is used. */
  readonly url: string;
  /** 1 … 200 characters of A-Z a-z 0-9 . _ ~ - */
  readonly documentId: string;
  /** For the server's check; a function is asked for each connection, and before it expires. */
  readonly token?: TokenOption | undefined;
  /** Shown to the others from the start; see `setPresence`. */
  readonly name?: string | undefined;
  /** A CSS colour. */
  readonly color?: string | undefined;
}

/** What a session takes from its platform. */
export interface SessionPlatform {
  readonly clock: ClockPort;
  readonly transport: TransportFactory;
  /** Bytes that nobody can guess. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** Takes what a listener threw. */
  readonly reportError: (error: unknown) => void;
}

export class SyncSession {
  readonly documentId: string;
  readonly #core: ReplicaSession;
  readonly #driver: ReplicaDriver;
  readonly #transport: ClientTransport;
  readonly #clock: ClockPort;
  readonly #emitter: Emitter<SessionEvents>;
  readonly #latency = new AckLatency();
  readonly #waiters = new Waiters();
  #presence: LocalPresence = { name: '', color: '', head: null, anchor: null };
  readonly #token: TokenSource;
  #durableAt: number | null = null;
  /** Why nothing is sent any more. */
  #ended: SyncError | null = null;
  #offlineByChoice = false;

  /** Begins to connect. `connect` (connect.ts, connect-node.ts) fills in the platform. */
  constructor(options: SessionOptions, platform: SessionPlatform) {
    this.documentId = options.documentId;
    this.#token = new TokenSource(options.token ?? '');
    this.#clock = platform.clock;
    this.#emitter = new Emitter<SessionEvents>(
      {
        change: new Set(),
        status: new Set(),
        presence: new Set(),
        ack: new Set(),
        rescued: new Set(),
        preview: new Set(),
        error: new Set(),
      },
      platform.reportError,
    );
    this.#core = this.#newCore(platform.randomBytes);
    this.#transport = platform.transport(options.url, {
      opened: (connection) => this.#step(() => this.#driver.opened(connection)),
      received: (connection, bytes) => this.#step(() => this.#driver.received(connection, bytes)),
      closed: (connection, code) => this.#step(() => this.#driver.closed(connection, code)),
      networkReturned: () => this.#networkReturned(),
    });
    this.#driver = new ReplicaDriver({
      core: this.#core,
      clock: {
        now: () => platform.clock.now(),
        wakeAt: (monoMs, wake) => platform.clock.wakeAt(monoMs, () => this.#step(wake)),
      },
      transport: this.#transport,
      onEvent: (event) => this.#note(event),
    });
    const { name, color } = options;
    if (name !== undefined || color !== undefined) this.setPresence({ name, color });
    this.#step(() => this.#driver.submit({ type: 'start' }));
  }

  /** The text as it is here: what the server told, and everything typed. */
  get text(): string {
    return this.#core.text;
  }

  /** Of the text, in UTF-16 units, like every index here. */
  get length(): number {
    return this.#core.fold.sequence.length;
  }

  get status(): SyncStatus {
    return this.#core.status;
  }

  /**
   * False: the server takes no edits from this session. They are made here all the same, and wait
   * until it does.
   */
  get writable(): boolean {
    return this.#core.writable;
  }

  /** Own operations (inserted and deleted units) that are not known to be durable. */
  get pending(): number {
    return this.#core.pendingOperations;
  }

  /**
   * Commit time of the newest change here when last everything here was durable, in ms since 1970
   * of the server's clock; null: not yet, or the document is empty.
   */
  get durableAt(): number | null {
    return this.#durableAt;
  }

  /** Everybody else; places as of now. */
  get peers(): readonly PeerPresence[] {
    return this.#core.peers;
  }

  /** Of this session; changes when an identity had to be given up. */
  get replica(): number {
    return this.#core.replica;
  }

  /** How much of the log is here. */
  get cursor(): Cursor {
    return this.#core.fold.cursor;
  }

  /** Last timestamp here of every replica, a copy. */
  get versionVector(): ReadonlyMap<number, number> {
    return new Map(this.#core.fold.sequence.versionVector.entries());
  }

  /** Id of the unit at `index`, for ever the same; null outside 0 … length - 1. */
  idAt(index: number): OpId | null {
    return this.#core.fold.sequence.idAt(index);
  }

  /** Visible units before the one with this id, itself deleted or not; null: it is not here. */
  indexOf(id: OpId): number | null {
    return this.#core.fold.sequence.indexOf(id);
  }

  /** Line and column of a caret, both from 1. RangeError outside 0 … length. */
  lineColumnAt(index: number): { readonly line: number; readonly column: number } {
    if (!(Number.isSafeInteger(index) && index >= 0 && index <= this.length)) {
      throw new RangeError(`index ${index} is not in a text of ${this.length} units`);
    }
    return this.#core.fold.sequence.lineColumnAt(index);
  }

  /** As `edit`. */
  insert(index: number, text: string): void {
    this.edit([{ index, deleted: 0, inserted: text }]);
  }

  /** As `edit`. */
  delete(index: number, count: number): void {
    this.edit([{ index, deleted: count, inserted: '' }]);
  }

  /**
   * Changes the text, at once and as a whole: splices in order, each in the coordinates that the
   * one before left. RangeError, and nothing has changed, for a place outside the text or inside a
   * surrogate pair, or for text with a lone surrogate. SyncError `closed` after `close`.
   */
  edit(splices: readonly TextChange[]): void {
    if (this.status === 'closed') throw new SyncError('closed');
    const { pending } = this;
    this.#step(() => {
      this.#driver.submit({ type: 'edited', splices });
      if (this.pending > pending && this.#isConnected) {
        this.#latency.edited(this.#lastOwn, this.#clock.now().monoMs);
      }
    });
  }

  /**
   * What others see of this person; what is left out stays as it was; null = nothing at all.
   * RangeError for places outside the text, a name above 64 units or a colour above 32.
   */
  setPresence(
    presence: { readonly [Key in keyof LocalPresence]?: LocalPresence[Key] | undefined } | null,
  ): void {
    if (presence !== null) {
      const { name, color, head, anchor } = this.#presence;
      const merged = {
        name: presence.name ?? name,
        color: presence.color ?? color,
        head: presence.head === undefined ? head : presence.head,
        anchor: presence.anchor === undefined ? anchor : presence.anchor,
      };
      checkPresence(merged, this.length);
      this.#presence = merged;
    }
    const told = presence === null ? null : this.#presence;
    this.#step(() => this.#driver.submit({ type: 'presenceSet', presence: told }));
  }

  /** Calls `listener` after each such event until the function that comes back is called. */
  on<Type extends keyof SessionEvents>(
    type: Type,
    listener: (event: SessionEvents[Type]) => void,
  ): () => void {
    return this.#emitter.on(type, listener);
  }

  /**
   * Waits until everything typed so far is durable. Rejects with a SyncError if the server refuses,
   * the text had to be rescued, or the session is closed; with the signal's reason if that aborts.
   */
  async settled({ signal }: { readonly signal?: AbortSignalLike } = {}): Promise<void> {
    const through = this.#lastOwn;
    await this.#wait(() => (this.#core.pendingBatches[0]?.first ?? Infinity) > through, signal);
  }

  /**
   * Waits for the status `durable`: the server's text is here and ours is there. Else as `settled`.
   */
  async synced({ signal }: { readonly signal?: AbortSignalLike } = {}): Promise<void> {
    await this.#wait(() => this.status === 'durable', signal);
  }

  /** Tries now, even after a refusal or `goOffline`; a token given replaces the one before. */
  reconnect({ token }: { readonly token?: TokenOption } = {}): void {
    if (token !== undefined) this.#token.replace(token);
    if (this.status === 'closed') throw new SyncError('closed');
    this.#offlineByChoice = false;
    this.#ended = null;
    this.#step(() => this.#driver.submit({ type: 'reconnectNow' }));
  }

  /** Disconnects until `goOnline` (or `reconnect`); editing goes on. */
  goOffline(): void {
    this.#offlineByChoice = true;
    this.#step(() => this.#driver.submit({ type: 'goOffline' }));
  }

  goOnline(): void {
    this.reconnect();
  }

  /** Ends the session. What is pending is given up: wait for `settled` first. */
  close(): void {
    if (this.status === 'closed') return;
    this.#ended = new SyncError('closed');
    this.#step(() => this.#driver.submit({ type: 'stop' }));
    this.#transport.dispose();
  }

  get #isConnected(): boolean {
    return this.status === 'syncing' || this.status === 'durable';
  }

  get #lastOwn(): number {
    return this.#core.fold.sequence.versionVector.get(this.replica);
  }

  #newCore(bytes: (count: number) => Uint8Array): ReplicaSession {
    const session = this;
    return new ReplicaSession({
      document: this.documentId,
      // Read anew for every hello.
      get token() {
        return session.#token.text;
      },
      newIdentity: (): ReplicaIdentity => ({ replica: randomId(bytes), secret: bytes(16) }),
      localStore: null,
      random: new Random(randomId(bytes), 'backoff'),
      backoffMinMs,
      backoffMaxMs,
      heartbeatMs,
      presenceMs,
      frameOperationsMax,
    });
  }

  #networkReturned(): void {
    if (this.status === 'offline' && !this.#offlineByChoice) this.reconnect();
  }

  /** Runs the core, then tells what came of it. */
  #step(run: () => void): void {
    run();
    if (this.status === 'durable') this.#durableAt = this.#core.fold.at || null;
    this.#waiters.check(this.#ended);
    this.#emitter.flush();
  }

  #note(event: ReplicaEvent): void {
    switch (event.type) {
      case 'textChanged':
        this.#emitter.push('change', { changes: event.changes, origin: event.origin });
        return;
      case 'outboxChanged':
        return; // No local store yet.
      case 'tokenWanted':
        this.#askForToken(event.request);
        return;
      case 'statusChanged':
        if (!this.#isConnected) this.#latency.broken();
        this.#emitter.push('status', event.status);
        return;
      case 'previewed':
        this.#emitter.push('preview', event.text);
        return;
      case 'presenceChanged':
        this.#emitter.push('presence', this.peers);
        return;
      case 'acked':
        this.#acked(event.ack);
        return;
      case 'rescued': {
        const error = new SyncError(event.code);
        const { code, texts } = event;
        this.#latency.broken();
        this.#waiters.rejectAll(error);
        this.#emitter.push('rescued', { code, texts, advice: error.advice });
        return;
      }
      case 'failed':
        this.#ended = new SyncError(event.code);
        this.#emitter.push('error', this.#ended);
        return;
      default:
        unreachable(event);
    }
  }

  #askForToken(request: number): void {
    this.#token.ask((token) => {
      if (this.status === 'closed') return;
      this.#step(() => this.#driver.submit({ type: 'tokenGiven', request, token }));
    });
  }

  #acked(ack: AckInfo): void {
    const latencyMs = this.#latency.acked(ack.through, this.#clock.now().monoMs);
    this.#emitter.push('ack', { ...ack, latencyMs });
  }

  async #wait(done: () => boolean, signal: AbortSignalLike | undefined): Promise<void> {
    if (!done()) await this.#waiters.wait(done, this.#ended, signal);
  }
}

/** 1 … 2^53 - 1. */
function randomId(bytes: (count: number) => Uint8Array): number {
  const id = bytes(7).reduce((value, byte, i) => value * 256 + (i === 0 ? byte % 32 : byte), 0);
  return id || 1;
}
