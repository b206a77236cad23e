/**
 * A server node as a state machine: sockets, sessions and rooms. Frames, log results and time go
 * in; effects come out; nothing here waits, reads a clock or draws chance (the seed is given).
 *
 * This file routes: which session a frame belongs to, which room a session, and what a frame may do
 * in the phase that its session is in. What happens inside a document is the room's.
 */
import { decodeBusMessage } from '../../proto/bus-codec.ts';
import type { ClientFrame } from '../../proto/client-frame.ts';
import { type ErrorCode, errorCodes, mayRetry } from '../../proto/codes.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import { protocolVersion } from '../../proto/protocol-version.ts';
import { encodeErrorPart, joinParts } from '../../proto/server-frame.ts';
import { unreachable } from '../assert.ts';
import type { AuthDecision } from '../driver/ports.ts';
import type { ConnId, Instant } from '../ids.ts';
import { checkLimits, type Limits } from '../limits.ts';
import { Random } from '../random.ts';
import { Authority, takesEdit } from './authority.ts';
import { Backpressure } from './backpressure.ts';
import { type Connection, Connections } from './connections.ts';
import { DeadlineQueue, earliestOf } from './deadline-queue.ts';
import { CommitLedger } from './durability.ts';
import { checkEdit } from './edit-check.ts';
import { EditTimes } from './edit-times.ts';
import type { Core, Effect, Input, MalformedCode, Ready } from './effects.ts';
import { HeadQuestions } from './head-questions.ts';
import { dispensable } from './load-shedding.ts';
import { type MemoryUse, memoryUse } from './memory-use.ts';
import { PresenceBudget } from './presence-budget.ts';
import { Questions } from './questions.ts';
import { RetryAdvice } from './retry-advice.ts';
import { Room } from './room.ts';
import type { RoomContext } from './room-context.ts';
import { type LogicalTime, Session, type SessionState, sessionStates } from './session.ts';

export interface GatewayStats {
  readonly connections: number;
  readonly sessions: number;
  readonly sessionStates: Readonly<Record<SessionState, number>>;
  readonly rooms: number;
  readonly memory: MemoryUse;
}

export class Gateway implements Core<Input, Effect> {
  readonly #limits: Limits;
  readonly #connections: Connections;
  readonly #rooms = new Map<string, Room>();
  readonly #sessions = new Map<number, Session>();
  readonly #questions: Questions;
  readonly #backpressure: Backpressure;
  readonly #context: RoomContext;
  readonly #bus: { readonly isAlone: boolean; isUp: boolean };
  readonly #heads: HeadQuestions;
  readonly #authority: Authority;
  readonly #deadlines = new DeadlineQueue<Room>();
  /** Rooms whose deadline may have changed in this step. */
  readonly #touched = new Set<Room>();
  /** Notes for whoever measures. */
  readonly editTimes = new EditTimes();
  readonly #retryAdvice: RetryAdvice;
  #lastSession = 0;
  #drainUntilMs: number | null = null;
  #drained = false;

  /** `isAlone`: there are no other nodes. */
  constructor(options: {
    readonly seed: number;
    readonly limits: Limits;
    readonly isAlone: boolean;
  }) {
    this.#bus = { isAlone: options.isAlone, isUp: true };
    this.#limits = checkLimits(options.limits);
    this.#retryAdvice = new RetryAdvice(options.seed);
    this.#connections = new Connections(options.limits);
    this.#heads = new HeadQuestions(options.limits.headsMax);
    this.#authority = new Authority({
      connections: this.#connections,
      endSession: (session, code, message) => this.#endSession(session, code, message),
      hide: (session) => {
        if (session.phase === 'open') this.#roomOf(session.identity)?.setPresence(session, null);
      },
    });
    const ledger = new CommitLedger();
    const backlog = { bytes: 0 };
    const { pageBytesMax, backlogBytesMax } = options.limits;
    this.#backpressure = new Backpressure(backlog, this.#connections, backlogBytesMax);
    this.#questions = new Questions(this.#connections, ledger, pageBytesMax);
    this.#context = {
      limits: options.limits,
      random: new Random(options.seed, 'gateway'),
      node: new Random(options.seed, 'node').id(),
      newSession: () => ++this.#lastSession,
      connections: this.#connections,
      ledger,
      backlog,
      editTimes: this.editTimes,
      presenceBudget: new PresenceBudget(options.limits),
      bus: this.#bus,
      endSession: (session, code, message) => this.#endSession(session, code, message),
      append: (room, epoch, body) => this.#questions.append(room, epoch, body),
      read: (room, afterLsn, answer) => this.#questions.read(room, afterLsn, answer),
      loadSnapshot: (room, answer) => this.#questions.loadSnapshot(room, answer),
      makeSnapshot: ({ document }) => this.#connections.emit({ type: 'makeSnapshot', document }),
      askHead: (room) => this.#heads.want(room),
    };
  }

  get stats(): GatewayStats {
    const { size: connections, unflushedBytes: sockets } = this.#connections;
    const own = { backlog: this.#context.backlog.bytes, sockets };
    const memory = memoryUse(this.#rooms.values(), own);
    const states = sessionStates(this.#sessions.values());
    const counts = { sessions: this.#sessions.size, rooms: this.#rooms.size };
    return { connections, ...counts, sessionStates: states, memory };
  }

  /**
   * What each client of a document had seen when it last typed; empty if the room is not in memory.
   */
  logicalTimes(document: string): readonly LogicalTime[] {
    return this.#rooms.get(document)?.delivery.logicalTimes ?? [];
  }

  step(now: Instant, input: Input): Ready<Effect> {
    this.#connections.begin(now);
    // First: what a client sent too late must not be taken for being handled before the deadline.
    this.#authority.endExpired();
    this.#handle(input);
    this.#runDue();
    return { effects: this.#connections.takeEffects(), wakeAtMs: this.#nextDeadline() };
  }

  #handle(input: Input): void {
    switch (input.type) {
      case 'connOpened':
        this.#connections.open(input.conn);
        if (this.#drainUntilMs !== null) this.#close(input.conn, 'draining', 'shutting down');
        return;
      case 'connReceived':
        this.#received(input.conn, input.frame, input.bytes);
        return;
      case 'connMalformed':
        this.#malformed(input.conn, input.code, input.message);
        return;
      case 'connDrained':
        this.#connections.drained(input.conn);
        for (const session of this.#channels(input.conn))
          this.#roomOf(session.identity)?.pump(session);
        return;
      case 'connClosed':
        this.#closed(input.conn);
        return;
      case 'authDecided':
        this.#authDecided(this.#sessions.get(input.sessionId) ?? null, input.decision);
        return;
      case 'authRevoked':
        this.#authority.revoked(input.revocation, this.#sessions.values());
        return;
      case 'appendSettled':
        this.#touched.add(this.#questions.appendSettled(input.appendId, input.result));
        return;
      case 'logRead':
        this.#touched.add(this.#questions.logRead(input.readId, input.page));
        return;
      case 'snapshotLoaded':
        this.#touched.add(this.#questions.snapshotLoaded(input.readId, input.fold));
        return;
      case 'snapshotMade':
        this.#roomOf(input)?.snapshotMade(input.lsn);
        return;
      case 'logReconnected':
        for (const room of this.#roomsOf(null)) room.logReconnected();
        return;
      case 'headsRead':
        for (const room of this.#heads.answered(input.heads)) this.#touched.add(room);
        return;
      case 'busConnected':
        this.#bus.isUp = input.isUp;
        for (const room of this.#roomsOf(null)) room.busChanged();
        return;
      case 'busGap':
        for (const room of this.#roomsOf(input.document)) room.mayHaveMissed();
        return;
      case 'busReceived':
        this.#busReceived(input.document, input.bytes);
        return;
      case 'shed':
        this.#shed(input.count);
        return;
      case 'drain':
        this.#drainUntilMs ??= this.#connections.now.monoMs + this.#limits.drainMs;
        return;
      case 'tick':
        return;
      default:
        unreachable(input);
    }
  }

  #received(id: ConnId, frame: ClientFrame, bytes: number): void {
    const conn = this.#connections.get(id);
    if (conn === null) return; // Closed by us; frames on their way are not answered.
    conn.heardMs = this.#connections.now.monoMs;
    const { body } = frame;
    if (body.type === 'heartbeat') return;
    if (body.type === 'hello') {
      this.#hello(conn, frame.channel, body);
      return;
    }
    const session = conn.channels.get(frame.channel);
    if (session === undefined) {
      this.#stray(conn, frame.channel);
      return;
    }
    const room = this.#roomOf(session.identity);
    if (body.type === 'leave') {
      this.#forget(session);
    } else if (body.type === 'token') {
      this.#authority.refresh(session, body.token);
    } else if (session.phase !== 'open' || room === null) {
      this.#endSession(session, 'bad-frame', `${body.type} before the welcome`);
    } else if (body.type === 'edit') {
      // While draining, edits stay in their client's outbox: it is about to go to another node.
      const edit = { batches: body.batches, bytes, atMs: conn.heardMs };
      const isTaken = this.#drainUntilMs === null && takesEdit(session, body.batches);
      if (isTaken) this.#edit(session, room, edit);
    } else if (body.type === 'presence') {
      if (session.isShowable) room.setPresence(session, body.state);
    } else {
      this.#endSession(session, 'bad-frame', 'thin edits are not served yet');
    }
  }

  #hello(
    conn: Connection,
    channel: number,
    hello: Extract<ClientFrame['body'], { type: 'hello' }>,
  ): void {
    const other = conn.channels.get(channel);
    if (other !== undefined) {
      this.#endSession(other, 'bad-frame', `a second hello on channel ${channel}`);
      return;
    }
    conn.ended.delete(channel);
    this.#lastSession++;
    const { document, replica } = hello;
    const identity = { id: this.#lastSession, conn: conn.id, channel, document, replica };
    const session = new Session(conn, identity, hello);
    conn.channels.set(channel, session);
    this.#sessions.set(identity.id, session);
    const { minimum, current } = protocolVersion;
    if (hello.protocol < minimum || hello.protocol > current) {
      const message = `protocol ${hello.protocol}; ${minimum} to ${current} are spoken`;
      this.#endSession(session, 'unsupported-protocol', message);
    } else if (hello.thin) {
      this.#endSession(session, 'unsupported-protocol', 'thin views are not served yet');
    } else if (this.#drainUntilMs !== null) {
      this.#endSession(session, 'draining', 'shutting down');
    } else if (conn.channels.size > this.#limits.channelsPerConnMax) {
      this.#endSession(session, 'overloaded', 'too many documents on this socket');
    } else {
      this.#authority.ask(session, hello);
    }
  }

  #authDecided(session: Session | null, decision: AuthDecision): void {
    if (session === null) return; // Left meanwhile.
    if (!this.#authority.decided(session, decision)) return;
    this.#connections.emit({ type: 'admit', conn: session.identity.conn });
    this.#openRoom(session.identity.document).join(session);
  }

  #edit(session: Session, room: Room, edit: Parameters<typeof checkEdit>[1]): void {
    const limits = this.#limits;
    const checked = checkEdit(session, edit, { table: room.fold.table, limits });
    if (checked.type === 'refused') {
      this.#endSession(session, checked.code, checked.message);
    } else if (!this.#backpressure.takes(session.identity.conn)) {
      this.#endSession(session, 'overloaded', 'more waits for the log than fits here');
    } else {
      session.connection.editedMs = this.#connections.now.monoMs;
      room.edit(session, checked.batches);
    }
  }

  #busReceived(document: string, bytes: Uint8Array): void {
    const room = this.#rooms.get(document);
    if (room === undefined) return;
    this.#touched.add(room);
    try {
      const message = decodeBusMessage(bytes);
      if (message.type === 'row') room.busReceived(message.row);
      else if (message.type === 'presence') room.presenceReceived(message.presence);
      else room.mayHaveMissed();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const detail = error.message;
      this.#connections.emit({
        type: 'log',
        level: 'warn',
        event: 'bus-message-unreadable',
        detail,
      });
      room.readTail();
    }
  }

  /** The document's room, or (null) all. */
  #roomsOf(document: string | null): Room[] {
    const one = document === null ? null : this.#rooms.get(document);
    const rooms = one === null ? [...this.#rooms.values()] : one === undefined ? [] : [one];
    for (const room of rooms) this.#touched.add(room);
    return rooms;
  }

  #askHeads(): void {
    const rooms = this.#heads.next();
    if (rooms.length === 0) return;
    for (const room of rooms) this.#touched.add(room);
    const documents = rooms.map(({ document }) => document);
    this.#connections.emit({ type: 'readHeads', documents });
  }

  #openRoom(document: string): Room {
    const open = this.#rooms.get(document);
    if (open !== undefined) {
      this.#touched.add(open);
      return open;
    }
    // Subscribe, then read: a row committed in between is heard or read, never missed.
    this.#connections.emit({ type: 'subscribe', document });
    const room = new Room(document, this.#context);
    this.#rooms.set(document, room);
    this.#touched.add(room);
    return room;
  }

  #roomOf({ document }: { readonly document: string }): Room | null {
    const room = this.#rooms.get(document) ?? null;
    if (room !== null) this.#touched.add(room);
    return room;
  }

  #channels(id: ConnId): Session[] {
    return [...(this.#connections.get(id)?.channels.values() ?? [])];
  }

  #forget(session: Session): void {
    const { id, conn, channel } = session.identity;
    this.#sessions.delete(id);
    this.#connections.leave(conn, channel);
    this.#authority.forget(session);
    this.#roomOf(session.identity)?.leave(session);
    session.phase = 'ended';
  }

  #closed(id: ConnId): void {
    for (const session of this.#channels(id)) this.#forget(session);
    this.#connections.remove(id);
  }

  #endSession(session: Session, code: ErrorCode, message: string): void {
    if (session.phase === 'ended') return;
    const { conn, channel, document } = session.identity;
    const about = { level: 'info', event: 'session-ended', code, document, conn } as const;
    this.#connections.emit({ type: 'log', ...about });
    const last = this.#connections.get(conn)?.channels.size === 1;
    this.#forget(session);
    if (last) this.#close(conn, code, message, channel);
    else this.#refuseOn(conn, code, message, channel);
  }

  /** An error that the socket outlives, unless errors pile up. */
  #refuseOn(conn: ConnId, code: ErrorCode, message: string, channel: number): void {
    this.#connections.noteEnded(conn, channel);
    this.#sendError(conn, code, message, channel);
    if (this.#connections.get(conn)?.writable === false) {
      this.#close(conn, 'overloaded', 'the socket is not read');
    }
  }

  /** A frame on a channel without a session: the other channels do not suffer for it. */
  #stray(conn: Connection, channel: number): void {
    if (conn.ended.has(channel)) return;
    const detail = `channel ${channel} has had no hello`;
    if (conn.channels.size === 0) {
      this.#malformed(conn.id, 'bad-frame', detail);
      return;
    }
    const event = { event: 'frame-refused', code: 'bad-frame', detail, conn: conn.id } as const;
    this.#connections.emit({ type: 'log', level: 'warn', ...event });
    this.#refuseOn(conn.id, 'bad-frame', detail, channel);
  }

  #shed(count: number): void {
    for (const room of [...this.#rooms.values()]) {
      if (room.sessions > 0 || !room.settled) continue;
      this.#evict(room);
      this.#deadlines.set(room, null);
    }
    for (const { id } of dispensable(this.#connections.all(), count)) {
      this.#closeFor(id, 'overloaded', 'memory is short');
    }
  }

  #malformed(id: ConnId, code: MalformedCode, message: string): void {
    if (this.#connections.get(id) === null) return;
    const detail = message;
    const about = { level: 'warn', event: 'frame-refused', code, detail, conn: id } as const;
    this.#connections.emit({ type: 'log', ...about });
    this.#close(id, code, message);
  }

  /** As `close`, for what the socket as a whole did or did not do. */
  #closeFor(id: ConnId, code: ErrorCode, message: string): void {
    const event = { event: 'connection-closed', code, detail: message } as const;
    this.#connections.emit({ type: 'log', level: 'info', ...event });
    this.#close(id, code, message);
  }

  #close(id: ConnId, code: ErrorCode, message: string, channel = 0): void {
    this.#sendError(id, code, message, channel);
    const { close } = errorCodes[code];
    this.#connections.emit({ type: 'close', conn: id, code: close, reason: code });
    this.#closed(id);
  }

  #sendError(id: ConnId, code: ErrorCode, message: string, channel: number): void {
    const conn = this.#connections.get(id);
    if (conn === null) return;
    const retry = mayRetry(errorCodes[code].close);
    const retryAfterMs = this.#retryAdvice.afterMs(code);
    const part = encodeErrorPart({ code, message, retry, retryAfterMs });
    this.#connections.sendControl([conn], joinParts(channel, [part]));
  }

  #runDue(): void {
    for (const { conn, code, message } of this.#connections.sweep()) {
      this.#closeFor(conn.id, code, message);
    }
    const now = this.#connections.now.monoMs;
    this.#armTouched();
    for (const room of this.#deadlines.takeDue(now)) {
      room.tick();
      if (room.evictable) this.#evict(room);
      else this.#touched.add(room);
    }
    this.#runDrain(now);
    this.#backpressure.relax();
    this.#askHeads();
    this.#armTouched();
  }

  #armTouched(): void {
    for (const room of this.#touched) this.#deadlines.set(room, room.deadlineMs);
    this.#touched.clear();
  }

  #evict(room: Room): void {
    // An answer may reach a room that left memory before; the document may have another one by now.
    if (this.#rooms.get(room.document) !== room) return;
    this.#rooms.delete(room.document);
    this.#heads.forget(room);
    this.#connections.emit({ type: 'unsubscribe', document: room.document });
  }

  #runDrain(now: number): void {
    if (this.#drainUntilMs === null || this.#drained) return;
    const settled = [...this.#rooms.values()].every((room) => room.settled);
    if (!settled && now < this.#drainUntilMs) return;
    this.#drained = true;
    this.#retryAdvice.spread(this.#connections.size);
    for (const room of this.#rooms.values()) room.sayFarewell();
    for (const conn of [...this.#connections.all()]) {
      this.#close(conn.id, 'draining', 'shutting down');
    }
    this.#connections.emit({ type: 'drained' });
  }

  #nextDeadline(): number | null {
    const { deadlineMs } = this.#connections;
    const drainMs = this.#drained ? null : this.#drainUntilMs;
    return earliestOf(deadlineMs, this.#deadlines.nextMs, this.#authority.dueMs, drainMs);
  }
}
