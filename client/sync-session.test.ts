/**
 * Goal: what an application sees of a session, in every state of its connection. Method: sessions
 * on a node in memory (testing/loopback.ts) in virtual time.
 */
import { describe, expect, it } from 'vitest';
import { SyncError } from './sync-error.ts';
import { Loopback } from './testing/loopback.ts';

/** Enough for any exchange without a time-out. */
const whileMs = 200;

describe('editing', () => {
  it('converges between two sessions, with typing of both at once', () => {
    const loop = new Loopback();
    const [ann, bob] = [loop.connect(), loop.connect()];
    loop.time.advance(whileMs);
    ann.insert(0, 'Hello world');
    loop.time.advance(whileMs);
    ann.insert(5, ',');
    bob.edit([
      { index: 6, deleted: 5, inserted: '' },
      { index: 6, deleted: 0, inserted: 'everybody' },
    ]);
    loop.time.advance(whileMs);
    expect(bob.text).toBe('Hello, everybody');
    expect(ann.text).toBe(bob.text);
    expect([ann.status, bob.status]).toEqual(['durable', 'durable']);
  });

  it('shows an edit at once, also when a listener makes it, and tells events in order', () => {
    const loop = new Loopback();
    const session = loop.connect();
    const seen: string[] = [];
    session.on('change', ({ changes, origin }) => {
      seen.push(`${origin} ${changes.map(({ inserted }) => inserted).join()} in ${session.text}`);
      if (session.text === 'a') {
        session.insert(1, 'b');
        expect(session.text).toBe('ab');
        seen.push('edited');
      }
    });
    session.on('change', ({ changes }) => seen.push(`second ${changes[0]?.inserted}`));
    session.insert(0, 'a');
    expect(seen).toEqual(['local a in a', 'edited', 'second a', 'local b in ab', 'second b']);
  });

  it('refuses, and changes nothing, what the text does not allow', () => {
    const session = new Loopback().connect();
    session.insert(0, 'a😀');
    const faulty = [
      () => session.insert(4, 'x'),
      () => session.insert(-1, 'x'),
      () => session.insert(0.5, 'x'),
      () => session.insert(2, 'x'),
      () => session.insert(0, '\ud83d'),
      () => session.delete(1, 1),
      () => session.delete(0, 4),
      () =>
        session.edit([
          { index: 0, deleted: 0, inserted: 'fine' },
          { index: 99, deleted: 0, inserted: 'not' },
        ]),
      () => session.lineColumnAt(4),
      () => session.setPresence({ head: 4 }),
      () => session.setPresence({ name: 'x'.repeat(65) }),
      () => session.setPresence({ color: '\udc00' }),
    ];
    for (const edit of faulty) expect(edit).toThrow(RangeError);
    expect(session.text).toBe('a😀');
    expect(session.pending).toBe(3);
  });

  it('goes on when a listener throws, and reports it', () => {
    const loop = new Loopback();
    const session = loop.connect();
    let told = 0;
    session.on('change', () => {
      throw new Error('faulty');
    });
    const stop = session.on('change', () => told++);
    session.insert(0, 'a');
    stop();
    session.insert(1, 'b');
    expect(told).toBe(1);
    expect(loop.faults.map(String)).toEqual(['Error: faulty', 'Error: faulty']);
  });
});

describe('status', () => {
  it('goes from connecting over syncing to durable, and back with each edit', () => {
    const loop = new Loopback();
    const session = loop.connect();
    const seen: string[] = [session.status];
    session.on('status', (status) => seen.push(status));
    loop.time.advance(whileMs);
    session.insert(0, 'abc');
    expect(session.pending).toBe(3);
    expect(session.durableAt).toBe(null);
    loop.time.advance(whileMs);
    expect(seen).toEqual(['connecting', 'durable', 'syncing', 'durable']);
    expect(session.pending).toBe(0);
    expect(session.durableAt).toBeGreaterThan(0);
    session.close();
    expect(session.status).toBe('closed');
  });

  it('is never durable while the log is down, and nothing is acked', () => {
    const loop = new Loopback();
    const session = loop.connect();
    loop.time.advance(whileMs);
    const acks: number[] = [];
    session.on('ack', ({ lsn }) => acks.push(lsn));
    loop.log.up = false;
    session.insert(0, 'kept');
    loop.time.advance(5_000);
    expect([session.status, session.pending, acks.length]).toEqual(['syncing', 4, 0]);
    loop.log.up = true;
    loop.time.advance(5_000);
    expect([session.status, session.pending, acks]).toEqual(['durable', 0, [1]]);
    expect(loop.connect().text).toBe('');
  });

  it('tells how long an ack took, unless the connection broke meanwhile', () => {
    const loop = new Loopback();
    const session = loop.connect();
    loop.time.advance(whileMs);
    const latencies: (number | null)[] = [];
    session.on('ack', ({ latencyMs }) => latencies.push(latencyMs));
    session.insert(0, 'a');
    loop.time.advance(whileMs);
    expect(latencies).toEqual([3]);
    session.insert(0, 'b');
    session.goOffline();
    loop.time.advance(whileMs);
    session.goOnline();
    loop.time.advance(whileMs);
    session.insert(0, 'c');
    loop.time.advance(whileMs);
    expect(latencies).toEqual([3, null, 3]);
    expect(session.pending).toBe(0);
  });
});

describe('connection', () => {
  it('sends what is pending after a reconnect and gets only what it lacks', () => {
    const loop = new Loopback();
    const [ann, bob] = [loop.connect(), loop.connect()];
    ann.insert(0, 'one ');
    loop.time.advance(whileMs);
    const { lsn, epoch } = bob.cursor;
    loop.networkUp = false;
    loop.time.advance(1);
    ann.insert(4, 'two ');
    bob.insert(0, 'zero ');
    loop.time.advance(30_000);
    expect([ann.status, bob.pending]).toEqual(['offline', 5]);
    const changes: string[] = [];
    bob.on('change', (event) => changes.push(...event.changes.map(({ inserted }) => inserted)));
    loop.networkUp = true;
    loop.time.advance(15_000);
    expect(ann.text).toBe('zero one two ');
    expect(bob.text).toBe(ann.text);
    expect(changes).toEqual(['two ']);
    expect(bob.cursor).toMatchObject({ epoch, lsn: lsn + 2 });
  });

  it('stays offline when told to, and edits merge when it comes back', () => {
    const loop = new Loopback();
    const [ann, bob] = [loop.connect(), loop.connect()];
    loop.time.advance(whileMs);
    ann.goOffline();
    loop.time.advance(60_000);
    expect(ann.status).toBe('offline');
    ann.insert(0, 'from a plane');
    bob.insert(0, 'from home, ');
    loop.time.advance(whileMs);
    ann.goOnline();
    loop.time.advance(whileMs);
    expect(ann.text).toBe(bob.text);
    expect(ann.text).toContain('from a plane');
    expect(ann.text).toContain('from home, ');
  });

  it('leaves nothing behind when it is closed while it waits to try again', () => {
    const loop = new Loopback();
    loop.networkUp = false;
    const session = loop.connect();
    loop.time.advance(2);
    expect(session.status).toBe('offline');
    session.close();
    expect(loop.time.waiting).toBe(0);
    expect(() => session.insert(0, 'x')).toThrow(SyncError);
  });

  it('fails with advice when refused, and goes on with a new token', async () => {
    const loop = new Loopback();
    const session = loop.connect({ token: 'expired' });
    loop.tokens.delete('');
    session.insert(0, 'typed');
    const settled = session.settled();
    const errors: SyncError[] = [];
    session.on('error', (error) => errors.push(error));
    loop.time.advance(whileMs);
    await expect(settled).rejects.toMatchObject({ name: 'SyncError', code: errors[0]?.code });
    expect(session.status).toBe('failed');
    expect(errors[0]?.advice).toMatch(/reconnect\(/);
    await expect(session.settled()).rejects.toBe(errors[0]);
    loop.tokens.add('fresh');
    session.reconnect({ token: 'fresh' });
    loop.time.advance(whileMs);
    await session.settled();
    expect([session.status, session.pending, session.text]).toEqual(['durable', 0, 'typed']);
  });
});

describe('settled', () => {
  it('waits for what was typed before the call, not for what comes after', async () => {
    const loop = new Loopback();
    const session = loop.connect();
    await session.settled();
    loop.time.advance(whileMs);
    session.insert(0, 'first');
    let done = false;
    const settled = session.settled().then(() => {
      done = true;
    });
    loop.time.advance(2);
    session.insert(0, 'later');
    await new Promise(setImmediate);
    expect(done).toBe(false);
    loop.time.advance(1);
    await settled;
    expect(session.pending).toBe(5);
  });

  it('rejects when the session is closed or the signal aborts', async () => {
    const session = new Loopback().connect();
    session.insert(0, 'never sent');
    const abort = new AbortController();
    const aborted = session.settled({ signal: abort.signal });
    const closed = session.settled();
    abort.abort(new Error('enough'));
    session.close();
    await expect(aborted).rejects.toThrow('enough');
    await expect(closed).rejects.toMatchObject({ code: 'closed' });
    await expect(session.synced()).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('presence', () => {
  it('shows others with line and column, moved along with edits, until they go', () => {
    const loop = new Loopback();
    const ann = loop.connect({ name: 'Ann', color: 'teal' });
    const bob = loop.connect({ name: 'Bob', color: 'navy' });
    loop.time.advance(whileMs);
    expect(ann.peers).toMatchObject([{ name: 'Bob', head: null, line: 0, column: 0 }]);
    ann.insert(0, 'one\ntwo');
    loop.time.advance(whileMs);
    bob.setPresence({ head: 6, anchor: 4 });
    loop.time.advance(whileMs);
    expect(ann.peers).toMatchObject([{ name: 'Bob', head: 6, anchor: 4, line: 2, column: 3 }]);
    ann.insert(0, 'zero\n');
    expect(ann.peers).toMatchObject([{ head: 11, line: 3, column: 3 }]);
    bob.setPresence({ name: 'Robert' });
    loop.time.advance(whileMs);
    expect(ann.peers).toMatchObject([{ name: 'Robert', color: 'navy', line: 3 }]);
    bob.close();
    loop.time.advance(whileMs);
    expect(ann.peers).toEqual([]);
  });
});

describe('the view for tools', () => {
  it('names units by id and knows the version', () => {
    const loop = new Loopback();
    const [ann, bob] = [loop.connect(), loop.connect()];
    ann.insert(0, 'ab\nc');
    loop.time.advance(whileMs);
    bob.insert(0, 'x');
    loop.time.advance(whileMs);
    const id = bob.idAt(1);
    expect(id).toMatchObject({ replica: ann.replica, timestamp: 1 });
    expect(id === null ? null : ann.indexOf(id)).toBe(1);
    expect(ann.idAt(5)).toBe(null);
    expect(ann.lineColumnAt(5)).toEqual({ line: 2, column: 2 });
    expect(ann.versionVector).toEqual(bob.versionVector);
    expect([...ann.versionVector.keys()].length).toBe(2);
  });
});
