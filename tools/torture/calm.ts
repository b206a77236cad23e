/**
 * The calm after faults: nobody types, nothing is broken, and everybody must become equal.
 *
 * Two waits. First until everybody is connected: nodes to PostgreSQL and Redis, which they try
 * again with backoffs of up to 5 s, and clients to nodes. Then `equalMs` until all have everything.
 * That is below the time after which a room that hears nothing asks its log at the earliest
 * (node.ts), so that a message that was missed is noticed here instead of being made up for; and it
 * is far above what it takes (`calmMsMax` of the report).
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { LogHead } from '../../engine/driver/ports.ts';
import { Violation } from '../../sim/checks/violation.ts';
import { type Crowd, digestOf } from './crowd.ts';
import { equalMs } from './fault-plan.ts';
import type { Judge } from './judge.ts';
import type { Node } from './node.ts';
import type { TortureClient } from './torture-client.ts';
import type { Witness } from './witness.ts';

const connectedMs = 30_000;
const pollMs = 50;

export interface CalmParts {
  readonly crowd: Crowd;
  readonly nodes: readonly Node[];
  readonly witness: Witness;
  readonly judge: Judge;
  readonly signal: AbortSignal;
}

export interface Calm {
  /** Until everybody was connected, and from then until all were equal. */
  readonly reconnectMs: number;
  readonly equalMs: number;
}

/** Throws a Violation (L1, S8) if that does not come about; null: the run was ended. */
export async function becalm(parts: CalmParts): Promise<Calm | null> {
  const { crowd, nodes, signal } = parts;
  const beginMs = performance.now();
  for (const client of crowd.clients) if (client.isOffline) client.goOnline();
  const isConnected = await holds(connectedMs, signal, () => {
    for (const node of nodes) node.read();
    for (const client of crowd.clients) {
      if (client.session.status === 'offline') client.networkReturned();
    }
    return Promise.resolve(missing(parts).length === 0);
  });
  if (signal.aborted) return null;
  if (!isConnected) throw late(`not connected: ${missing(parts).join('; ')}`, connectedMs);
  const connectedAtMs = performance.now();
  let behind: readonly string[] = [];
  const areEqual = await holds(equalMs, signal, async () => {
    behind = await laggards(parts);
    return behind.length === 0;
  });
  if (signal.aborted) return null;
  if (!areEqual) throw late(`not in sync: ${behind.join('; ')}`, equalMs);
  const calm = {
    reconnectMs: connectedAtMs - beginMs,
    equalMs: performance.now() - connectedAtMs,
  };
  compare(parts);
  return calm;
}

/** Whoever is not connected. */
function missing({ nodes, crowd }: CalmParts): string[] {
  const cut = nodes.filter(({ isConnected }) => !isConnected).map(({ name }) => name);
  const unwelcome = crowd.clients.filter(({ isWelcomed }) => !isWelcomed);
  return [...cut, ...unwelcome.map(({ name, session }) => `${name} ${session.status}`)];
}

/** Whoever has not everything, or does not know it. */
async function laggards({ crowd, witness }: CalmParts): Promise<string[]> {
  const heads = new Map<string, LogHead | null>();
  for (const document of crowd.documents) heads.set(document, await witness.head(document));
  return crowd.clients.flatMap(({ name, document, session }) => {
    const head = heads.get(document)?.lsn ?? 0;
    const { status, pending, cursor } = session;
    const isEqual = status === 'durable' && pending === 0 && cursor.lsn === head;
    return isEqual ? [] : [`${name} ${status}, ${pending} pending, row ${cursor.lsn} of ${head}`];
  });
}

function compare({ crowd, judge }: CalmParts): void {
  judge.coverage.put('L1');
  const firsts = new Map<string, TortureClient>();
  for (const client of crowd.clients) {
    const first = firsts.get(client.document) ?? client;
    firsts.set(client.document, first);
    const isSame =
      first.session.text === client.session.text && digestOf(first) === digestOf(client);
    const [a, b] = [first.name, client.name];
    if (!isSame) throw new Violation('S8', `${a} and ${b} are in sync, but not equal`);
  }
}

function late(what: string, ms: number): Violation {
  return new Violation('L1', `${what}, ${ms} ms after healing`, { kind: 'liveness' });
}

async function holds(
  ms: number,
  signal: AbortSignal,
  condition: () => Promise<boolean>,
): Promise<boolean> {
  const giveUpMs = performance.now() + ms;
  for (;;) {
    if (await condition()) return true;
    if (signal.aborted || performance.now() > giveUpMs) return false;
    await wait(pollMs);
  }
}
