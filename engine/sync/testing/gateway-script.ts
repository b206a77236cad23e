/**
 * A gateway under the test's hand: the test plays the sockets, the log and the clock, one input at
 * a time, and looks at the effects. Nothing happens by itself except that authorization is granted.
 */
import { type Batch, renameBatch } from '../../../proto/batch.ts';
import type { ClientBody } from '../../../proto/client-frame.ts';
import type { Cursor } from '../../../proto/frame-messages.ts';
import { decodeServerFrame, type ServerFrame } from '../../../proto/server-frame.ts';
import { decodeUpdate, encodeUpdate } from '../../../proto/update-codec.ts';
import { must } from '../../assert.ts';
import type { AppendResult, LogHead, LogPage, LogRow } from '../../driver/ports.ts';
import type { AppendId, ConnId } from '../../ids.ts';
import { defaultLimits, type Limits } from '../../limits.ts';
import { Sequence } from '../../text/sequence.ts';
import type { Effect, Input } from '../effects.ts';
import type { Fold } from '../fold.ts';
import { Gateway } from '../gateway.ts';

const epoch = 77;

type Append = Extract<Effect, { type: 'append' }>;
type Read = Extract<Effect, { type: 'readLog' }>;
type Load = Extract<Effect, { type: 'loadSnapshot' }>;

/** Someone who types: makes batches as a client would. */
export class Typist {
  readonly replica: number;
  readonly sequence = new Sequence();

  constructor(replica: number) {
    this.replica = replica;
  }

  type(index: number, text: string, base = 0): Batch {
    const splice = { index, deleted: 0, inserted: text };
    return must(this.sequence.edit(this.replica, [splice], base), 'an edit makes a batch');
  }
}

export class GatewayScript {
  readonly gateway: Gateway;
  readonly frames = new Map<number, ServerFrame[]>();
  readonly closed = new Map<number, number>();
  readonly appends: Append[] = [];
  readonly reads: Read[] = [];
  /** Questions for a snapshot; unless `asksSnapshots`, the answer is that there is none. */
  readonly loads: Load[] = [];
  asksSnapshots = false;
  /** Documents for which a snapshot is to be made. */
  readonly making: string[] = [];
  /** Documents of the questions for heads that have no answer yet. */
  readonly headsAsked: (readonly string[])[] = [];
  readonly published: string[] = [];
  /** Presence for the other nodes, encoded. */
  readonly presenceTold: Uint8Array[] = [];
  readonly logged: string[] = [];
  nowMs = 0;
  wakeAtMs: number | null = null;
  drained = false;
  #epoch = 0;
  /** Sockets that keep what they are sent. */
  readonly stuck = new Set<number>();

  /** Nodes of one document need seeds of their own. */
  constructor(limits: Partial<Limits> = {}, seed = 1) {
    this.gateway = new Gateway({
      seed,
      limits: { ...defaultLimits, ...limits },
      isAlone: false,
    });
  }

  /** Epoch that the room has given to a new document. */
  get gatewayEpoch(): number {
    return this.#epoch;
  }

  feed(input: Input): void {
    const now = { monoMs: this.nowMs, wallMs: 1_000_000 + this.nowMs };
    const ready = this.gateway.step(now, input);
    this.wakeAtMs = ready.wakeAtMs;
    for (const effect of ready.effects) this.#perform(effect);
  }

  /** Moves time and lets the gateway do what is due. */
  advance(ms: number): void {
    this.nowMs += ms;
    this.feed({ type: 'tick' });
  }

  open(conn: number): void {
    this.feed({ type: 'connOpened', conn: conn as ConnId });
  }

  /** The peer's end is gone. */
  close(conn: number): void {
    this.feed({ type: 'connClosed', conn: conn as ConnId });
  }

  send(conn: number, body: ClientBody, bytes = 10): void {
    this.sendOn(conn, 0, body, bytes);
  }

  sendOn(conn: number, channel: number, body: ClientBody, bytes = 10): void {
    const frame = { channel, body };
    this.feed({ type: 'connReceived', conn: conn as ConnId, frame, bytes });
  }

  hello(conn: number, replica: number, cursor: Cursor | null = null, document = 'doc'): void {
    this.open(conn);
    const secret = new Uint8Array(16).fill(replica % 256);
    const rest = { protocol: 1, token: '', thin: false, whole: false, settled: 0 };
    this.send(conn, { type: 'hello', document, replica, secret, cursor, ...rest });
  }

  /** A session that is welcome on an empty document. */
  join(conn: number, replica: number): void {
    this.hello(conn, replica);
    if (this.reads.length > 0) this.answerRead({ head: null, rows: [] });
  }

  /** Edits that refer to their author's own characters only. */
  edit(conn: number, ...batches: readonly Batch[]): void {
    const named = batches.map((batch) => renameBatch(batch, () => 0));
    this.send(conn, { type: 'edit', batches: named });
  }

  settle(result: AppendResult): void {
    const append = must(this.appends.shift(), 'an append is in flight');
    this.feed({ type: 'appendSettled', appendId: append.appendId as AppendId, result });
  }

  commit(lsn: number, at = 1000 + lsn): void {
    this.settle({ outcome: 'committed', lsn, at });
  }

  answerRead(page: LogPage | null): Read {
    const read = must(this.reads.shift(), 'a read is in flight');
    this.feed({ type: 'logRead', readId: read.readId, page });
    return read;
  }

  answerLoad(fold: Fold | null | 'failed'): void {
    const { readId } = must(this.loads.shift(), 'a snapshot was asked for');
    this.feed({ type: 'snapshotLoaded', readId, fold });
  }

  /** Answers the question for heads; null = it fails. */
  answerHeads(heads: Readonly<Record<string, LogHead>> | null): readonly string[] {
    const documents = must(this.headsAsked.shift(), 'a question is in flight');
    const known = heads === null ? null : new Map(Object.entries(heads));
    this.feed({ type: 'headsRead', heads: known });
    return documents;
  }

  /** Everything sent to a socket since the last call. */
  take(conn: number): ServerFrame[] {
    const frames = this.frames.get(conn) ?? [];
    this.frames.set(conn, []);
    return frames;
  }

  drain(conn: number): void {
    this.stuck.delete(conn);
    this.feed({ type: 'connDrained', conn: conn as ConnId });
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'send':
      case 'sendControl': {
        for (const conn of effect.conns) {
          const sent = this.frames.get(conn) ?? [];
          sent.push(decodeServerFrame(effect.frame.bytes));
          this.frames.set(conn, sent);
        }
        return;
      }
      case 'notifyDrained':
        if (!this.stuck.has(effect.conn)) this.feed({ type: 'connDrained', conn: effect.conn });
        return;
      case 'close':
        this.closed.set(effect.conn, effect.code);
        return;
      case 'decideAuth': {
        const { sessionId, request } = effect;
        const secretHash = new Uint8Array(32).fill(request.secret[0] ?? 0);
        const rights = { read: true, write: true };
        const decision = { allowed: true, principal: 'p', rights, secretHash } as const;
        this.feed({ type: 'authDecided', sessionId, decision });
        return;
      }
      case 'append':
        this.appends.push(effect);
        this.#epoch = effect.epoch;
        return;
      case 'readLog':
        this.reads.push(effect);
        return;
      case 'loadSnapshot':
        this.loads.push(effect);
        if (!this.asksSnapshots) this.answerLoad(null);
        return;
      case 'makeSnapshot':
        this.making.push(effect.document);
        return;
      case 'readHeads':
        this.headsAsked.push(effect.documents);
        return;
      case 'publish':
        this.published.push(effect.document);
        return;
      case 'publishPresence':
        this.presenceTold.push(effect.bytes);
        return;
      case 'log':
        this.logged.push(effect.event);
        return;
      case 'drained':
        this.drained = true;
        return;
      default:
    }
  }
}

/** A row of the log that holds these batches. */
export function logRow(lsn: number, ...batches: readonly Batch[]): LogRow {
  return { lsn, at: 1000 + lsn, body: encodeUpdate({ batches }) };
}

/** The head of a live document. */
export function headAt(lsn: number, atEpoch = epoch): LogHead {
  return { epoch: atEpoch, lsn, at: 1000 + lsn, state: 'live' };
}

/** The text that an append would add, for messages of tests. */
export function textOf(append: Append | undefined): string {
  if (append === undefined) return '';
  const ops = decodeUpdate(append.body).batches.flatMap((batch) => batch.ops);
  return ops.map((op) => (op.type === 'insert' ? op.text : `-${op.count}`)).join('');
}
