/**
 * A whole run as plain data: who there is, what they do, what goes wrong, how small the limits are.
 *
 * A scenario is drawn from a seed, or read from a file, or made by a property; running it needs
 * nothing else. Actors have names, because their fates hang on them: one who is left out changes
 * nothing for the others.
 */
import { checkLimits, defaultLimits, type Limits } from '../../engine/limits.ts';
import { Random } from '../../engine/random.ts';
import { drawFaults } from './draw-faults.ts';
import type { Fault, FaultRates } from './faults.ts';
import { drawQuestions, drawWorkload, type Intent, type Question } from './workload.ts';

export interface ClientPlan {
  readonly name: string;
  readonly document: string;
}

/** What may be set of a client's behaviour. */
export interface ClientSettings {
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  readonly heartbeatMs: number;
  readonly presenceMs: number;
  readonly frameOperationsMax: number;
  /** What is typed is kept on the client's machine before it is sent. */
  readonly localStore: boolean;
}

export interface Scenario {
  /** What is left to chance inside the run is hash(seed, site, n). */
  readonly seed: number;
  readonly nodes: readonly string[];
  readonly clients: readonly ClientPlan[];
  /** Length of the fault phase, in which people work. */
  readonly durationMs: number;
  readonly limits: Limits;
  readonly settings: ClientSettings;
  /** A snapshot is made when so many rows came since the last one. */
  readonly snapshotRows: number;
  readonly rates: FaultRates;
  readonly faults: readonly Fault[];
  readonly intents: readonly Intent[];
  /** What is asked of the past while things go on. */
  readonly questions: readonly Question[];
}

/** What a caller decides itself; the rest is drawn. */
export type ScenarioChoice = Partial<Omit<Scenario, 'seed'>>;

export function drawScenario(seed: number, choice: ScenarioChoice = {}): Scenario {
  const shape = new Random(seed, 'shape');
  const names = (letter: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${letter}${index}`);
  const documents = names('doc', shape.pick([1, 1, 1, 2]));
  const drawnClients = names('c', shape.pick([2, 2, 3, 3, 4, 5])).map((name, index) => {
    return { name, document: documents[index % documents.length] ?? 'doc0' };
  });
  const nodes = choice.nodes ?? names('n', shape.pick([1, 2, 2, 3]));
  const clients = choice.clients ?? drawnClients;
  const durationMs = choice.durationMs ?? shape.between(1_000, 5_000);
  const victims = {
    nodes,
    clients: clients.map(({ name }) => name),
    documents: documentsOf({ clients }),
    durationMs,
  };
  return {
    seed,
    nodes,
    clients,
    durationMs,
    limits: drawLimits(seed),
    settings: drawSettings(seed),
    snapshotRows: new Random(seed, 'snapshots').pick([3, 10, 50, 200]),
    ...drawFaults(seed, victims),
    intents: drawWorkload(seed, victims),
    questions: drawQuestions(seed, victims),
    ...choice,
  };
}

/** The documents that somebody works on. */
export function documentsOf({ clients }: Pick<Scenario, 'clients'>): string[] {
  return [...new Set(clients.map(({ document }) => document))];
}

/**
 * Limits are shrunk, so that what happens beyond them happens here: some in half of the seeds, all
 * or nearly all in a quarter, few in a quarter.
 */
function drawLimits(seed: number): Limits {
  const random = new Random(seed, 'limits');
  const share = random.pick([500_000, 500_000, 950_000, 100_000]);
  const shrunk = (value: number, min: number, max: number): number => {
    const small = random.between(min, max);
    return random.chance(share) ? small : value;
  };
  const retryMinMs = random.between(1, 50);
  const drawn = {
    ...defaultLimits,
    windowBytes: shrunk(defaultLimits.windowBytes, 16, 1_000),
    windowOperations: shrunk(defaultLimits.windowOperations, 1, 50),
    rowBytesMax: shrunk(defaultLimits.rowBytesMax, 1, 200),
    sendBytesMax: shrunk(defaultLimits.sendBytesMax, 1, 500),
    recentBytesMax: shrunk(defaultLimits.recentBytesMax, 1, 500),
    // Falling behind so little memory is nobody's fault: each time counts as the first.
    slowReaderMs: 1,
    pageBytesMax: shrunk(defaultLimits.pageBytesMax, 1, 300),
    catchUpRowsMax: shrunk(defaultLimits.catchUpRowsMax, 1, 20),
    stalenessRowsMax: shrunk(defaultLimits.stalenessRowsMax, 1, 20),
    heartbeatMs: shrunk(3_000, 300, 2_000),
    presenceMs: shrunk(defaultLimits.presenceMs, 1, 20),
    roomIdleMs: shrunk(defaultLimits.roomIdleMs, 1, 500),
    silenceMs: shrunk(defaultLimits.silenceMs, 50, 3_000),
    drainMs: shrunk(2_000, 1, 500),
    retryMinMs,
    retryMaxMs: random.between(retryMinMs, 1_000),
  };
  const pollMinMs = random.between(1, 100);
  return checkLimits({
    ...drawn,
    pollMinMs,
    pollMaxMs: random.between(pollMinMs, 2_000),
    headsMax: shrunk(defaultLimits.headsMax, 1, 2),
    presenceLeaseMs: shrunk(defaultLimits.presenceLeaseMs, 300, 3_000),
    snapshotPieceBytes: shrunk(defaultLimits.snapshotPieceBytes, 1, 200),
    servedSnapshotMs: shrunk(defaultLimits.servedSnapshotMs, 1, 1_000),
    snapshotRetryMinMs: 100,
    snapshotRetryMaxMs: 2_000,
  });
}

function drawSettings(seed: number): ClientSettings {
  const random = new Random(seed, 'client settings');
  const backoffMinMs = random.between(1, 100);
  return {
    backoffMinMs,
    backoffMaxMs: random.between(backoffMinMs, 1_500),
    heartbeatMs: random.between(500, 3_000),
    presenceMs: random.pick([1, 20, 100]),
    frameOperationsMax: random.pick([1, 3, 20, 10_000]),
    localStore: random.chance(600_000),
  };
}
