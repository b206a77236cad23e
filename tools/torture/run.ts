/**
 * One torture run: rounds of typing while things break, each followed by calm, until the time is
 * up or something is found.
 *
 * Documents are replaced after some rounds (an era), so that they stay of a size that the slow
 * reference document can judge: exactly once, and the past.
 */
import { setMaxListeners } from 'node:events';
import { rmSync } from 'node:fs';
import { Random } from '../../engine/random.ts';
import { openPostgresLog } from '../../server/testing/log-access.ts';
import { type FoundViolation, Violation } from '../../sim/checks/violation.ts';
import { plantedCopy } from '../../sim/cli/plant.ts';
import { Availability } from './availability.ts';
import { type BusMessage, tapBus } from './bus-tap.ts';
import { becalm } from './calm.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { Era } from './era.ts';
import type { FaultKind } from './fault-kinds.ts';
import { FaultPlan, type Pace, type PlannedFault } from './fault-plan.ts';
import { History } from './history.ts';
import { Injector } from './inject.ts';
import { NodeWatch } from './node-watch.ts';
import { type PlantedServerBug, serverParts } from './planted-bugs.ts';
import { failureLines, type Report } from './report.ts';
import { breakThings, typeForAWhile, visit } from './round.ts';

export interface TortureOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly nodes: number;
  readonly clients: number;
  readonly documents: number;
  readonly kinds: readonly FaultKind[];
  readonly pace: Pace;
  readonly planted: PlantedServerBug | null;
  /** The run has come to enough before its time is up. */
  readonly isEnough: (faults: ReadonlyMap<FaultKind, number>) => boolean;
  /** Ends the run early. */
  readonly signal: AbortSignal;
  /** A line for people. */
  readonly say: (line: string) => void;
  /** How far it is, now and then. */
  readonly onProgress: (line: string) => void;
}

/** After which documents are replaced. */
const eraMs = 90_000;
const watchMs = 100;

/** Runs it and cleans up. Rejects when it cannot be set up. */
export async function torture(options: TortureOptions): Promise<Report> {
  const { planted } = options;
  const name = `${planted?.id ?? 'torture'}-seed-${options.seed}-${process.pid}`;
  const copied = planted === null ? null : { ...planted, id: name };
  const sources = copied === null ? null : plantedCopy(copied, serverParts);
  const history = new History(name);
  let isKept = false;
  try {
    const watch = new NodeWatch();
    const cluster = await startCluster({ ...options, sources, onLine: watch.onLine });
    try {
      const run = new TortureRun(options, { cluster, history, watch });
      const report = await run.run();
      isKept = report.found !== null;
      if (isKept) run.keepEvidence(report);
      return report;
    } finally {
      await cluster.remove();
    }
  } finally {
    await history.close({ isKept });
    if (sources !== null) rmSync(sources, { recursive: true, force: true });
  }
}

class TortureRun {
  readonly #options: TortureOptions;
  readonly #cluster: Cluster;
  readonly #history: History;
  readonly #watch: NodeWatch;
  readonly #injector: Injector;
  readonly #plan: FaultPlan;
  readonly #random: Random;
  readonly #availability = new Availability();
  readonly #stopping = new AbortController();
  readonly #startMs = performance.now();
  readonly #checked = new Map<string, number>();
  #era: Era | null = null;
  #found: FoundViolation | null = null;
  #faults: readonly PlannedFault[] = [];
  readonly #totals = {
    operations: 0,
    edits: 0,
    rows: 0,
    rounds: 0,
    documents: 0,
    lost: 0,
    doubled: 0,
  };
  readonly #calm = { reconnectMs: 0, equalMs: 0 };

  constructor(
    options: TortureOptions,
    parts: { readonly cluster: Cluster; readonly history: History; readonly watch: NodeWatch },
  ) {
    const { seed, nodes, kinds, pace, signal } = options;
    this.#options = options;
    this.#cluster = parts.cluster;
    this.#history = parts.history;
    this.#watch = parts.watch;
    this.#injector = new Injector(parts.cluster, this.#stopping.signal);
    const possible = kinds.filter((kind) => missingOf(parts.cluster)[kind] === undefined);
    this.#plan = new FaultPlan(seed, { kinds: possible, nodes, pace });
    this.#random = new Random(seed, 'rounds');
    // Every fault that goes on waits for its end or for this.
    setMaxListeners(1_000, this.#stopping.signal);
    if (signal.aborted) this.#stopping.abort();
    signal.addEventListener('abort', () => this.#stopping.abort(), { once: true });
  }

  async run(): Promise<Report> {
    const log = openPostgresLog({ url: this.#cluster.postgres.url });
    const watching = setInterval(() => {
      this.#attempt(() => this.#watch.look(this.#cluster.nodes));
    }, watchMs);
    const { redis, deployment } = this.#cluster;
    const onMessage = (message: BusMessage): void =>
      this.#attempt(() => this.#era?.crowd.published(message));
    const endTap = tapBus({ url: redis.url, deployment, onMessage });
    const endMs = this.#startMs + this.#options.minutes * 60_000;
    try {
      for (let number = 1; !this.#isOver(endMs); number++) {
        await this.#history.nextEra();
        const era = new Era({
          ...{ ...this.#options, number, log, nodes: this.#cluster.nodes },
          ...{ history: this.#history, availability: this.#availability },
          onFault: (error) => this.#onFault(error),
        });
        this.#era = era;
        try {
          await this.#live(era, Math.min(endMs, performance.now() + eraMs));
        } catch (error) {
          this.#onFault(error);
        } finally {
          if (this.#found !== null) await era.keepRows();
          this.#count(era);
          this.#era = null;
          await era.end();
        }
      }
    } finally {
      clearInterval(watching);
      endTap();
      await log.close();
    }
    return this.#report();
  }

  /** What was found, for somebody who looks closer. */
  keepEvidence(report: Report): void {
    const history = this.#history;
    history.keep('report.json', `${JSON.stringify(report, null, 2)}\n`);
    history.keep('faults.json', `${JSON.stringify(this.#faults, null, 2)}\n`);
    for (const { name, logs } of this.#cluster.nodes) history.keep(`${name}.log`, logs);
    const lines = report.found === null ? [] : failureLines(report, report.found, history.place);
    for (const line of lines) this.#options.say(line);
  }

  #isOver(untilMs: number): boolean {
    if (this.#stopping.signal.aborted || performance.now() >= untilMs) return true;
    return this.#options.isEnough(this.#injector.counts);
  }

  async #live(era: Era, untilMs: number): Promise<void> {
    const { signal } = this.#stopping;
    if (!(await this.#becalm(era))) return;
    while (!this.#isOver(untilMs)) {
      await this.#round(era);
      if (signal.aborted || !(await this.#becalm(era))) return;
      await this.#visits(era);
      if (signal.aborted || !(await this.#becalm(era))) return;
      await era.askForThePast();
      era.crowd.endVisits();
      this.#totals.rounds++;
      this.#options.onProgress(this.#line(era));
    }
    if (!signal.aborted) await era.settle();
  }

  async #round({ crowd }: Era): Promise<void> {
    const { signal } = this.#stopping;
    const { phaseMs } = this.#options.pace;
    this.#faults = this.#plan.nextRound();
    this.#history.note('round', { faults: this.#faults });
    crowd.beginRound();
    const [, missed] = await Promise.all([
      typeForAWhile(crowd, { seed: this.#random.id(), phaseMs, signal }),
      breakThings(this.#faults, this.#injector, signal),
    ]);
    for (const { kind } of missed) this.#plan.again(kind);
  }

  async #visits(era: Era): Promise<void> {
    const { nodes } = this.#cluster;
    if (nodes.length < 2) return;
    const parts = { random: this.#random, nodes, injector: this.#injector };
    await visit(era, { ...parts, signal: this.#stopping.signal });
  }

  /** False: the run was ended. */
  async #becalm({ crowd, witness, judge }: Era): Promise<boolean> {
    const { nodes } = this.#cluster;
    const { signal } = this.#stopping;
    const calm = await becalm({ crowd, nodes, witness, judge, signal });
    if (calm === null) return false;
    this.#history.note('calm', { ...calm });
    this.#calm.reconnectMs = Math.max(this.#calm.reconnectMs, calm.reconnectMs);
    this.#calm.equalMs = Math.max(this.#calm.equalMs, calm.equalMs);
    this.#totals.doubled = Math.max(this.#totals.doubled, crowd.doubled);
    return true;
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onFault(error);
    }
  }

  /** The first that is found ends the run. */
  #onFault(error: unknown): void {
    if (this.#found !== null || this.#stopping.signal.aborted) return;
    const isViolation = error instanceof Violation;
    this.#found = {
      kind: isViolation ? error.kind : 'crash',
      property: isViolation ? error.property : 'assert',
      message: error instanceof Error && !isViolation ? String(error.stack) : messageOf(error),
      about: isViolation ? error.about : [],
      event: this.#totals.rounds,
      timeMs: Math.round(performance.now() - this.#startMs),
    };
    this.#history.note('violation', { found: this.#found });
    this.#stopping.abort();
  }

  #count({ judge, crowd, lost }: Era): void {
    const { operations, rows, documents } = judge.amounts;
    this.#totals.operations += operations;
    this.#totals.rows += rows;
    this.#totals.documents += documents;
    this.#totals.edits += crowd.edits;
    this.#totals.lost += lost;
    for (const [property, count] of judge.coverage.checked) {
      this.#checked.set(property, (this.#checked.get(property) ?? 0) + count);
    }
  }

  #line({ crowd }: Era): string {
    const seconds = Math.round((performance.now() - this.#startMs) / 1000);
    const faults = [...this.#injector.counts.values()].reduce((sum, count) => sum + count, 0);
    const { rounds, edits } = this.#totals;
    return `${seconds} s, round ${rounds}, ${edits + crowd.edits} edits, ${faults} faults`;
  }

  #report(): Report {
    const { seed, minutes, nodes, clients, planted } = this.#options;
    const nowMs = performance.now();
    return {
      ...{ seed, minutes },
      operations: this.#totals.operations,
      faults: Object.fromEntries(this.#injector.counts),
      violations: this.#found === null ? 0 : 1,
      lost: this.#totals.lost,
      doubled: this.#totals.doubled,
      unavailableMsMax: Math.round(this.#availability.longestMs(nowMs)),
      missing: missingOf(this.#cluster),
      planted: planted?.id ?? null,
      ...{ nodes, clients, documents: this.#totals.documents },
      ...{ edits: this.#totals.edits, rows: this.#totals.rows, rounds: this.#totals.rounds },
      reconnectMsMax: Math.round(this.#calm.reconnectMs),
      calmMsMax: Math.round(this.#calm.equalMs),
      diskFullFelt: this.#watch.diskFullFelt,
      checked: Object.fromEntries(this.#checked),
      found: this.#found,
      seconds: Math.round((nowMs - this.#startMs) / 100) / 10,
    };
  }
}

/** Kinds of fault that cannot be had here, and why. */
function missingOf({ disk }: Cluster): Readonly<Partial<Record<FaultKind, string>>> {
  return typeof disk === 'string' ? { 'postgres-disk-full': disk } : {};
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
