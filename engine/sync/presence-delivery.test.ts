/**
 * Goal: what presence costs a node stays bounded however many people move, text comes first, and
 * nobody misses a name. Method: a gateway under the test's hand, with a clock of its own; the cost
 * is counted in frames and bytes as the budget counts them.
 */
import { describe, expect, it } from 'vitest';
import type { PresenceState } from '../../proto/frame-messages.ts';
import type { ServerFrame } from '../../proto/server-frame.ts';
import { encodePresencePart } from '../../proto/server-frame.ts';
import { PresenceBudget, sendingMs } from './presence-budget.ts';
import { GatewayScript, Typist } from './testing/gateway-script.ts';

const calm = { heartbeatMs: 1_000_000, silenceMs: 1_000_000 };
const pauseFactor = 100;

const named = (name: string): PresenceState => {
  const head = { replica: 0, timestamp: 0, side: 'after' } as const;
  return { name, color: '#336699', head, anchor: null };
};

function crowd(size: number): GatewayScript {
  const script = new GatewayScript({ ...calm, presencePauseFactor: pauseFactor });
  for (let conn = 1; conn <= size; conn++) script.join(conn, conn);
  for (let conn = 1; conn <= size; conn++) script.take(conn);
  return script;
}

/** What every socket was sent since the last call. */
function takeAll(script: GatewayScript, size: number): ServerFrame[][] {
  return Array.from({ length: size }, (_, i) => script.take(i + 1));
}

describe('the budget of presence', () => {
  it('is free after the time for gathering when little was told', () => {
    const budget = new PresenceBudget({ presenceMs: 50, presencePauseFactor: 10 });
    expect(budget.reserve(0, 1)).toBe(50);
    expect(budget.reserve(100, 1)).toBe(150);
  });

  it('makes the next one wait for ten times what the ones before cost', () => {
    const budget = new PresenceBudget({ presenceMs: 50, presencePauseFactor: 10 });
    budget.reserve(0, 20);
    budget.reserve(0, 10);
    expect(budget.reserve(0, 1)).toBe(300);
    expect(budget.reserve(290, 1)).toBe(340);
  });
});

describe('presence of many people', () => {
  it('takes a bounded part of the time while everybody moves', () => {
    const size = 60;
    const script = crowd(size);
    let costMs = 0;
    const endMs = script.nowMs + 4_000;
    for (let turn = 0; script.nowMs < endMs; turn++) {
      for (let conn = 1; conn <= size; conn++) {
        script.send(conn, { type: 'presence', state: named(`${conn} in ${turn}`) });
      }
      for (let passed = 0; passed < 100; passed += 10) {
        script.advance(10);
        for (const frames of takeAll(script, size)) {
          for (const { presence } of frames) {
            if (presence !== null) costMs += sendingMs(1, encodePresencePart(presence).length);
          }
        }
      }
    }
    expect(costMs).toBeGreaterThan(4_000 / pauseFactor / 2);
    expect(costMs).toBeLessThan((4_000 / pauseFactor) * 1.25);
  });

  it('is told in slices, and a row between two of them goes to everybody at once', () => {
    const size = 300;
    const script = crowd(size);
    const typist = new Typist(1);
    for (let conn = 1; conn <= size; conn++) {
      script.send(conn, { type: 'presence', state: named(`${conn}`) });
    }
    script.advance(50);
    const heard = takeAll(script, size).filter((frames) => frames.length > 0).length;
    expect(heard).toBeGreaterThan(0);
    expect(heard).toBeLessThan(size / 2);
    script.edit(1, typist.type(0, 'x'));
    script.commit(1);
    const rows = takeAll(script, size).map(
      (frames) => frames.flatMap((frame) => frame.rows).length,
    );
    expect(rows).toEqual(Array.from({ length: size }, () => 1));
    for (let passed = 0; passed < 1_000; passed += 10) script.advance(10);
    const told = takeAll(script, size).filter((frames) => frames.some((frame) => frame.presence));
    expect(told.length).toBe(size - heard);
  });
});

describe('a name', () => {
  it('is told once; whoever moves on is told without it', () => {
    const script = crowd(2);
    script.send(1, { type: 'presence', state: named('Ann') });
    script.advance(50);
    const [first] = script.take(2).flatMap(({ presence }) => presence?.peers ?? []);
    expect(first).toMatchObject({ moved: false, state: { name: 'Ann' } });
    script.send(1, { type: 'presence', state: { ...named('Ann'), head: null } });
    script.advance(50);
    const [second] = script.take(2).flatMap(({ presence }) => presence?.peers ?? []);
    expect(second).toMatchObject({ moved: true, state: null });
    script.send(1, { type: 'presence', state: named('Ann') });
    script.advance(50);
    const [third] = script.take(2).flatMap(({ presence }) => presence?.peers ?? []);
    expect(third).toMatchObject({ moved: true, state: { name: '', color: '' } });
    script.send(1, { type: 'presence', state: named('Anna') });
    script.advance(50);
    const [fourth] = script.take(2).flatMap(({ presence }) => presence?.peers ?? []);
    expect(fourth).toMatchObject({ moved: false, state: { name: 'Anna' } });
  });

  it('is known to who comes while its caret waits for a row', () => {
    const script = crowd(2);
    script.send(1, { type: 'presence', state: named('Ann') });
    script.advance(50);
    const head = { replica: 0, timestamp: 1, side: 'after' } as const;
    script.send(1, { type: 'presence', state: { ...named('Ann'), head } });
    script.join(3, 3);
    const [whole] = script.take(3).flatMap(({ presence }) => presence ?? []);
    expect(whole).toMatchObject({ full: true, peers: [{ state: { name: 'Ann' } }] });
    script.edit(1, new Typist(1).type(0, 'x'));
    script.commit(1);
    script.advance(50);
    const [moved] = script.take(3).flatMap(({ presence }) => presence?.peers ?? []);
    expect(moved).toMatchObject({ moved: true, line: 1, column: 2 });
  });
});
