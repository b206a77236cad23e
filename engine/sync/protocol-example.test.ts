/**
 * Goal: the session that docs/protocol.md shows byte by byte is what a node and its clients say.
 * Method: a gateway and two client cores talk, the test commits; every frame is compared with the
 * hexadecimal numbers of the page.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { decodeClientFrame } from '../../proto/client-frame.ts';
import { decodeServerFrame } from '../../proto/server-frame.ts';
import { must } from '../assert.ts';
import type { AppendId, ConnId } from '../ids.ts';
import { defaultLimits } from '../limits.ts';
import { Random } from '../random.ts';
import type { Effect, Input } from './effects.ts';
import { Gateway } from './gateway.ts';
import type { ReplicaEffect, ReplicaInput } from './replica-effects.ts';
import { ReplicaSession } from './replica-session.ts';

/** 2026-03-01T12:00:00Z. */
const noon = 1_772_366_400_000;
const now = { monoMs: 0, wallMs: noon };

const names = ['server', 'Ann', 'Bob'];

class Conversation {
  /** `Ann → server`, and the frame's bytes, in the order in which they were sent. */
  readonly frames: { readonly way: string; readonly hex: string }[] = [];
  readonly #gateway = new Gateway({ seed: 1, limits: defaultLimits, isAlone: true });
  readonly #clients = new Map<number, ReplicaSession>();
  #append: AppendId | null = null;

  /** Connects client 1 or 2. */
  join(conn: number, replica: number): void {
    const secret = Uint8Array.from({ length: 16 }, (_, i) => conn * 16 + i);
    const client = new ReplicaSession({
      document: 'note',
      token: '',
      newIdentity: () => ({ replica, secret }),
      localStore: null,
      random: new Random(1, 'backoff'),
      backoffMinMs: 1,
      backoffMaxMs: 1,
      heartbeatMs: 10_000,
      presenceMs: 50,
      frameOperationsMax: 1000,
    });
    this.#clients.set(conn, client);
    this.client(conn, { type: 'start' });
    this.#server({ type: 'connOpened', conn: conn as ConnId });
    this.client(conn, { type: 'connOpened', connection: 1 });
  }

  client(conn: number, input: ReplicaInput): void {
    const client = must(this.#clients.get(conn), 'a client');
    for (const effect of client.step(now, input).effects) this.#ofClient(conn, effect);
  }

  commit(lsn: number, at: number): void {
    const appendId = must(this.#append, 'an append under way');
    const result = { outcome: 'committed', lsn, at } as const;
    this.#server({ type: 'appendSettled', appendId, result });
  }

  textOf(conn: number): string {
    return must(this.#clients.get(conn), 'a client').text;
  }

  #ofClient(conn: number, effect: ReplicaEffect): void {
    if (effect.type !== 'send') return;
    const { bytes } = effect;
    this.#note(conn, 0, bytes);
    const frame = decodeClientFrame(bytes);
    this.#server({ type: 'connReceived', conn: conn as ConnId, frame, bytes: bytes.length });
  }

  #server(input: Input): void {
    for (const effect of this.#gateway.step(now, input).effects) this.#ofServer(effect);
  }

  #ofServer(effect: Effect): void {
    if (effect.type === 'send' || effect.type === 'sendControl') {
      const { bytes } = effect.frame;
      for (const conn of effect.conns) {
        this.#note(0, conn, bytes);
        const frame = decodeServerFrame(bytes);
        this.client(conn, { type: 'connReceived', connection: 1, frame });
      }
    } else if (effect.type === 'readLog') {
      this.#server({ type: 'logRead', readId: effect.readId, page: { head: null, rows: [] } });
    } else if (effect.type === 'loadSnapshot') {
      this.#server({ type: 'snapshotLoaded', readId: effect.readId, fold: null });
    } else if (effect.type === 'append') this.#append = effect.appendId;
    else if (effect.type === 'decideAuth') {
      const secretHash = new Uint8Array(32);
      const rights = { read: true, write: true };
      const decision = { allowed: true, principal: 'anonymous', rights, secretHash } as const;
      this.#server({ type: 'authDecided', sessionId: effect.sessionId, decision });
    }
  }

  #note(from: number, to: number, bytes: Uint8Array): void {
    this.frames.push({ way: `${names[from]} → ${names[to]}`, hex: hexOf(bytes) });
  }
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** The frames of the page: blocks that begin with who speaks to whom; comments follow the bytes. */
function framesOfPage(): { readonly way: string; readonly hex: string }[] {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```text\n(\w+ → \w+)\n(.*?)```/gs)];
  return blocks.map(([, way = '', lines = '']) => {
    const bytes = [...lines.matchAll(/^ *((?:[0-9a-f]{2} )*[0-9a-f]{2})(?= {2}|$)/gm)];
    return { way, hex: bytes.map(([, hex]) => hex).join(' ') };
  });
}

it('is the session that docs/protocol.md shows', () => {
  const talk = new Conversation();
  talk.join(1, 0x12_3456_789a_bcde);
  talk.join(2, 0x0f_edcb_a987_6543);
  const type = (index: number, inserted: string): void =>
    talk.client(1, { type: 'edited', splices: [{ index, deleted: 0, inserted }] });
  type(0, 'hi');
  talk.commit(1, noon + 5_000);
  type(2, '!');
  talk.commit(2, noon + 5_250);

  expect([talk.textOf(1), talk.textOf(2)]).toEqual(['hi!', 'hi!']);
  expect(framesOfPage()).toEqual(talk.frames);
});
