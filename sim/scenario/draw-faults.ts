/**
 * Which faults a seed has.
 *
 * Half of the seeds are a swarm (each family is on with probability ½: faults can hide each other's
 * effects; Groce et al., "Swarm Testing", 2012), a quarter has all families, a quarter just one.
 * A family draws from a stream of its own, so that its faults do not depend on the others being on.
 */
import { Random } from '../../engine/random.ts';
import { calm, type Fault, type FaultRates } from './faults.ts';

/** Breaks that one seed may have of a flapping connection. */
const flapsMax = 60;

/** Who can be hit. */
export interface Victims {
  readonly clients: readonly string[];
  readonly nodes: readonly string[];
  readonly documents: readonly string[];
  /** Length of the fault phase. */
  readonly durationMs: number;
}

export interface FaultPlan {
  readonly rates: FaultRates;
  /** In the order of their times. */
  readonly faults: readonly Fault[];
}

interface Drawn {
  readonly rates?: Partial<FaultRates>;
  readonly faults?: readonly Fault[];
}

type Family = (random: Random, victims: Victims) => Drawn;

export function drawFaults(seed: number, victims: Victims): FaultPlan {
  const mode = new Random(seed, 'fault mode');
  const quarter = mode.below(4);
  const only = mode.below(families.length);
  let rates = calm;
  const faults: Fault[] = [];
  for (const [index, [name, family]] of families.entries()) {
    const isOn = quarter < 2 ? mode.chance(500_000) : quarter === 2 || index === only;
    if (!isOn) continue;
    const drawn = family(new Random(seed, `faults: ${name}`), victims);
    rates = { ...rates, ...drawn.rates };
    faults.push(...(drawn.faults ?? []));
  }
  return { rates, faults: faults.sort((a, b) => a.atMs - b.atMs) };
}

/** By name: the name is part of what is drawn. */
const families: readonly (readonly [string, Family])[] = [
  [
    'latency',
    (random) => ({
      rates: {
        latencyMinMs: random.between(0, 30),
        latencyMaxMs: random.between(30, 150),
        slowPerMillion: random.between(20_000, 200_000),
        slowFactor: 20,
      },
    }),
  ],
  ['cuts', drawCuts],
  ['flapping', drawFlapping],
  ['stalls', drawStalls],
  ['partitions', drawPartitions],
  ['offline', drawOffline],
  ['tabs', drawTabs],
  ['crashes', drawCrashes],
  ['pauses', drawPauses],
  ['drains', drawDrains],
  ['unknown outcomes', (random) => ({ rates: { unknownPerMillion: often(random, 300_000) } })],
  ['refused rows', (random) => ({ rates: { refusePerMillion: often(random, 500_000) } })],
  ['failed reads', (random) => ({ rates: { readFailurePerMillion: often(random, 400_000) } })],
  ['slow log', (random) => ({ rates: { logLatencyMaxMs: random.between(10, 200) } })],
  ['database outages', drawOutages],
  ['database crashes', drawDatabaseCrashes],
  ['locks', drawLocks],
  [
    'lossy bus',
    (random) => ({
      rates: {
        busLossPerMillion: often(random, 500_000),
        busTwicePerMillion: often(random, 300_000),
        busLatencyMaxMs: random.between(5, 200),
      },
    }),
  ],
  ['bus outages', drawBusOutages],
  ['objects', drawObjectFaults],
  ['clocks', drawClocks],
];

function often(random: Random, maxPerMillion: number): number {
  return random.between(10_000, maxPerMillion);
}

/** `count` faults made by `make`, each with its time. */
function several(
  random: Random,
  { count, durationMs }: { readonly count: number; readonly durationMs: number },
  make: (atMs: number) => Fault,
): Drawn {
  return {
    faults: Array.from({ length: count }, () => make(random.between(1, durationMs - 1))),
  };
}

function drawCuts(random: Random, { clients, durationMs }: Victims): Drawn {
  const unheard = random.between(0, 500_000);
  return several(random, { count: random.between(1, 10), durationMs }, (atMs) => ({
    type: 'cut',
    atMs,
    client: random.pick(clients),
    keepUp: random.below(1_000_001),
    keepDown: random.below(1_000_001),
    clientHears: !random.chance(unheard),
    serverHears: !random.chance(unheard),
  }));
}

/** Connections that break again and again, as on a train: one resume follows another. */
function drawFlapping(random: Random, { clients, durationMs }: Victims): Drawn {
  const everyMs = random.between(10, 200);
  const victims = random.chance(300_000) ? clients : [random.pick(clients)];
  const endMs = random.between(1, durationMs);
  const faults: Fault[] = [];
  for (
    let atMs = random.between(1, everyMs);
    atMs < endMs;
    atMs += random.between(1, 2 * everyMs)
  ) {
    if (faults.length === flapsMax) break;
    faults.push({
      type: 'cut',
      atMs,
      client: random.pick(victims),
      keepUp: random.below(1_000_001),
      keepDown: random.below(1_000_001),
      clientHears: true,
      serverHears: random.chance(700_000),
    });
  }
  return { faults };
}

function drawStalls(random: Random, { clients, durationMs }: Victims): Drawn {
  const longest = random.between(50, 5_000);
  return several(random, { count: random.between(1, 8), durationMs }, (atMs) => ({
    type: 'stall',
    atMs,
    client: random.pick(clients),
    direction: random.pick(['up', 'down'] as const),
    forMs: random.between(1, longest),
  }));
}

function drawPartitions(random: Random, victims: Victims): Drawn {
  const { clients, nodes, durationMs } = victims;
  const some = (names: readonly string[]): readonly string[] => {
    const chosen = names.filter(() => random.chance(500_000));
    return chosen.length > 0 ? chosen : [random.pick(names)];
  };
  return several(random, { count: random.between(1, 4), durationMs }, (atMs) => ({
    type: 'partition',
    atMs,
    clients: random.chance(300_000) ? clients : some(clients),
    nodes: random.chance(300_000) ? nodes : some(nodes),
    direction: random.pick(['both', 'both', 'up', 'down'] as const),
    forMs: random.between(50, 3_000),
  }));
}

function drawOffline(random: Random, { clients, durationMs }: Victims): Drawn {
  const longest = random.between(200, 6_000);
  return several(random, { count: random.between(1, 4), durationMs }, (atMs) => ({
    type: 'offline',
    atMs,
    client: random.pick(clients),
    noticed: random.chance(500_000),
    forMs: random.between(1, longest),
  }));
}

function drawTabs(random: Random, { clients, durationMs }: Victims): Drawn {
  return several(random, { count: random.between(1, 4), durationMs }, (atMs) => ({
    type: 'tab closed',
    atMs,
    client: random.pick(clients),
    whileWriting: random.chance(500_000),
    store: random.pick(['intact', 'intact', 'intact', 'stale', 'lost'] as const),
    forMs: random.between(1, 2_000),
  }));
}

/** Ten times likelier while an append is in flight: of ten attempts nine need one. */
function drawCrashes(random: Random, { nodes, durationMs }: Victims): Drawn {
  const longest = random.between(20, 2_000);
  return several(random, { count: random.between(1, 40), durationMs }, (atMs) => ({
    type: 'crash',
    atMs,
    node: random.pick(nodes),
    whileAppending: !random.chance(100_000),
    forMs: random.between(1, longest),
  }));
}

function drawPauses(random: Random, { nodes, durationMs }: Victims): Drawn {
  const longest = random.between(50, 5_000);
  return several(random, { count: random.between(1, 4), durationMs }, (atMs) => ({
    type: 'pause',
    atMs,
    node: random.pick(nodes),
    forMs: random.between(1, longest),
  }));
}

function drawDrains(random: Random, { nodes, durationMs }: Victims): Drawn {
  return several(random, { count: random.between(1, 3), durationMs }, (atMs) => ({
    type: 'drain',
    atMs,
    node: random.pick(nodes),
    forMs: random.between(1, 500),
  }));
}

function drawOutages(random: Random, { nodes, durationMs }: Victims): Drawn {
  const longest = random.between(50, 1_500);
  return several(random, { count: random.between(1, 4), durationMs }, (atMs) => {
    const lasting = { atMs, forMs: random.between(1, longest) };
    return random.chance(500_000)
      ? { type: 'database outage', ...lasting }
      : { type: 'database cut', node: random.pick(nodes), ...lasting };
  });
}

/** One in three of these seeds also loses what the database had committed last. */
function drawDatabaseCrashes(random: Random, { durationMs }: Victims): Drawn {
  const losing = random.chance(333_333);
  const crashes = several(random, { count: random.between(1, 3), durationMs }, (atMs) => ({
    type: 'database crash',
    atMs,
    forMs: random.between(20, 1_000),
  }));
  if (!losing) return crashes;
  const failovers = several(random, { count: random.between(1, 2), durationMs }, (atMs) => ({
    type: 'failover',
    atMs,
    forMs: random.between(20, 1_000),
    lagMs: random.between(1, 800),
  }));
  return { faults: [...(crashes.faults ?? []), ...(failovers.faults ?? [])] };
}

function drawLocks(random: Random, { documents, durationMs }: Victims): Drawn {
  return several(random, { count: random.between(1, 5), durationMs }, (atMs) => ({
    type: 'head locked',
    atMs,
    document: random.pick(documents),
    forMs: random.between(5, 800),
  }));
}

function drawBusOutages(random: Random, { nodes, durationMs }: Victims): Drawn {
  const longest = random.between(50, 2_000);
  return several(random, { count: random.between(1, 4), durationMs }, (atMs) => {
    const node = random.pick(nodes);
    return random.chance(300_000)
      ? { type: 'bus kick', atMs, node }
      : { type: 'bus outage', atMs, node, forMs: random.between(1, longest) };
  });
}

function drawObjectFaults(random: Random, { durationMs }: Victims): Drawn {
  const outages = several(random, { count: random.between(0, 2), durationMs }, (atMs) => ({
    type: 'objects outage',
    atMs,
    forMs: random.between(20, 1_500),
  }));
  const rates = {
    objectFailurePerMillion: often(random, 400_000),
    objectLatencyMaxMs: random.between(5, 300),
  };
  return { ...outages, rates };
}

function drawClocks(random: Random, { clients, nodes, durationMs }: Victims): Drawn {
  const farthest = random.between(5, 10_000);
  const steps = several(random, { count: random.between(1, 5), durationMs }, (atMs) => ({
    type: 'clock step',
    atMs,
    clock: random.chance(500_000) ? 'database' : random.pick([...clients, ...nodes]),
    byMs: random.between(-farthest, farthest),
  }));
  const rates = { clockOffsetMaxMs: farthest, clockDriftMaxPpm: random.between(0, 500) };
  return { ...steps, rates };
}
