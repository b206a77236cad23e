/**
 * What goes wrong, when and for how long: drawn from the seed, round by round, before it happens.
 *
 * Kinds come from a deck that is shuffled anew when it is empty, so that each has its turn; times
 * are drawn freely within a round, so that faults overlap. What hits the same thing (one process,
 * the connections of one node to one service) is carried out one after the other.
 */
import { Random } from '../../engine/random.ts';
import { type FaultKind, linkFaultOf } from './fault-kinds.ts';

export interface PlannedFault {
  readonly kind: FaultKind;
  /** Since the round's beginning. */
  readonly atMs: number;
  /** Until it heals, without what a new start takes. */
  readonly forMs: number;
  /** Position of the node that is hit; for PostgreSQL and Redis themselves without meaning. */
  readonly node: number;
  /** Of `one-way`. */
  readonly direction: 'request' | 'reply';
  /** Milliseconds of `delay`; bytes of a reply that pass at `commit-cut`, 0 = none. */
  readonly amount: number;
  /** Whether new connections are refused after a `cut`, the log is switched on a full disk. */
  readonly more: boolean;
}

export interface Pace {
  /** In which people type and things break. */
  readonly phaseMs: number;
  readonly faultsPerRound: number;
  /** Per cent by which faults are longer than usual. */
  readonly stretch: number;
}

/** Nodes tell their clients this; silence for twice as long ends a connection. */
export const heartbeatMs = 1_000;

/** When nothing is broken any more and everybody is connected: within this all are equal. */
export const equalMs = 4_000;

/** Shortest and longest time, and the range that it is sometimes instead. */
interface Span {
  readonly ms: readonly [number, number];
  readonly long?: readonly [number, number];
}

const longPerMillion = 150_000;

const spans: Readonly<Record<string, Span>> = {
  'node-kill': { ms: [0, 1_500] },
  // Sometimes above two heartbeats, so that both ends have given up when it goes on.
  'node-freeze': { ms: [300, 2_000], long: [2_500, 4_500] },
  'node-restart': { ms: [0, 0] },
  'postgres-kill': { ms: [0, 1_000] },
  // Sometimes longer than a node waits for an answer: of PostgreSQL 8 s, of Redis 5 s.
  'postgres-freeze': { ms: [300, 2_500], long: [5_000, 9_000] },
  'postgres-disk-full': { ms: [2_000, 3_500] },
  'postgres-commit-cut': { ms: [4_000, 4_000] },
  'redis-kill': { ms: [0, 1_500] },
  'redis-freeze': { ms: [300, 2_500], long: [5_000, 6_500] },
  cut: { ms: [200, 1_500] },
  delay: { ms: [800, 3_000] },
  'one-way': { ms: [500, 3_000] },
  'half-open': { ms: [2_500, 4_000], long: [5_000, 11_000] },
};

/** The faults of a run, for as many rounds as it comes to. */
export class FaultPlan {
  readonly #random: Random;
  readonly #kinds: readonly FaultKind[];
  readonly #nodes: number;
  readonly #pace: Pace;
  #deck: FaultKind[] = [];

  constructor(
    seed: number,
    options: {
      readonly kinds: readonly FaultKind[];
      readonly nodes: number;
      readonly pace: Pace;
    },
  ) {
    this.#random = new Random(seed, 'faults');
    this.#kinds = options.kinds;
    this.#nodes = options.nodes;
    this.#pace = options.pace;
  }

  /** Of the next round, in the order of their times. */
  nextRound(): PlannedFault[] {
    const { faultsPerRound } = this.#pace;
    const faults = Array.from({ length: faultsPerRound }, () => this.#draw());
    return faults.sort((a, b) => a.atMs - b.atMs);
  }

  /** One that was drawn found nothing to hit: it has its turn again. */
  again(kind: FaultKind): void {
    this.#deck.push(kind);
  }

  #draw(): PlannedFault {
    const random = this.#random;
    const kind = this.#next();
    const fault = linkFaultOf(kind)?.fault;
    const { ms, long = ms } = spans[fault ?? kind] ?? { ms: [0, 0] };
    const [least, most] = random.chance(longPerMillion) ? long : ms;
    // An armed cut is no outage: it waits for a commit.
    const stretch = kind === 'postgres-commit-cut' ? 100 : this.#pace.stretch;
    const forMs = Math.round((random.between(least, most) * stretch) / 100);
    const latest = Math.max(0, this.#pace.phaseMs - forMs);
    return {
      kind,
      forMs,
      atMs: random.between(0, latest),
      node: random.below(this.#nodes),
      direction: random.pick(['request', 'reply'] as const),
      amount: fault === 'delay' ? random.between(20, 400) : random.pick([0, 0, random.below(90)]),
      more: random.chance(400_000),
    };
  }

  #next(): FaultKind {
    if (this.#deck.length === 0) this.#deck = shuffled(this.#kinds, this.#random);
    return this.#deck.pop() ?? this.#random.pick(this.#kinds);
  }
}

/** What a fault hits: two that hit the same cannot happen at once. */
export function targetOf({ kind, node }: Pick<PlannedFault, 'kind' | 'node'>): string {
  if (kind === 'postgres-commit-cut') return `postgres of ${node}`;
  const link = linkFaultOf(kind)?.link;
  if (link !== undefined) return `${link} of ${node}`;
  return kind.startsWith('node') ? `node ${node}` : kind.replace(/-.*/, '');
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const rest = [...items];
  const taken: T[] = [];
  while (rest.length > 0) taken.push(...rest.splice(random.below(rest.length), 1));
  return taken;
}
