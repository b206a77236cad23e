/**
 * A client with a local store: nothing leaves before it is stored, a tab that is opened again goes
 * on where the store is, and an old copy of the store is told from what the server knows.
 */
import { describe, expect, it } from 'vitest';
import { decodeUpdate } from '../../proto/update-codec.ts';
import { must } from '../assert.ts';
import type { StoredReplica } from './replica-options.ts';
import { GatewayScript } from './testing/gateway-script.ts';
import { ReplicaScript } from './testing/replica-script.ts';

const empty = { head: null, rows: [] };
const heartbeatMs = 10_000;

/** A client whose store held this, connected to a node on an empty log. */
function connected(held: StoredReplica | null): { script: GatewayScript; anna: ReplicaScript } {
  const script = new GatewayScript();
  const anna = new ReplicaScript(11, heartbeatMs, { held });
  anna.feed({ type: 'start' });
  anna.connect(script, 1);
  script.answerRead(empty);
  anna.pass(script);
  return { script, anna };
}

/** The store is written as it has to be now. */
function store(anna: ReplicaScript): StoredReplica {
  const { stored } = anna.session;
  anna.feed({ type: 'outboxStored', replica: stored.identity.replica, last: stored.last });
  return stored;
}

/** The same tab, opened again on the same node. */
function reopened(script: GatewayScript, held: StoredReplica): ReplicaScript {
  const anna = new ReplicaScript(900, heartbeatMs, { held });
  anna.feed({ type: 'start' });
  anna.connect(script, 2);
  anna.pass(script);
  return anna;
}

describe('what is typed', () => {
  it('is shown at once, and sent only when it is stored', () => {
    const { script, anna } = connected(null);
    anna.type(0, 'ab');
    anna.pass(script);
    expect([anna.session.text, script.appends.length]).toEqual(['ab', 0]);
    store(anna);
    anna.pass(script);
    expect(script.appends).toHaveLength(1);
  });

  it('is sent as far as it is stored, never half a pair', () => {
    const { script, anna } = connected(null);
    anna.type(0, 'a😀');
    anna.feed({ type: 'outboxStored', replica: anna.session.replica, last: 2 });
    anna.pass(script);
    expect(script.appends).toHaveLength(0);
    store(anna);
    anna.pass(script);
    expect(script.appends).toHaveLength(1);
  });

  it('is not sent because another identity was stored', () => {
    const { script, anna } = connected(null);
    anna.type(0, 'a');
    anna.feed({ type: 'outboxStored', replica: 4711, last: 1 });
    anna.pass(script);
    expect(script.appends).toHaveLength(0);
  });
});

describe('a tab that is opened again', () => {
  it('sends what was not settled, under the same identity, and gives new ids', () => {
    const { script, anna } = connected(null);
    anna.type(0, 'a');
    const held = store(anna);
    anna.closed();
    script.close(1);
    const again = reopened(script, held);
    expect([again.session.replica, again.session.text]).toEqual([11, 'a']);
    again.type(1, 'b');
    store(again);
    again.pass(script);
    script.commit(1);
    again.pass(script);
    script.commit(2);
    again.pass(script);
    expect([again.session.text, again.session.pendingOperations]).toEqual(['ab', 0]);
    expect(again.rescued).toEqual([]);
  });

  it('tells how long what it sends was held, if the store knows', () => {
    const dayMs = 24 * 60 * 60 * 1000;
    const heldMsOf = (times: StoredReplica['times']): number | undefined => {
      const { script, anna } = connected(null);
      anna.type(0, 'a');
      const held = { ...store(anna), times };
      script.close(1);
      const again = new ReplicaScript(900, heartbeatMs, { held });
      again.nowMs = 3 * dayMs;
      again.feed({ type: 'start' });
      again.connect(script, 2);
      again.pass(script);
      const { body } = must(script.appends[0], 'it is sent');
      return decodeUpdate(body).batches[0]?.heldMs;
    };
    expect(heldMsOf([{ first: 1, wallMs: 0 }])).toBe(3 * dayMs);
    expect(heldMsOf(undefined)).toBeUndefined();
  });

  it('takes no edit before its document is loaded', () => {
    const { script, anna } = connected(null);
    anna.type(0, 'a');
    const held = store(anna);
    script.close(1);
    const again = new ReplicaScript(900, heartbeatMs, { held });
    expect(again.session.loaded).toBe(false);
    expect(() => again.type(0, 'x')).toThrow('not loaded yet');
    again.feed({ type: 'start' });
    again.connect(script, 2);
    again.pass(script);
    expect(again.session.loaded).toBe(true);
  });

  it('becomes somebody else when the server knows more than its store', () => {
    const { script, anna } = connected(null);
    anna.type(0, 'a');
    const old = store(anna);
    anna.type(1, 'b');
    store(anna);
    anna.pass(script);
    for (const append of [1, 2]) {
      script.commit(append);
      anna.pass(script);
    }
    script.close(1);
    const again = reopened(script, old);
    expect(again.session.replica).not.toBe(11);
    expect(again.rescued).toEqual(['a']);
  });
});
