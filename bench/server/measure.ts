/**
 * A server under load: clients join once, then loads follow one another. Each has a warm-up that is
 * not measured, and ends when everything that was typed has arrived, or is missing.
 */
import { randomBytes } from 'node:crypto';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Histogram, type HistogramData } from '../cluster/histogram.ts';
import type { Dialect } from './dialect.ts';
import { Generator } from './generator.ts';
import type { SettleAnswer } from './jobs.ts';
import type { Latencies, Load, LoadReport } from './load.ts';
import { nowMs } from './own-clock.ts';
import type { ProbeAnswer } from './probe.ts';
import { processorSeconds, residentBytes, stolenSeconds } from './processor-time.ts';
import type { Venue } from './venue.ts';

export interface Subject {
  readonly dialect: Dialect;
  /** The bundled entry of a generator that speaks it. */
  readonly generatorScript: string;
  readonly venue: Venue;
}

export interface Measurement {
  readonly report: LoadReport;
  readonly broadcast: Histogram;
  readonly ack: Histogram;
  /** Clients that were dropped; and why, the first ones. */
  readonly ended: number;
  readonly reasons: readonly string[];
}

const startAfterMs = 500;
/** What is not there so long after the last edit is missing. */
const patienceMs = 30_000;

type CrowdOptions = Pick<Load, 'connections' | 'documents' | 'generators'>;
export type LoadOptions = Pick<Load, 'editsPerSecond' | 'seconds' | 'presence' | 'seed'> & {
  readonly warmUpSeconds: number;
};

/** Figures at one end of the time that is measured. */
interface Reading {
  readonly atMs: number;
  readonly server: number;
  readonly postgres: number;
  readonly stolen: number;
  readonly commits: number | null;
  readonly probe: ProbeAnswer | null;
}

export class ServerLoad {
  readonly #subject: Subject;
  readonly #options: CrowdOptions;
  readonly #generators: readonly Generator[];

  /** Without clients; see `open`. */
  constructor(subject: Subject, options: CrowdOptions) {
    this.#subject = subject;
    this.#options = options;
    const { generators } = options;
    this.#generators = Array.from(
      { length: generators },
      () => new Generator(subject.generatorScript),
    );
  }

  /** Resolves when all clients have joined. */
  static async open(subject: Subject, options: CrowdOptions): Promise<ServerLoad> {
    const load = new ServerLoad(subject, options);
    const { connections, documents, generators } = options;
    const job = {
      dialect: subject.dialect.name,
      baseUrl: subject.venue.running.baseUrl,
      ...{ connections, documents },
      prefix: `bench-${randomBytes(6).toString('hex')}`,
    };
    try {
      const opening = load.#generators.map((generator, index) =>
        generator.open({ ...job, share: { index, of: generators } }),
      );
      await Promise.all(opening);
      return load;
    } catch (error) {
      load.end();
      throw error;
    }
  }

  async run(load: LoadOptions): Promise<Measurement> {
    const startMs = nowMs() + startAfterMs;
    const measuredMs = startMs + 1000 * load.warmUpSeconds;
    const endMs = measuredMs + 1000 * load.seconds;
    const { editsPerSecond, presence, seed } = load;
    const job = { editsPerSecond, seed, startMs, measuredMs, endMs, presence };
    const typing = Promise.all(this.#generators.map((generator) => generator.load(job)));
    const [before, after] = await Promise.all([
      this.#read(measuredMs, 'reset'),
      this.#read(endMs, 'read'),
      typing,
    ]);
    const cpus = (await typing).map(({ cpu }) => cpu);
    const settling = this.#generators.map((generator) => generator.settle({ patienceMs }));
    const settled = await Promise.all(settling);
    const broadcast = sumOf(settled, (answer) => answer.broadcast);
    const ack = sumOf(settled, (answer) => answer.ack);
    const report = {
      ...this.#head(load),
      ...tellLatencies(this.#subject, { broadcast, ack }),
      ...tellDeliveries(settled),
      deliveries: broadcast.count,
      ...tellUse(before, after),
      ...tellCommits(
        before,
        after,
        total(settled, ({ edits }) => edits),
      ),
      rssMb: this.#residentMb(),
      generatorCpu: rounded(cpus.reduce((sum, cpu) => sum + cpu, 0)),
      generatorLateMsP99: rounded(sumOf(settled, ({ late }) => late).quantile(0.99)),
      loadAverage: rounded(loadavg()[0] ?? 0),
    };
    return {
      ...{ report, broadcast, ack },
      ended: total(settled, ({ ended }) => ended),
      reasons: settled.flatMap(({ reasons }) => reasons),
    };
  }

  /** All clients are gone, without a word. */
  end(): void {
    for (const generator of this.#generators) generator.end();
  }

  #head({ editsPerSecond, presence }: LoadOptions) {
    const { connections, documents } = this.#options;
    return { name: this.#subject.dialect.name, connections, documents, editsPerSecond, presence };
  }

  async #read(whenMs: number, question: 'reset' | 'read'): Promise<Reading> {
    await sleep(whenMs - nowMs());
    const { running, postgresPid } = this.#subject.venue;
    const { child } = running;
    return {
      atMs: nowMs(),
      server: child === null ? 0 : processorSeconds(child.pid),
      postgres: postgresPid === null ? 0 : processorSeconds(postgresPid),
      stolen: stolenSeconds(),
      probe: child === null ? null : await child.ask(question),
      commits: await running.commits(),
    };
  }

  #residentMb(): number | null {
    const { child } = this.#subject.venue.running;
    return child === null ? null : rounded(residentBytes(child.pid) / 2 ** 20);
  }
}

function tellLatencies(
  { dialect }: Subject,
  { broadcast, ack }: { readonly broadcast: Histogram; readonly ack: Histogram },
): Pick<LoadReport, 'broadcastMs' | 'ackMs'> {
  return {
    broadcastMs: latenciesOf(broadcast),
    ackMs: dialect.ackMeans === null ? null : latenciesOf(ack),
  };
}

function tellDeliveries(
  settled: readonly SettleAnswer[],
): Pick<LoadReport, 'missing' | 'doubled' | 'edits' | 'bytesPerDelivery'> {
  const deliveries = total(settled, (answer) => answer.deliveries);
  const bytes = total(settled, ({ deliveryBytes }) => deliveryBytes);
  return {
    missing: total(settled, ({ missing, unacked }) => missing + unacked),
    doubled: total(settled, ({ doubled }) => doubled),
    edits: total(settled, ({ edits }) => edits),
    bytesPerDelivery: rounded(bytes / Math.max(1, deliveries)),
  };
}

type Use = Pick<
  LoadReport,
  | 'serverCpu'
  | 'postgresCpu'
  | 'stolenCpu'
  | 'gcMaxMs'
  | 'gcTotalMs'
  | 'loopDelayMaxMs'
  | 'loopDelayP99Ms'
>;

/** What was used between two readings; what the probe of the second one tells. */
function tellUse(before: Reading, after: Reading): Use {
  const seconds = (after.atMs - before.atMs) / 1000;
  const { probe } = after;
  const cores = (of: (reading: Reading) => number): number =>
    rounded((of(after) - of(before)) / seconds);
  const told = (pick: (answer: ProbeAnswer) => number): number | null =>
    probe === null ? null : rounded(pick(probe));
  return {
    serverCpu: probe === null ? null : cores(({ server }) => server),
    postgresCpu: probe === null ? null : cores(({ postgres }) => postgres),
    stolenCpu: cores(({ stolen }) => stolen),
    gcMaxMs: told(({ gcMaxMs }) => gcMaxMs),
    gcTotalMs: told(({ gcTotalMs }) => gcTotalMs),
    loopDelayMaxMs: told(({ loopDelayMaxMs }) => loopDelayMaxMs),
    loopDelayP99Ms: told(({ loopDelayP99Ms }) => loopDelayP99Ms),
  };
}

function tellCommits(
  before: Reading,
  after: Reading,
  edits: number,
): Pick<LoadReport, 'commitsPerSecond' | 'operationsPerCommit'> {
  if (before.commits === null || after.commits === null) {
    return { commitsPerSecond: null, operationsPerCommit: null };
  }
  const commits = after.commits - before.commits;
  return {
    commitsPerSecond: rounded((1000 * commits) / (after.atMs - before.atMs)),
    operationsPerCommit: rounded(edits / Math.max(1, commits)),
  };
}

function latenciesOf(histogram: Histogram): Latencies {
  const of = (share: number): number => rounded(histogram.quantile(share));
  return { p50: of(0.5), p90: of(0.9), p99: of(0.99), p999: of(0.999), max: of(1) };
}

function sumOf(
  settled: readonly SettleAnswer[],
  pick: (answer: SettleAnswer) => HistogramData,
): Histogram {
  return Histogram.of(settled.map(pick));
}

function total(settled: readonly SettleAnswer[], pick: (answer: SettleAnswer) => number): number {
  return settled.reduce((sum, answer) => sum + pick(answer), 0);
}

export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
