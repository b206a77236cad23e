/**
 * A session whose tokens expire, are refused, or allow less than before: nothing that was typed is
 * lost. The server is the real core in virtual time; an application's function gives the tokens.
 */
import { describe, expect, it } from 'vitest';
import type { SyncSession } from './sync-session.ts';
import { Loopback } from './testing/loopback.ts';

/** Moves time on, and lets what was promised happen after each millisecond. */
async function run(loop: Loopback, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed++) {
    loop.time.advance(1);
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  }
}

/** Tokens t1, t2, …, each good for so long. */
function issuer(loop: Loopback, limits: { forMs?: number; readOnly?: boolean } = {}) {
  let count = 0;
  return (): string => {
    const token = `t${++count}`;
    loop.tokens.add(token);
    loop.limits.set(token, limits);
    return token;
  };
}

async function durable(loop: Loopback, session: SyncSession): Promise<void> {
  for (let n = 0; session.status !== 'durable' && n < 200; n++) await run(loop, 10);
  expect(session.status).toBe('durable');
}

describe('a token that is asked for', () => {
  it('is asked for before the connection, and again for the next one', async () => {
    const loop = new Loopback();
    const session = loop.connect({ token: issuer(loop) });
    expect(session.status).toBe('connecting');
    await durable(loop, session);
    loop.networkUp = false;
    await run(loop, 5);
    loop.networkUp = true;
    await run(loop, 300);
    await durable(loop, session);
    expect(loop.asked).toEqual(['t1', 't2']);
  });

  it('is replaced before it expires: the session goes on', async () => {
    const loop = new Loopback();
    const session = loop.connect({ token: issuer(loop, { forMs: 1_000 }) });
    await durable(loop, session);
    session.insert(0, 'a');
    await run(loop, 5_000);
    session.insert(1, 'b');
    await run(loop, 10);
    expect(session.status).toBe('durable');
    expect(loop.connections).toBe(1);
    expect(loop.asked.length).toBeGreaterThanOrEqual(5);
    expect(loop.faults).toEqual([]);
  });

  it('is asked for again after a while when the function fails', async () => {
    const loop = new Loopback();
    const next = issuer(loop);
    let failures = 3;
    const token = (): string => {
      if (failures-- > 0) throw new Error('the service is away');
      return next();
    };
    const session = loop.connect({ token });
    session.insert(0, 'typed meanwhile');
    await durable(loop, session);
    expect(loop.asked).toEqual(['t1']);
  });

  it('that comes too late is as if the session had been away: nothing is lost', async () => {
    const loop = new Loopback();
    const next = issuer(loop, { forMs: 1_000 });
    let isAway = false;
    const token = (): Promise<string> =>
      isAway ? Promise.reject(new Error('the service is away')) : Promise.resolve(next());
    const session = loop.connect({ token });
    await durable(loop, session);
    isAway = true;
    for (let n = 0; n < 1_200; n++) {
      session.insert(session.length, String.fromCharCode(97 + (n % 26)));
      await run(loop, 1);
    }
    const { text } = session;
    expect(session.pending).toBeGreaterThan(0);
    isAway = false;
    await run(loop, 3_000);
    await durable(loop, session);
    const reader = loop.connect({ token: next() });
    await durable(loop, reader);
    expect([session.text, reader.text]).toEqual([text, text]);
    expect(loop.connections).toBe(3);
  });

  it('no answer that comes after close does anything', async () => {
    const loop = new Loopback();
    const session = loop.connect({ token: issuer(loop) });
    session.close();
    await run(loop, 10);
    expect([session.status, loop.connections]).toEqual(['closed', 0]);
  });
});

describe('a refusal', () => {
  it('is the end if the same token comes again', async () => {
    const loop = new Loopback();
    const session = loop.connect({ token: () => 'wrong' });
    await run(loop, 500);
    expect([session.status, loop.asked]).toEqual(['failed', ['wrong']]);
  });

  it('is not the end if another one comes', async () => {
    const loop = new Loopback();
    const tokens = ['wrong', 'right'];
    loop.tokens.add('right');
    const session = loop.connect({ token: () => tokens.shift() ?? 'none' });
    session.insert(0, 'a');
    await durable(loop, session);
    expect(loop.asked).toEqual(['wrong', 'right']);
  });

  it('is the end after three in a row, until the application says so', async () => {
    const loop = new Loopback();
    let count = 0;
    const session = loop.connect({ token: () => `wrong ${++count}` });
    await run(loop, 2_000);
    expect([session.status, count]).toEqual(['failed', 3]);
    session.reconnect({ token: issuer(loop) });
    await durable(loop, session);
  });
});

it('the right to write may go and come back: what was typed goes out then', async () => {
  const loop = new Loopback();
  let count = 0;
  const token = (): string => {
    const name = `t${++count}`;
    loop.tokens.add(name);
    loop.limits.set(name, { forMs: 1_000, readOnly: count === 2 });
    return name;
  };
  const session = loop.connect({ token });
  await durable(loop, session);
  while (count < 2) {
    session.insert(session.length, 'x');
    await run(loop, 1);
  }
  for (let n = 0; n < 100; n++) {
    session.insert(session.length, 'y');
    await run(loop, 1);
  }
  expect(session.pending).toBeGreaterThan(0);
  expect(session.writable).toBe(false);
  const { text } = session;
  await run(loop, 1_000);
  await durable(loop, session);
  const reader = loop.connect({ token: '' });
  await durable(loop, reader);
  expect([session.text, reader.text, loop.connections]).toEqual([text, text, 2]);
  expect(session.writable).toBe(true);
});
