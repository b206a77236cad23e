/**
 * A whole run as plain data: who there is, what they do, what goes wrong, and how small the limits
 * are.
 */
import { checkLimits, defaultLimits, type Limits } from '../engine/limits.ts';
import { Random } from '../engine/random.ts';
import { drawFaultPlan, type FaultPlan } from './fault-plan.ts';
import type { ClientSettings } from './sim-client.ts';
import { drawWorkload, type Intent } from './workload.ts';

export interface Scenario {
  readonly seed: number;
  readonly nodes: number;
  readonly clients: number;
  readonly documents: number;
  /** Length of the fault phase, in which people work. */
  readonly durationMs: number;
  readonly limits: Limits;
  readonly settings: ClientSettings;
  readonly faults: FaultPlan;
  readonly intents: readonly Intent[];
}

/** What a caller decides itself; the rest is drawn. */
export type ScenarioChoice = Partial<Omit<Scenario, 'seed'>>;

export function drawScenario(seed: number, choice: ScenarioChoice = {}): Scenario {
  const shape = new Random(seed, 'shape');
  const nodes = choice.nodes ?? shape.pick([1, 2, 2, 3]);
  const clients = choice.clients ?? shape.pick([2, 2, 3, 3, 4, 5]);
  const documents = choice.documents ?? shape.pick([1, 1, 1, 2]);
  const durationMs = choice.durationMs ?? shape.between(1_000, 5_000);
  const drawn = {
    nodes,
    clients,
    documents,
    durationMs,
    limits: drawLimits(seed),
    settings: drawSettings(seed),
    faults: drawFaultPlan(seed),
    intents: choice.intents ?? drawWorkload({ seed, clients, durationMs }),
  };
  return { seed, ...drawn, ...choice };
}

/** Each limit is shrunk in a third of the seeds, so that what happens beyond it happens here. */
function drawLimits(seed: number): Limits {
  const random = new Random(seed, 'limits');
  const shrunk = (value: number, min: number, max: number): number => {
    const small = random.between(min, max);
    return random.chance(333_333) ? small : value;
  };
  const retryMinMs = random.between(1, 50);
  return checkLimits({
    ...defaultLimits,
    windowBytes: shrunk(defaultLimits.windowBytes, 16, 1_000),
    windowOperations: shrunk(defaultLimits.windowOperations, 1, 50),
    rowBytesMax: shrunk(defaultLimits.rowBytesMax, 1, 200),
    sendBytesMax: shrunk(defaultLimits.sendBytesMax, 1, 500),
    recentBytesMax: shrunk(defaultLimits.recentBytesMax, 1, 500),
    pageBytesMax: shrunk(defaultLimits.pageBytesMax, 1, 300),
    catchUpRowsMax: shrunk(defaultLimits.catchUpRowsMax, 1, 20),
    stalenessRowsMax: shrunk(defaultLimits.stalenessRowsMax, 1, 20),
    heartbeatMs: shrunk(3_000, 300, 2_000),
    presenceMs: shrunk(defaultLimits.presenceMs, 1, 20),
    roomIdleMs: shrunk(defaultLimits.roomIdleMs, 1, 500),
    silenceMs: shrunk(defaultLimits.silenceMs, 50, 3_000),
    retryMinMs,
    retryMaxMs: random.between(retryMinMs, 1_000),
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
  };
}
