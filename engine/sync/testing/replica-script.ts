/** A client under the test's hand, wired to a GatewayScript: frames pass when the test says so. */
import { decodeClientFrame } from '../../../proto/client-frame.ts';
import type { ServerFrame } from '../../../proto/server-frame.ts';
import type { ConnId } from '../../ids.ts';
import { Random } from '../../random.ts';
import type { ReplicaEffect, ReplicaInput } from '../replica-effects.ts';
import type { ReplicaOptions } from '../replica-options.ts';
import { ReplicaSession } from '../replica-session.ts';
import type { GatewayScript } from './gateway-script.ts';

export class ReplicaScript {
  readonly session: ReplicaSession;
  readonly statuses: string[] = [];
  readonly rescued: string[] = [];
  readonly failed: string[] = [];
  readonly acked: number[] = [];
  readonly previews: string[] = [];
  nowMs = 0;
  #identities: number;
  #connection = 0;
  #conn = 0;
  #outgoing: Uint8Array[] = [];

  constructor(
    replica: number,
    heartbeatMs = 10_000,
    localStore: ReplicaOptions['localStore'] = null,
  ) {
    this.#identities = replica;
    this.session = new ReplicaSession({
      document: 'doc',
      token: '',
      newIdentity: () => {
        const identity = { replica: this.#identities, secret: new Uint8Array(16).fill(1) };
        this.#identities += 1000;
        return identity;
      },
      localStore,
      random: new Random(replica),
      backoffMinMs: 100,
      backoffMaxMs: 100,
      heartbeatMs,
      presenceMs: 50,
      frameOperationsMax: 1000,
    });
  }

  feed(input: ReplicaInput): void {
    const ready = this.session.step({ monoMs: this.nowMs, wallMs: this.nowMs }, input);
    for (const effect of ready.effects) this.#perform(effect);
  }

  type(index: number, inserted: string, deleted = 0): void {
    this.feed({ type: 'edited', splices: [{ index, deleted, inserted }] });
  }

  /** Opens the socket that the core asked for, as connection `conn` of the node. */
  connect(script: GatewayScript, conn: number): void {
    this.#conn = conn;
    script.open(conn);
    this.feed({ type: 'connOpened', connection: this.#connection });
    this.pass(script);
  }

  /** Passes everything that waits, both ways, until nothing does. */
  pass(script: GatewayScript): void {
    for (let quiet = false; !quiet; ) {
      const sent = this.#outgoing;
      this.#outgoing = [];
      for (const bytes of sent) {
        const frame = decodeClientFrame(bytes);
        const conn = this.#conn as ConnId;
        script.feed({ type: 'connReceived', conn, frame, bytes: bytes.length });
      }
      const received = script.take(this.#conn);
      for (const frame of received) this.receive(frame);
      quiet = sent.length === 0 && received.length === 0;
    }
    const code = script.closed.get(this.#conn);
    if (code === undefined) return;
    script.closed.delete(this.#conn);
    this.closed(code);
  }

  receive(frame: ServerFrame): void {
    this.feed({ type: 'connReceived', connection: this.#connection, frame });
  }

  /** What was sent and not passed is lost. */
  closed(code = 1006): void {
    this.#outgoing = [];
    this.feed({ type: 'connClosed', connection: this.#connection, code });
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.feed({ type: 'tick' });
  }

  #perform(effect: ReplicaEffect): void {
    switch (effect.type) {
      case 'connect':
        this.#connection = effect.connection;
        return;
      case 'send':
        this.#outgoing.push(effect.bytes);
        return;
      case 'statusChanged':
        this.statuses.push(effect.status);
        return;
      case 'rescued':
        this.rescued.push(...effect.texts);
        return;
      case 'failed':
        this.failed.push(effect.code);
        return;
      case 'previewed':
        this.previews.push(effect.text);
        return;
      case 'acked':
        this.acked.push(effect.ack.through);
        return;
      default:
    }
  }
}
