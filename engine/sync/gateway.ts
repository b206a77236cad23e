/**
 * A server node as a state machine: sockets, sessions and rooms. Frames, log results and time go
 * in; effects come out; nothing here waits, reads a clock or draws chance (the seed is given).
 *
 * This file routes: which session a frame belongs to, which room a session, and what a frame may do
 * in the phase that its session is in. What happens inside a document is the room's.
 */
import type { Batch } from '../../proto/batch.ts';
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
import { type Connection, Connections } from './connections.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { CommitLedger } from './durability.ts';
import { checkEdit } from './edit-check.ts';
import type { Core, Effect, Input, MalformedCode, Ready } from './effects.ts';
import { HeadQuestions } from './head-questions.ts';
import { type MemoryUse, memoryUse } from './memory-use.ts';
import { PresenceBudget } from './presence-budget.ts';
import { Questions } from './questions.ts';
import { Room } from './room.ts';
import type { RoomContext } from './room-context.ts';
import { type LogicalTime, Session } from './session.ts';

export interface GatewayStats {
  readonly connections: number;
  readonly sessions: number;
  readonly rooms: number;
  readonly memory: MemoryUse;
}

export class Gateway implements Core<Input, Effect> {
  readonly #limits: Limits;
  readonly #connections: Connections;
  readonly #rooms = new Map<string, Room>();
  readonly #sessions = new Map<number, Session>();
  readonly #questions: Questions;
  readonly #context: RoomContext;
  readonly #bus: { readonly isAlone: boolean; isUp: boolean };
  readonly #heads: HeadQuestions;
  readonly #deadlines = new DeadlineQueue<Room>();
  /** Rooms whose deadline may have changed in this step. */
  readonly #touched = new Set<Room>();
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
    this.#connections = new Connections(options.limits);
    this.#heads = new HeadQuestions(options.limits.headsMax);
    const ledger = new CommitLedger();
    const { pageBytesMax } = options.limits;
    this.#questions = new Questions(this.#connections, ledger, pageBytesMax);
    this.#context = {
      limits: options.limits,
      random: new Random(options.seed, 'gateway'),
      node: new Random(options.seed, 'node').id(),
      newSession: () => ++this.#lastSession,
      connections: this.#connections,
      ledger,
      backlog: { bytes: 0 },
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
    return { connections, sessions: this.#sessions.size, rooms: this.#rooms.size, memory };
  }

  /**
   * What each client of a document had seen when it last typed; empty if the room is not in memory.
   */
  logicalTimes(document: string): readonly LogicalTime[] {
    return this.#rooms.get(document)?.delivery.logicalTimes ?? [];
  }

  step(now: Instant, input: Input): Ready<Effect> {
    this.#connections.begin(now);
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
        this.#authDecided(input.sessionId, input.decision);
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
      this.#malformed(id, 'bad-frame', `channel ${frame.channel} has had no hello`);
      return;
    }
    const room = this.#roomOf(session.identity);
    if (body.type === 'leave') {
      this.#forget(session);
    } else if (body.type === 'token') {
      return; // What the hello's token allowed holds for the session.
    } else if (session.phase !== 'open' || room === null) {
      this.#endSession(session, 'bad-frame', `${body.type} before the welcome`);
    } else if (body.type === 'edit') {
      // While draining, edits stay in their client's outbox: it is about to go to another node.
      if (this.#drainUntilMs === null) this.#edit(session, room, { batches: body.batches, bytes });
    } else if (body.type === 'presence') {
      room.setPresence(session, body.state);
    } else {
      this.#endSession(session, 'bad-frame', 'thin edits are not served yet');
    }
  }

  #hello(
    conn: Connection,
    channel: number,
    hello: Extract<ClientFrame['body'], { type: 'hello' }>,
  ): void {
    if (conn.channels.has(channel)) {
      this.#malformed(conn.id, 'bad-frame', `channel ${channel} is in use`);
      return;
    }
    this.#lastSession++;
    const { document, replica } = hello;
    const identity = { id: this.#lastSession, conn: conn.id, channel, document, replica };
    const session = new Session(identity, hello);
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
      const { token, secret } = hello;
      const request = { token, document, secret };
      this.#connections.emit({ type: 'decideAuth', sessionId: identity.id, request });
    }
  }

  #authDecided(sessionId: number, decision: AuthDecision): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return; // Left meanwhile.
    if (!decision.allowed) {
      this.#endSession(session, 'unauthorized', decision.reason);
      return;
    }
    if (!decision.rights.read) {
      this.#endSession(session, 'forbidden', 'no right to read this document');
      return;
    }
    session.principal = decision.principal;
    session.writable = decision.rights.write;
    session.secretHash = decision.secretHash;
    this.#openRoom(session.identity.document).join(session);
  }

  #edit(session: Session, room: Room, edit: { batches: readonly Batch[]; bytes: number }): void {
    const limits = this.#limits;
    const checked = checkEdit(session, edit, { table: room.fold.table, limits });
    if (checked.type === 'refused') {
      this.#endSession(session, checked.code, checked.message);
    } else if (this.#context.backlog.bytes > limits.backlogBytesMax) {
      this.#endSession(session, 'overloaded', 'more waits for the log than fits here');
    } else {
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
    this.#connections.get(conn)?.channels.delete(channel);
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
    this.#connections.emit({ type: 'log', level: 'info', event: 'session-ended', code, document });
    const last = this.#connections.get(conn)?.channels.size === 1;
    this.#forget(session);
    if (last) this.#close(conn, code, message, channel);
    else this.#sendError(conn, code, message, channel);
    if (last || this.#connections.isWritable(conn)) return;
    this.#close(conn, 'overloaded', 'the socket is not read');
  }

  #malformed(id: ConnId, code: MalformedCode, message: string): void {
    if (this.#connections.get(id) === null) return;
    const detail = message;
    this.#connections.emit({ type: 'log', level: 'warn', event: 'frame-refused', code, detail });
    this.#close(id, code, message);
  }

  #close(id: ConnId, code: ErrorCode, message: string, channel = 0): void {
    this.#sendError(id, code, message, channel);
    const { close } = errorCodes[code];
    this.#connections.emit({ type: 'close', conn: id, code: close, reason: code });
    this.#closed(id);
  }

  #sendError(id: ConnId, code: ErrorCode, message: string, channel: number): void {
    const retry = mayRetry(errorCodes[code].close);
    const part = encodeErrorPart({ code, message, retry, retryAfterMs: 0 });
    this.#connections.sendControl([id], joinParts(channel, [part]));
  }

  #runDue(): void {
    for (const conn of this.#connections.sweep()) {
      this.#close(conn.id, 'heartbeat-timeout', 'nothing was heard for two heartbeat intervals');
    }
    const now = this.#connections.now.monoMs;
    this.#armTouched();
    for (const room of this.#deadlines.takeDue(now)) {
      room.tick();
      if (room.evictable) this.#evict(room);
      else this.#touched.add(room);
    }
    this.#runDrain(now);
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
    for (const room of this.#rooms.values()) room.sayFarewell();
    for (const conn of [...this.#connections.all()]) {
      this.#close(conn.id, 'draining', 'shutting down');
    }
    this.#connections.emit({ type: 'drained' });
  }

  #nextDeadline(): number | null {
    let earliest = Math.min(
      this.#connections.deadlineMs ?? Infinity,
      this.#deadlines.nextMs ?? Infinity,
    );
    if (this.#drainUntilMs !== null && !this.#drained) {
      earliest = Math.min(earliest, this.#drainUntilMs);
    }
    return earliest === Infinity ? null : earliest;
  }
}
