/**
 * That a talker says what a real client says, byte by byte, and hears what it is told. Method: two
 * cores of clients and a node's core talk; a talker in the place of the first client gets the same
 * frames and the same keystrokes. The test commits.
 */
import { expect, it } from 'vitest';
import { must } from '../../engine/assert.ts';
import type { AppendId, ConnId } from '../../engine/ids.ts';
import { defaultLimits } from '../../engine/limits.ts';
import { Random } from '../../engine/random.ts';
import type { Effect, Input } from '../../engine/sync/effects.ts';
import { Gateway } from '../../engine/sync/gateway.ts';
import type { ReplicaInput } from '../../engine/sync/replica-effects.ts';
import { ReplicaSession } from '../../engine/sync/replica-session.ts';
import { decodeClientFrame } from '../../proto/client-frame.ts';
import { decodeServerFrame } from '../../proto/server-frame.ts';
import type { Talker } from './dialect.ts';
import { sveDialect } from './sve-dialect.ts';

const noon = 1_772_366_400_000;
const now = { monoMs: 0, wallMs: noon };
const author = 2 ** 30;

class Conversation {
  /** What client 1 sent, and what the talker in its place would have sent. */
  readonly sent: string[] = [];
  readonly said: string[] = [];
  /** Payload bytes of every frame for client 1. */
  readonly receivedBytes: number[] = [];
  readonly delivered: string[] = [];
  readonly acked: number[] = [];
  readonly talker: Talker;
  isReady = false;
  readonly #gateway = new Gateway({ seed: 1, limits: defaultLimits, isAlone: true });
  readonly #clients = new Map<number, ReplicaSession>();
  #append: AppendId | null = null;
  #lsn = 0;

  constructor() {
    this.talker = sveDialect.open({
      author,
      document: 'note',
      send: (message) => this.said.push(Buffer.from(message).toString('hex')),
      ready: () => {
        this.isReady = true;
      },
      delivered: (other, seq) => this.delivered.push(`${other - author}:${seq}`),
      acked: (seq) => this.acked.push(seq),
      failed: (why) => this.delivered.push(why),
    });
    for (const conn of [1, 2]) this.#join(conn);
    this.talker.opened();
  }

  /** Types at the start of the document, or behind what the client typed last. */
  type(conn: number, character: string, after = ''): void {
    const { text } = must(this.#clients.get(conn), 'a client');
    const index = after === '' ? 0 : text.indexOf(after) + 1;
    const splices = [{ index, deleted: 0, inserted: character }];
    this.#client(conn, { type: 'edited', splices });
  }

  commit(): void {
    const appendId = must(this.#append, 'an append under way');
    this.#append = null;
    const result = { outcome: 'committed', lsn: ++this.#lsn, at: noon + 250 * this.#lsn } as const;
    this.#server({ type: 'appendSettled', appendId, result });
  }

  #join(conn: number): void {
    const identity = { replica: author + conn - 1, secret: new Uint8Array(16).fill(1) };
    const client = new ReplicaSession({
      document: 'note',
      token: '',
      newIdentity: () => identity,
      localStore: null,
      random: new Random(1, 'backoff'),
      ...{ backoffMinMs: 1, backoffMaxMs: 1, heartbeatMs: 10_000 },
      ...{ presenceMs: 50, frameOperationsMax: 1000 },
    });
    this.#clients.set(conn, client);
    this.#client(conn, { type: 'start' });
    this.#server({ type: 'connOpened', conn: conn as ConnId });
    this.#client(conn, { type: 'connOpened', connection: 1 });
  }

  #client(conn: number, input: ReplicaInput): void {
    const client = must(this.#clients.get(conn), 'a client');
    for (const effect of client.step(now, input).effects) {
      if (effect.type !== 'send') continue;
      const { bytes } = effect;
      if (conn === 1) this.sent.push(Buffer.from(bytes).toString('hex'));
      const frame = decodeClientFrame(bytes);
      this.#server({ type: 'connReceived', conn: conn as ConnId, frame, bytes: bytes.length });
    }
  }

  #server(input: Input): void {
    for (const effect of this.#gateway.step(now, input).effects) this.#ofServer(effect);
  }

  #ofServer(effect: Effect): void {
    if (effect.type === 'append') this.#append = effect.appendId;
    if (effect.type === 'readLog') {
      const page = { head: null, rows: [] };
      this.#server({ type: 'logRead', readId: effect.readId, page });
    }
    if (effect.type === 'loadSnapshot') {
      this.#server({ type: 'snapshotLoaded', readId: effect.readId, fold: null });
    }
    if (effect.type === 'decideAuth') {
      const { sessionId } = effect;
      const rights = { read: true, write: true };
      const secretHash = new Uint8Array(32);
      const decision = { allowed: true, principal: '', rights, secretHash } as const;
      this.#server({ type: 'authDecided', sessionId, decision });
    }
    if (effect.type !== 'send' && effect.type !== 'sendControl') return;
    const { bytes } = effect.frame;
    for (const conn of effect.conns) {
      if (conn === 1) {
        this.receivedBytes.push(bytes.length);
        this.talker.received(bytes, false);
      }
      const frame = decodeServerFrame(bytes);
      this.#client(conn, { type: 'connReceived', connection: 1, frame });
    }
  }
}

it('sends the bytes of a client that types, alone and between the edits of another', () => {
  const talk = new Conversation();
  expect(talk.isReady).toBe(true);
  expect(talk.said).toEqual(talk.sent);
  // The other one begins: what is typed at the start stands to the left of it.
  talk.type(2, 'X');
  talk.commit();
  let before = '';
  for (const [index, isInterrupted] of [false, false, true, false, true, true].entries()) {
    const character = String.fromCharCode(98 + index);
    talk.type(1, character, before);
    expect(talk.talker.type()).toBe(index + 1);
    before = character;
    talk.commit();
    if (!isInterrupted) continue;
    talk.type(2, 'Y', 'X');
    talk.commit();
  }
  expect(talk.said).toEqual(talk.sent);
  expect(talk.said).toHaveLength(1 + 6);
  expect(talk.delivered).toEqual(['1:1', '1:2', '1:3', '1:4']);
  expect(talk.acked).toEqual([1, 2, 3, 4, 5, 6]);
});

it('counts what comes twice, and what does not come', () => {
  const talk = new Conversation();
  const { talker, delivered } = talk;
  /** A row of the second client: an edit, so many timestamps after its one before. */
  const row = (first: number, gap: number): Uint8Array =>
    Uint8Array.from([0x12, 11, 0x1a, 9, 0x08, 1, 0x10, first, 0x18, gap, 0x32, 1, 0x61]);
  const introduced = [0x10, 0x81, 0x80, 0x80, 0x80, 0x04];
  talker.received(Uint8Array.from([0x12, 6, ...introduced]), false);
  talker.received(row(1, 0), false);
  talker.received(row(3, 1), false);
  talker.received(row(3, 1), false);
  talker.received(row(9, 2), false);
  expect(delivered).toEqual(['1:1', '1:2', '1:2', '1:4']);
});
