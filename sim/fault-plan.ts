/**
 * Everything that may go wrong in a run, and how often: plain data, drawn from the seed.
 *
 * Half of the seeds are a swarm (each family is on with probability ½: faults can hide each other's
 * effects), a quarter has all families, a quarter just one. Numbers per million are chances per
 * thing; `…Count` are attempts spread over the fault phase. When that phase ends, all faults end
 * (`calm`), and what was broken heals.
 */
import { Random } from '../engine/random.ts';

export interface FaultPlan {
  /** One-way time of a message, uniform. */
  readonly latencyMinMs: number;
  readonly latencyMaxMs: number;
  /** Messages that take `slowFactor` times as long; those behind them on the stream wait. */
  readonly slowPerMillion: number;
  readonly slowFactor: number;
  /** Connections that break in the middle; what was on its way is lost from some point on. */
  readonly cutCount: number;
  /** Of the two ends of a cut, each fails to hear of it this often: only heartbeats find out. */
  readonly unheardPerMillion: number;
  /** One direction of a connection stands still for up to `stallMaxMs`. */
  readonly stallCount: number;
  readonly stallMaxMs: number;
  /** Nodes that lose their memory; ten times likelier while an append is in flight. */
  readonly crashCount: number;
  /** A node that crashed is back after this, at most. */
  readonly restartMaxMs: number;
  /**
   * Appends whose outcome the node does not learn: a third did commit, a third never does, a third
   * will.
   */
  readonly unknownPerMillion: number;
  /**
   * Rows of several replicas that the database refuses as a whole, though each part alone would
   * pass.
   */
  readonly refusePerMillion: number;
  /** Reads of the log that fail. */
  readonly readFailurePerMillion: number;
  /** One way to the database and back, each. */
  readonly logLatencyMaxMs: number;
  /** Times when the database cannot be reached, by anybody, for up to `outageMaxMs`. */
  readonly outageCount: number;
  readonly outageMaxMs: number;
  /** Bus messages that are lost, and that come twice. */
  readonly busLossPerMillion: number;
  readonly busTwicePerMillion: number;
  readonly busLatencyMaxMs: number;
  /**
   * Times when one node is cut off from the bus, for up to `busOutageMaxMs`; it is told afterwards.
   */
  readonly busOutageCount: number;
  readonly busOutageMaxMs: number;
  /** Wall clocks are off by up to this, either way. */
  readonly clockOffsetMaxMs: number;
  /** Steps of the database's clock, either way, by up to `clockOffsetMaxMs`. */
  readonly clockStepCount: number;
  /** Times when a person has no network, for up to `offlineMaxMs`. */
  readonly offlineCount: number;
  readonly offlineMaxMs: number;
}

/** No faults at all: what holds after the fault phase. */
export const calm: FaultPlan = {
  latencyMinMs: 1,
  latencyMaxMs: 5,
  slowPerMillion: 0,
  slowFactor: 1,
  cutCount: 0,
  unheardPerMillion: 0,
  stallCount: 0,
  stallMaxMs: 0,
  crashCount: 0,
  restartMaxMs: 0,
  unknownPerMillion: 0,
  refusePerMillion: 0,
  readFailurePerMillion: 0,
  logLatencyMaxMs: 3,
  outageCount: 0,
  outageMaxMs: 0,
  busLossPerMillion: 0,
  busTwicePerMillion: 0,
  busLatencyMaxMs: 5,
  busOutageCount: 0,
  busOutageMaxMs: 0,
  clockOffsetMaxMs: 0,
  clockStepCount: 0,
  offlineCount: 0,
  offlineMaxMs: 0,
};

/** A family of faults: draws its own fields and leaves the others alone. */
type Family = (random: Random) => Partial<FaultPlan>;

const families: readonly Family[] = [
  (random) => ({
    latencyMinMs: random.between(0, 30),
    latencyMaxMs: random.between(30, 150),
    slowPerMillion: random.between(20_000, 200_000),
    slowFactor: 20,
  }),
  (random) => ({ cutCount: random.between(1, 10), unheardPerMillion: random.between(0, 500_000) }),
  (random) => ({ stallCount: random.between(1, 8), stallMaxMs: random.between(50, 5_000) }),
  (random) => ({ crashCount: random.between(1, 60), restartMaxMs: random.between(20, 2_000) }),
  (random) => ({ unknownPerMillion: random.between(10_000, 300_000) }),
  (random) => ({ refusePerMillion: random.between(50_000, 500_000) }),
  (random) => ({ readFailurePerMillion: random.between(10_000, 400_000) }),
  (random) => ({ outageCount: random.between(1, 3), outageMaxMs: random.between(50, 1_500) }),
  (random) => ({ logLatencyMaxMs: random.between(10, 200) }),
  (random) => ({
    busLossPerMillion: random.between(10_000, 500_000),
    busTwicePerMillion: random.between(0, 200_000),
    busLatencyMaxMs: random.between(5, 200),
    busOutageCount: random.between(0, 3),
    busOutageMaxMs: random.between(50, 2_000),
  }),
  (random) => ({
    clockOffsetMaxMs: random.between(5, 10_000),
    clockStepCount: random.between(1, 5),
  }),
  (random) => ({ offlineCount: random.between(1, 4), offlineMaxMs: random.between(200, 6_000) }),
];

/** The plan of a seed. */
export function drawFaultPlan(seed: number): FaultPlan {
  const mode = new Random(seed, 'fault mode');
  const quarter = mode.below(4);
  const only = mode.below(families.length);
  let plan = calm;
  for (const [index, family] of families.entries()) {
    const isOn = quarter < 2 ? mode.chance(500_000) : quarter === 2 || index === only;
    if (isOn) plan = { ...plan, ...family(new Random(seed, `fault family ${index}`)) };
  }
  return plan;
}

/** The faults in force, and how many there were so far, by kind. */
export class Faults {
  readonly byKind = new Map<string, number>();
  #plan: FaultPlan;
  #total = 0;

  constructor(plan: FaultPlan) {
    this.#plan = plan;
  }

  get plan(): FaultPlan {
    return this.#plan;
  }

  get total(): number {
    return this.#total;
  }

  count(kind: string): void {
    this.#total++;
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + 1);
  }

  /** From now on nothing goes wrong any more. */
  end(): void {
    this.#plan = calm;
  }
}
