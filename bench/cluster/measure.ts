/**
 * One measurement: generators with clients on every node type into one document at random times;
 * Redis may be away for a part of it. Afterwards every delivery is accounted for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../client/connect-node.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';
import { machine } from '../engine/session.ts';
import { Generator } from './generator.ts';
import { Histogram, type HistogramData } from './histogram.ts';
import { type HeardAnswer, nowMs, type OpenJob } from './jobs.ts';
import type { ClusterReport, OutageFigures, PhaseFigures, RollingFigures } from './report.ts';
import type { OutageKind, Venue } from './venue.ts';

export interface ClusterOptions {
  readonly clients: number;
  /** How many of the clients type, the first ones. */
  readonly authors: number;
  readonly generators: number;
  /** Before an outage and after it, or in all. */
  readonly seconds: number;
  readonly keysPerSecond: number;
  readonly seed: number;
  readonly outage: { readonly kind: OutageKind; readonly seconds: number } | null;
  /** Every node is restarted, one after the other, in so many seconds at most. */
  readonly rollingSeconds: number | null;
  /** The generators' script. */
  readonly script: string;
  readonly say: (message: string) => void;
}

const document = 'cluster';
/** Typed and not measured: nodes and generators are compiled meanwhile. */
const warmUpMs = 3_000;
const startAfterMs = 500;
const windowMs = 500;
/** What is not there so long after the last keystroke is missing. */
const patienceMs = 60_000;
/** So many in a row are no accident. */
const calmWindows = 4;
/** To be twice as fast as that says nothing. */
const leastMs = 5;
/** Clients with an engine, by node. */
const fullPerNode = 2;

export async function measure(venue: Venue, options: ClusterOptions): Promise<ClusterReport> {
  const { script, say, keysPerSecond } = options;
  const jobs = openJobs(venue, options);
  const generators = jobs.map((job) => new Generator(script, job));
  try {
    await Promise.all(generators.map((generator) => generator.opened()));
    say(`${options.clients} clients are connected`);
    const startMs = nowMs() + startAfterMs;
    const awaySeconds = options.outage?.seconds ?? options.rollingSeconds;
    const outageMs = 1000 * (awaySeconds ?? 0);
    const parts = awaySeconds === null ? 1 : 2;
    const measuredMs = outageMs + parts * 1000 * options.seconds;
    const untilMs = startMs + warmUpMs + measuredMs;
    const typing = generators.map((generator, index) => {
      const own = jobs[index]?.clients.filter(({ types }) => types).length ?? 0;
      const rate = (keysPerSecond * own) / options.authors;
      return generator.type({ startMs, untilMs, keysPerSecond: rate });
    });
    const restartSeconds: number[] = [];
    const broken = await breakAndMend(venue, startMs, { ...options, restartSeconds });
    const phasesMs = [startMs + warmUpMs, ...broken];
    if (options.rollingSeconds !== null) {
      await sleep(1000 * options.seconds);
      for (const generator of generators) generator.stopTyping();
    }
    const typed = await Promise.all(typing);
    const typedMs = nowMs() - startMs;
    const keys = typed.flatMap((answer) => answer.keys);
    say(`${keys.length} keystrokes are typed`);
    const hearing = { keys, patienceMs, phasesMs, windowMs };
    const heard = await Promise.all(generators.map((each) => each.hear(hearing)));
    const end = await judgeTexts(venue, keys.length, heard);
    return {
      machine: { ...machine(), postgres: venue.postgres, redis: venue.redis },
      nodes: venue.syncUrls.length,
      clients: options.clients,
      authors: options.authors,
      fullClients: jobs.flatMap(({ clients }) => clients.filter(({ full }) => full)).length,
      keysPerSecond,
      typedPerSecond: Number(((1000 * keys.length) / typedMs).toFixed(1)),
      phases: phasesOf(heard, awaySeconds === null ? ['all'] : ['before', 'away', 'after']),
      missing: sum(heard.map(({ missing }) => missing)),
      doubled: end.doubled + sum(heard.map(({ doubled }) => doubled)),
      ended: sum(heard.map(({ ended }) => ended)),
      equal: end.equal,
      rows: end.rows,
      late: Histogram.of(heard.map(({ late }) => late)).quantiles(),
      busy: Math.max(...heard.map(({ busy }) => busy)),
      outage: options.outage === null ? null : outageFigures(options.outage, phasesMs, heard),
      rolling: options.rollingSeconds === null ? null : rollingFigures(restartSeconds, heard),
    };
  } finally {
    for (const generator of generators) generator.end();
  }
}

/** Clients go round the nodes, and by rounds to the generators, so that each has all nodes. */
function openJobs({ syncUrls }: Venue, options: ClusterOptions): OpenJob[] {
  const { clients, authors, generators, seed, rollingSeconds } = options;
  const all = Array.from({ length: clients }, (_, index) => {
    const node = index % syncUrls.length;
    // Light ones do not come back when their node is restarted.
    const full = rollingSeconds !== null || index < fullPerNode * syncUrls.length;
    const own = [...syncUrls.slice(node), ...syncUrls.slice(0, node)];
    return { syncUrls: own, node, full, types: index < authors };
  });
  return Array.from({ length: generators }, (_, generator) => ({
    document,
    seed: seed + generator,
    clients: all.filter(
      (_, index) => Math.floor(index / syncUrls.length) % generators === generator,
    ),
  }));
}

/** When Redis went away and when it was back; or the first node, and the last. */
async function breakAndMend(
  venue: Venue,
  startMs: number,
  options: ClusterOptions & { readonly restartSeconds: number[] },
): Promise<number[]> {
  const { seconds, outage, rollingSeconds, say } = options;
  if (outage === null && rollingSeconds === null) return [];
  await sleep(startMs + warmUpMs + 1000 * seconds - nowMs());
  const awayMs = nowMs();
  if (outage === null) {
    for (const [node] of venue.syncUrls.entries()) {
      const beganMs = nowMs();
      await venue.restart(node);
      options.restartSeconds.push(Number(((nowMs() - beganMs) / 1000).toFixed(1)));
      say(`node ${node + 1} is back`);
    }
    const lateMs = nowMs() - awayMs - 1000 * (rollingSeconds ?? 0);
    if (lateMs > 0) throw new Error(`the restarts took ${lateMs} ms longer than allowed`);
    return [awayMs, nowMs()];
  }
  await venue.breakRedis(outage.kind);
  say('Redis is away');
  await sleep(awayMs + 1000 * outage.seconds - nowMs());
  await venue.mendRedis(outage.kind);
  say('Redis is back');
  return [awayMs, nowMs()];
}

function phasesOf(heard: readonly HeardAnswer[], names: readonly string[]): PhaseFigures[] {
  return names.map((phase, index) => {
    const of = (pick: (answer: HeardAnswer) => readonly HistogramData[]) =>
      Histogram.of(heard.flatMap((answer) => pick(answer)[index] ?? [])).quantiles();
    return {
      phase,
      same: of(({ same }) => same),
      other: of(({ other }) => other),
      ack: of(({ acks }) => acks),
    };
  });
}

function rollingFigures(
  restartSeconds: readonly number[],
  heard: readonly HeardAnswer[],
): RollingFigures {
  const all = heard.flatMap(({ same, other }) => [same[1] ?? [], other[1] ?? []].flat());
  const { p99Ms, maxMs } = Histogram.of(all).quantiles();
  return { restartSeconds, p99Ms, stallMs: maxMs };
}

/** What the windows say of an outage; `phasesMs`: begin of the measurement, outage, its end. */
export function outageFigures(
  { kind, seconds }: { readonly kind: OutageKind; readonly seconds: number },
  [startMs = 0, , backMs = 0]: readonly number[],
  heard: readonly Pick<HeardAnswer, 'sameWindows' | 'otherWindows'>[],
): OutageFigures {
  const median = (of: (answer: (typeof heard)[number]) => HistogramData | undefined): number =>
    Histogram.of(heard.flatMap((answer) => of(answer) ?? [])).quantile(0.5);
  const count = Math.max(...heard.map(({ otherWindows }) => otherWindows.length));
  const slow = Array.from({ length: count }, (_, window) => {
    const same = median(({ sameWindows }) => sameWindows[window]);
    return median(({ otherWindows }) => otherWindows[window]) > 2 * Math.max(same, leastMs);
  });
  const first = Math.floor((backMs - startMs) / windowMs);
  const normal = slow.findIndex((_, window) => {
    const next = slow.slice(window, window + calmWindows);
    return window >= first && next.length === calmWindows && !next.includes(true);
  });
  const normalMs = Math.max(0, normal * windowMs - (backMs - startMs));
  const normalAfterSeconds = normal < 0 ? null : Number((normalMs / 1000).toFixed(1));
  return { kind, seconds, normalAfterSeconds };
}

/** The log's text against everybody's, and operations that the log has beyond those typed. */
async function judgeTexts(
  venue: Venue,
  typed: number,
  heard: readonly HeardAnswer[],
): Promise<{ readonly equal: boolean; readonly doubled: number; readonly rows: number }> {
  const fold = new Fold(1);
  for (const { lsn, at, body } of await venue.readLog(document)) {
    fold.apply({ lsn, at, batches: decodeUpdate(body).batches });
  }
  const late = await Promise.all(venue.syncUrls.map(textAt));
  const texts = [...heard.flatMap((answer) => answer.texts), ...late];
  const equal = texts.every((text) => text === fold.sequence.text);
  return { equal, doubled: Math.max(0, fold.operations - typed), rows: fold.lsn };
}

async function textAt(url: string): Promise<string> {
  const session = connect({ url, documentId: document });
  await session.synced();
  const { text } = session;
  session.close();
  return text;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
