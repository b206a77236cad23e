/**
 * What a session may do, and until when. The test answers the questions about tokens: each token is
 * the JSON of what it allows.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sliceBatch } from '../../proto/batch.ts';
import type { AuthDecision, AuthRequest } from '../driver/ports.ts';
import {
  allowed,
  GatewayScript,
  headAt,
  logRow,
  Typist,
  textOf,
} from './testing/gateway-script.ts';

/** Wall clock of the script at time 0. */
const wallMs = 1_000_000;

interface Told {
  readonly principal?: string;
  readonly id?: string;
  readonly read?: boolean;
  readonly write?: boolean;
  readonly presence?: boolean;
  readonly issuedAtMs?: number;
  /** On the script's clock. */
  readonly untilMs?: number;
  readonly refused?: 'unauthorized' | 'forbidden' | 'auth-unavailable';
}

const token = (told: Told): string => JSON.stringify(told);

function decide(request: AuthRequest): AuthDecision {
  const told: Told = JSON.parse(request.token);
  if (told.refused !== undefined) return { allowed: false, code: told.refused, reason: 'no' };
  const { principal = 'p', id = null, read = true, write = true, presence = true } = told;
  const { issuedAtMs = 0, untilMs } = told;
  const expiresAtMs = untilMs === undefined ? null : wallMs + untilMs;
  const facts = { id, issuedAtMs, expiresAtMs };
  return { ...allowed(request), principal, rights: { read, write, presence }, token: facts };
}

function scriptWith(conn: number, replica: number, told: Told): GatewayScript {
  const script = new GatewayScript();
  script.decide = decide;
  join(script, conn, replica, told);
  return script;
}

function join(script: GatewayScript, conn: number, replica: number, told: Told): void {
  script.hello(conn, replica, null, 'doc', token(told));
  if (script.reads.length > 0) script.answerRead({ head: null, rows: [] });
}

function refresh(script: GatewayScript, conn: number, told: Told): void {
  script.send(conn, { type: 'token', token: token(told) });
}

const codes = (script: GatewayScript, conn: number): unknown[] =>
  script.take(conn).flatMap(({ error }) => (error === null ? [] : [error.code]));

describe('an expiry', () => {
  it('is told in the welcome, and ends the session when it comes', () => {
    const script = scriptWith(1, 11, { untilMs: 5_000 });
    expect(script.take(1)[0]?.welcome).toMatchObject({ expiresInMs: 5_000, writable: true });
    script.advance(4_999);
    expect(script.closed.has(1)).toBe(false);
    script.advance(1);
    expect(codes(script, 1)).toEqual(['unauthorized']);
    expect(script.closed.get(1)).toBe(4401);
  });

  it('is the deadline that the core asks for', () => {
    const script = scriptWith(1, 11, { untilMs: 700 });
    expect(script.wakeAtMs).toBe(700);
  });

  it('that has passed lets nobody in', () => {
    const script = scriptWith(1, 11, { untilMs: 0 });
    expect(script.closed.get(1)).toBe(4401);
  });

  it('that passes while the document loads ends the session, too', () => {
    const script = new GatewayScript();
    script.decide = decide;
    script.hello(1, 11, null, 'doc', token({ untilMs: 100 }));
    script.advance(100);
    expect(script.closed.get(1)).toBe(4401);
  });

  it('refuses an edit that comes in the step in which it is due', () => {
    const script = scriptWith(1, 11, { untilMs: 5_000 });
    script.nowMs = 5_000;
    script.edit(1, new Typist(11).type(0, 'late'));
    expect(script.appends).toEqual([]);
    expect(script.closed.get(1)).toBe(4401);
  });

  it('takes nothing back that was on its way: the next welcome tells that it is durable', () => {
    const script = scriptWith(1, 11, { untilMs: 5_000 });
    script.edit(1, new Typist(11).type(0, 'in time'));
    script.advance(5_000);
    script.commit(1);
    join(script, 2, 11, {});
    expect(script.take(2)[0]?.welcome).toMatchObject({ through: 7, expiresInMs: 0 });
  });
});

describe('a new token', () => {
  it('moves the expiry, and the client is told', () => {
    const script = scriptWith(1, 11, { untilMs: 5_000 });
    script.take(1);
    script.advance(4_000);
    refresh(script, 1, { untilMs: 9_000 });
    expect(script.take(1).map(({ rights }) => rights)).toEqual([
      { writable: true, expiresInMs: 5_000 },
    ]);
    script.advance(4_999);
    expect(script.closed.has(1)).toBe(false);
    script.advance(1);
    expect(script.closed.get(1)).toBe(4401);
  });

  it.each([
    ['is refused', { refused: 'unauthorized' }, 4401],
    ['may not read', { read: false }, 4403],
    ['is of another principal', { principal: 'q' }, 4401],
    ['has expired', { untilMs: 0 }, 4401],
  ] as const)('that %s ends the session', (_, told, code) => {
    const script = scriptWith(1, 11, {});
    refresh(script, 1, told);
    expect(script.closed.get(1)).toBe(code);
  });

  it('of which nobody knows whether it is good changes nothing', () => {
    const script = scriptWith(1, 11, { untilMs: 5_000 });
    refresh(script, 1, { refused: 'auth-unavailable' });
    expect(script.closed.has(1)).toBe(false);
    script.advance(5_000);
    expect(script.closed.get(1)).toBe(4401);
  });

  it('that comes while another is checked waits, and of several the last counts', () => {
    const script = scriptWith(1, 11, { untilMs: 5_000 });
    script.take(1);
    script.decide = () => null;
    for (const untilMs of [6_000, 7_000, 8_000]) refresh(script, 1, { untilMs });
    expect(script.deciding).toHaveLength(1);
    script.decide = decide;
    const [sessionId = 0] = script.deciding;
    const request = { token: token({ untilMs: 6_000 }), document: 'doc', secret: null };
    script.feed({ type: 'authDecided', sessionId, decision: decide(request) });
    expect(script.take(1).map(({ rights }) => rights?.expiresInMs)).toEqual([6_000, 8_000]);
  });

  it('whose check ends after the session does nothing', () => {
    const script = scriptWith(1, 11, {});
    script.decide = () => null;
    refresh(script, 1, {});
    script.close(1);
    const [sessionId = 0] = script.deciding;
    const request = { token: token({}), document: 'doc', secret: null };
    script.feed({ type: 'authDecided', sessionId, decision: decide(request) });
    expect(script.gateway.stats.sessions).toBe(0);
  });
});

describe('the right to write', () => {
  it('that was never there: an edit ends the session', () => {
    const script = scriptWith(1, 11, { write: false });
    expect(script.take(1)[0]?.welcome?.writable).toBe(false);
    script.edit(1, new Typist(11).type(0, 'a'));
    expect(script.closed.get(1)).toBe(4403);
  });

  it('is lost in the middle: what comes is skipped, what is on its way is acknowledged', () => {
    const script = scriptWith(1, 11, {});
    const typist = new Typist(11);
    script.edit(1, typist.type(0, 'a'));
    refresh(script, 1, { write: false });
    script.edit(1, typist.type(1, 'b'));
    script.take(1);
    script.commit(1);
    expect(script.take(1)[0]?.ack?.through).toBe(1);
    expect(script.appends).toEqual([]);
    expect(script.closed.has(1)).toBe(false);
  });

  it('comes back: edits are taken from the first that was skipped, and none before it', () => {
    const script = scriptWith(1, 11, {});
    const typist = new Typist(11);
    const [a, b, c] = [typist.type(0, 'a'), typist.type(1, 'b'), typist.type(2, 'c')];
    script.edit(1, a);
    script.commit(1);
    refresh(script, 1, { write: false });
    script.edit(1, b);
    refresh(script, 1, {});
    script.edit(1, c); // Sent before the client knew: there is a hole before it.
    expect([script.appends, script.closed.size]).toEqual([[], 0]);
    script.edit(1, b);
    script.edit(1, c);
    expect(script.appends.map(textOf)).toEqual(['b']);
    script.commit(2);
    expect(script.appends.map(textOf)).toEqual(['c']);
  });

  it('is lost while edits wait for their base: they may come again', () => {
    const script = scriptWith(1, 11, {});
    const batch = new Typist(11).type(0, 'ab', 1);
    script.edit(1, batch);
    refresh(script, 1, { write: false });
    refresh(script, 1, {});
    script.edit(1, sliceBatch(batch, 2));
    script.edit(1, batch);
    script.answerRead({ head: headAt(1), rows: [logRow(1, new Typist(22).type(0, 'x'))] });
    script.answerRead({ head: headAt(1), rows: [] });
    expect(script.appends.map(textOf)).toEqual(['ab']);
  });
});

describe('presence', () => {
  const state = { name: 'Ann', color: 'red', head: null, anchor: null };

  it('is ignored without the right', () => {
    const script = scriptWith(1, 11, { presence: false });
    join(script, 2, 22, {});
    script.take(2);
    script.send(1, { type: 'presence', state });
    script.advance(50);
    expect(script.take(2)).toEqual([]);
    expect(script.closed.size).toBe(0);
  });

  it('goes with the right', () => {
    const script = scriptWith(1, 11, {});
    join(script, 2, 22, {});
    script.send(1, { type: 'presence', state });
    script.advance(50);
    expect(script.take(2).at(-1)?.presence?.peers).toHaveLength(1);
    refresh(script, 1, { presence: false });
    script.advance(50);
    expect(script.take(2).at(-1)?.presence?.left).toHaveLength(1);
  });
});

describe('a revocation', () => {
  const everybody = [
    { conn: 1, principal: 'ann', id: 'one', issuedAtMs: 10 },
    { conn: 2, principal: 'ann', id: 'two', issuedAtMs: 20 },
    { conn: 3, principal: 'bob', id: 'one-too', issuedAtMs: 10 },
  ];

  it.each([
    ['of a principal ends what was issued by then', { principal: 'ann', at: 10 }, [1]],
    ['of a principal ends all of it', { principal: 'ann', at: 20 }, [1, 2]],
    ['of a token ends that', { id: 'two' }, [2]],
    ['of nobody here ends nothing', { principal: 'carl', at: 99 }, []],
  ] as const)('%s', (_, asked, ended) => {
    const script = new GatewayScript();
    script.decide = decide;
    for (const { conn, ...told } of everybody) join(script, conn, conn * 11, told);
    const revocation =
      'id' in asked
        ? ({ type: 'token', id: asked.id } as const)
        : ({ type: 'principal', principal: asked.principal, issuedThroughMs: asked.at } as const);
    script.feed({ type: 'authRevoked', revocation });
    expect([...script.closed.entries()]).toEqual(ended.map((conn) => [conn, 4401]));
  });
});

it('another principal does not go on with a replica, not even with its secret', () => {
  const script = scriptWith(1, 11, { principal: 'ann' });
  script.edit(1, new Typist(11).type(0, 'a'));
  script.commit(1);
  join(script, 2, 11, { principal: 'bob' });
  expect(script.closed.get(2)).toBe(4412);
});

it('no edit is appended that came without the right to write, or after the expiry', () => {
  const action = fc.oneof(
    fc.record({ type: fc.constant('edit' as const) }),
    fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400 }) }),
    fc.record({
      type: fc.constant('token' as const),
      write: fc.boolean(),
      forMs: fc.integer({ min: 1, max: 1_000 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), fc.boolean(), (actions, ticks) => {
      const script = scriptWith(1, 11, { untilMs: 500 });
      const typist = new Typist(11);
      let may = { write: true, untilMs: 500 };
      let allowedText = '';
      for (const [n, each] of actions.entries()) {
        // A timer may be late: the step of the next input is then the first after the deadline.
        if (each.type === 'wait' && ticks) script.advance(each.ms);
        else if (each.type === 'wait') script.nowMs += each.ms;
        else if (each.type === 'token') {
          const untilMs = script.nowMs + each.forMs;
          const isIn = script.nowMs < may.untilMs;
          refresh(script, 1, { write: each.write, untilMs });
          if (isIn) may = { write: each.write, untilMs };
        } else {
          const text = String.fromCharCode(97 + n);
          script.edit(1, typist.type(typist.sequence.length, text));
          if (may.write && script.nowMs < may.untilMs) allowedText += text;
        }
        if (script.closed.has(1)) break;
      }
      const taken = script.appends.map(textOf).join('');
      expect(allowedText.startsWith(taken)).toBe(true);
      expect([...taken].every((character) => allowedText.includes(character))).toBe(true);
    }),
  );
});
