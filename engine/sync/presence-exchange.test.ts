/**
 * Goal: who looks at a document is seen on every node, once, for as long as he is there; a node
 * that dies takes its cursors with it. Method: nodes whose sockets, log and clock the test plays;
 * it carries what they tell each other, or loses it.
 */
import { describe, expect, it } from 'vitest';
import { decodeBusMessage } from '../../proto/bus-codec.ts';
import type { PresenceState } from '../../proto/frame-messages.ts';
import { defaultLimits } from '../limits.ts';
import { Fold } from './fold.ts';
import { RoomPresence } from './presence.ts';
import { PresenceExchange } from './presence-exchange.ts';
import { GatewayScript, headAt, logRow, Typist } from './testing/gateway-script.ts';

const limits = { presenceMs: 50, presenceLeaseMs: 9_000, heartbeatMs: 600_000, silenceMs: 600_000 };
const ann: PresenceState = { name: 'Ann', color: 'red', head: null, anchor: null };
const bob: PresenceState = { name: 'Bob', color: 'blue', head: null, anchor: null };

/** Two nodes with one session each (sockets 1), at row 1 of a document. */
function twoNodes(): { readonly a: GatewayScript; readonly b: GatewayScript } {
  const nodes = [1, 2].map((seed) => {
    const script = new GatewayScript(limits, seed);
    script.hello(1, 10 + seed);
    const rows = [logRow(1, new Typist(99).type(0, 'one\ntwo'))];
    script.answerRead({ head: headAt(1), rows });
    script.advance(0);
    script.presenceTold.length = 0;
    script.take(1);
    return script;
  });
  const [a, b] = nodes;
  if (a === undefined || b === undefined) throw new Error('two nodes');
  return { a, b };
}

/** Time passes at both; what one tells reaches the other, unless it is lost. */
function pass(nodes: readonly GatewayScript[], ms: number, isLost = false): void {
  for (let at = 0; at < ms; at += 50) {
    for (const node of nodes) {
      node.advance(50);
      for (const bytes of node.presenceTold.splice(0)) {
        if (isLost) continue;
        for (const other of nodes) {
          if (other !== node) other.feed({ type: 'busReceived', document: 'doc', bytes });
        }
      }
    }
  }
}

/** Whom a socket sees by now, from everything that it was sent. */
class Eyes {
  readonly #peers = new Map<number, string>();
  readonly #script: GatewayScript;
  readonly #conn: number;

  constructor(script: GatewayScript, conn = 1) {
    this.#script = script;
    this.#conn = conn;
  }

  get names(): string[] {
    for (const { presence } of this.#script.take(this.#conn)) {
      if (presence === null) continue;
      if (presence.full) this.#peers.clear();
      for (const session of presence.left) this.#peers.delete(session);
      for (const { session, state, moved } of presence.peers) {
        if (!moved) this.#peers.set(session, state?.name ?? '');
      }
    }
    return [...this.#peers.values()].toSorted((x, y) => (x < y ? -1 : 1));
  }
}

describe('presence between nodes', () => {
  it('is seen on the other node, with line and column, and gone when its session is', () => {
    const { a, b } = twoNodes();
    const head = { replica: 1, timestamp: 6, side: 'after' as const };
    a.send(1, { type: 'presence', state: { ...ann, head } });
    pass([a, b], 200);
    const peers = b.take(1).flatMap(({ presence }) => presence?.peers ?? []);
    expect(peers).toMatchObject([{ state: { name: 'Ann', head }, line: 2, column: 3 }]);
    a.close(1);
    pass([a, b], 200);
    expect(b.take(1).flatMap(({ presence }) => presence?.left ?? [])).toEqual([peers[0]?.session]);
  });

  it('is told anew within a third of the lease when it was lost', () => {
    const { a, b } = twoNodes();
    const eyes = new Eyes(b);
    a.send(1, { type: 'presence', state: ann });
    pass([a, b], 200, true);
    expect(eyes.names).toEqual([]);
    pass([a, b], 3_100);
    expect(eyes.names).toEqual(['Ann']);
  });

  it('stays as long as its node repeats it, and ends with the lease', () => {
    const { a, b } = twoNodes();
    const eyes = new Eyes(b);
    a.send(1, { type: 'presence', state: ann });
    pass([a, b], 30_000);
    expect(eyes.names).toEqual(['Ann']);
    pass([b], 5_000); // Its node has died.
    expect(eyes.names).toEqual(['Ann']);
    pass([b], 4_100);
    expect(eyes.names).toEqual([]);
  });

  it('that has ended is no ghost even if its end was lost', () => {
    const { a, b } = twoNodes();
    const eyes = new Eyes(b);
    a.hello(2, 20);
    a.send(1, { type: 'presence', state: ann });
    a.send(2, { type: 'presence', state: bob });
    pass([a, b], 200);
    expect(eyes.names).toEqual(['Ann', 'Bob']);
    a.close(2);
    pass([a, b], 200, true);
    expect(eyes.names).toEqual(['Ann', 'Bob']);
    pass([a, b], 3_100);
    expect(eyes.names).toEqual(['Ann']);
  });

  it('moves with its replica, though the old node goes on repeating it', () => {
    const { a, b } = twoNodes();
    const third = new GatewayScript(limits, 3);
    third.hello(1, 30);
    third.answerRead({ head: headAt(1), rows: [logRow(1, new Typist(99).type(0, 'one\ntwo'))] });
    const nodes = [a, b, third];
    const eyes = nodes.map((node) => new Eyes(node));
    a.hello(2, 20);
    a.send(2, { type: 'presence', state: bob });
    pass(nodes, 200);
    expect(eyes.map(({ names }) => names)).toEqual([['Bob'], ['Bob'], ['Bob']]);
    b.hello(2, 20);
    b.send(2, { type: 'presence', state: { ...bob, name: 'Bob at b' } });
    // The old node hears nothing of it for a while.
    pass([b, third], 200);
    for (const node of nodes) node.presenceTold.length = 0;
    pass(nodes, 12_000);
    expect(eyes.map(({ names }) => names)).toEqual([['Bob'], ['Bob at b'], ['Bob at b']]);
    b.close(2);
    pass(nodes, 12_000);
    // The old socket is still open: as far as anybody knows he is there.
    expect(eyes[2]?.names).toEqual(['Bob']);
  });

  it('is asked for by who comes new, and after the bus was away', () => {
    const { a, b } = twoNodes();
    const eyes = new Eyes(b);
    a.send(1, { type: 'presence', state: ann });
    pass([a, b], 200, true);
    b.feed({ type: 'busGap', document: null });
    pass([a, b], 100);
    expect(eyes.names).toEqual(['Ann']);
  });

  it('of another history is not heard', () => {
    const { a, b } = twoNodes();
    a.send(1, { type: 'presence', state: ann });
    a.advance(50);
    const message = decodeBusMessage(a.presenceTold[0] ?? new Uint8Array());
    expect(message).toMatchObject({ type: 'presence', presence: { epoch: 77 } });
    const elsewhere = new GatewayScript(limits, 3);
    elsewhere.hello(1, 30);
    const rows = [logRow(1, new Typist(99).type(0, 'x'))];
    elsewhere.answerRead({ head: headAt(1, 78), rows });
    pass([a, elsewhere, b], 5_000);
    expect(new Eyes(elsewhere).names).toEqual([]);
    expect(new Eyes(b).names).toEqual(['Ann']);
  });

  it('ends at once when its node stops', () => {
    const { a, b } = twoNodes();
    const eyes = new Eyes(b);
    a.send(1, { type: 'presence', state: ann });
    pass([a, b], 200);
    expect(eyes.names).toEqual(['Ann']);
    a.feed({ type: 'drain' });
    pass([a, b], 100);
    expect(eyes.names).toEqual([]);
  });

  it('is kept to the node while the bus is away', () => {
    const { a } = twoNodes();
    a.feed({ type: 'busConnected', isUp: false });
    a.send(1, { type: 'presence', state: ann });
    a.advance(5_000);
    expect(a.presenceTold).toEqual([]);
    a.feed({ type: 'busConnected', isUp: true });
    a.feed({ type: 'busGap', document: null });
    a.advance(50);
    const [first] = a.presenceTold.map(decodeBusMessage);
    expect(first).toMatchObject({ presence: { full: true, ask: true, peers: [{ state: ann }] } });
  });

  it('of more than a message holds is told in several', () => {
    const fold = new Fold(77);
    const presence = new RoomPresence(fold);
    const bus = { isAlone: false, isUp: true };
    const rest = { limits: defaultLimits, bus, node: 1, newSession: () => 0 };
    const reserve = (nowMs: number): number => nowMs;
    const exchange = new PresenceExchange({ presence, reserve, ...rest });
    for (let n = 1; n <= 1_500; n++) exchange.set({ session: n, replica: n, state: ann });
    const messages = exchange.take(50, fold);
    expect(messages.map(({ peers }) => peers.length)).toEqual([1_000, 500]);
    for (let n = 1; n <= 1_400; n++) exchange.leave(n);
    exchange.ask(60);
    expect(exchange.take(60, fold)).toMatchObject([{ full: true, ask: true, left: [] }]);
    for (let n = 1_401; n <= 1_500; n++) exchange.leave(n);
    const left = exchange.take(110, fold).flatMap((message) => message.left);
    expect(left).toHaveLength(100);
  });

  it('is asked for by whoever was cut off, and the others look at the log then', () => {
    const { a, b } = twoNodes();
    a.feed({ type: 'busGap', document: null });
    b.headsAsked.length = 0;
    pass([a, b], 100);
    expect(b.headsAsked).toEqual([['doc']]);
  });
});
