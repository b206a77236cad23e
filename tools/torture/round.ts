/**
 * What a round consists of: people who type, go offline and come back, and faults at the same time;
 * and short visits, when nothing else is going on.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Random } from '../../engine/random.ts';
import { drawWorkload } from '../../sim/scenario/workload.ts';
import type { Crowd } from './crowd.ts';
import type { Era } from './era.ts';
import type { PlannedFault } from './fault-plan.ts';
import type { Injector } from './inject.ts';
import type { Node } from './node.ts';

/** The simulator's people are in a hurry: their time goes so much slower here. */
const slowness = 4;
const offlinePerMillion = 250_000;
const tickMs = 10;

interface Act {
  readonly atMs: number;
  readonly perform: () => void;
}

/** People type for a while; then everybody is online. */
export async function typeForAWhile(
  crowd: Crowd,
  { seed, phaseMs, signal }: { seed: number; phaseMs: number; signal: AbortSignal },
): Promise<void> {
  const acts = [...edits(crowd, seed, phaseMs), ...absences(crowd, seed, phaseMs)];
  acts.sort((a, b) => a.atMs - b.atMs);
  const beginMs = performance.now();
  for (const { atMs, perform } of acts) {
    while (performance.now() - beginMs < atMs) {
      if (signal.aborted) return;
      await wait(tickMs);
    }
    perform();
  }
  for (const client of crowd.clients) if (client.isOffline) client.goOnline();
}

/**
 * Resolves, when all have healed, with those that found nothing to hit; rejects when one could not
 * be carried out.
 */
export async function breakThings(
  faults: readonly PlannedFault[],
  injector: Injector,
  signal: AbortSignal,
): Promise<readonly PlannedFault[]> {
  // All of them: whatever goes wrong with one, the others have to heal.
  const outcomes = await Promise.allSettled(
    faults.map(async (fault) => {
      await wait(fault.atMs, undefined, { signal }).catch(() => {});
      const isFelt = signal.aborted || (await injector.inject(fault));
      return isFelt ? [] : [fault];
    }),
  );
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

const visitMs = 900;
const keyMs = 30;
/** The bus is so late then, each way. */
const lateMs = 300;

/**
 * Somebody comes to a document that its node has not open, while another one types on another node
 * and the bus is late: the last rows are neither read nor heard, unless the node reads again when
 * it hears. They stay until `endVisits` of the crowd.
 */
export async function visit(
  era: Era,
  parts: {
    readonly random: Random;
    readonly nodes: readonly Node[];
    readonly injector: Injector;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { random, nodes, injector, signal } = parts;
  const { crowd } = era;
  const visited = random.below(nodes.length);
  const others = nodes.filter((_, index) => index !== visited);
  const late = injector.inject({
    ...{ kind: 'redis-delay', atMs: 0, forMs: visitMs + lateMs, node: visited },
    ...{ direction: 'request', amount: lateMs, more: false },
  });
  const document = era.newDocument();
  const typist = crowd.visit(`${document}-typist`, document, [random.pick(others)]);
  const comesAtMs = random.between(visitMs - lateMs + keyMs, visitMs - 2 * keyMs);
  for (let atMs = 0; atMs < visitMs && !signal.aborted; atMs += keyMs) {
    typist.perform({ type: 'type', text: 'x', backward: false });
    if (atMs <= comesAtMs && comesAtMs < atMs + keyMs) {
      crowd.visit(`${document}-visitor`, document, nodes.slice(visited, visited + 1));
    }
    await wait(keyMs);
  }
  await late;
}

function edits(crowd: Crowd, seed: number, phaseMs: number): Act[] {
  const byName = new Map(crowd.clients.map((client) => [client.name, client]));
  const clients = [...byName.keys()];
  const intents = drawWorkload(seed, { clients, durationMs: phaseMs / slowness });
  return intents.map(({ atMs, client, action }) => {
    return { atMs: atMs * slowness, perform: () => byName.get(client)?.perform(action) };
  });
}

/** Times without a network, in which people go on typing. */
function absences(crowd: Crowd, seed: number, phaseMs: number): Act[] {
  return crowd.clients.flatMap((client) => {
    const random = new Random(seed, `absence ${client.name}`);
    if (!random.chance(offlinePerMillion)) return [];
    const atMs = random.below(Math.max(1, phaseMs - 1_000));
    const backAtMs = random.between(atMs + 500, Math.max(atMs + 500, phaseMs));
    return [
      { atMs, perform: () => client.goOffline() },
      { atMs: Math.min(backAtMs, phaseMs), perform: () => client.goOnline() },
    ];
  });
}
