/**
 * Plays one trace against a server, and compares what came of it with what the trace says.
 */
import { randomBytes } from 'node:crypto';
import { connect } from '../../client/connect-node.ts';
import type { LogRow } from '../../engine/driver/ports.ts';
import { Random } from '../../engine/random.ts';
import { auditLog } from './audit.ts';
import { Crashes } from './crashes.ts';
import type { Ledger } from './ledger.ts';
import { playAlone } from './play-alone.ts';
import { Replay } from './replay.ts';
import { quantile, type Report, type ReportDetails } from './report.ts';
import {
  ancestorsOf,
  commitOrder,
  concurrentShare,
  type Schedule,
  scheduleOf,
} from './schedule.ts';
import type { Trace } from './trace.ts';

/** Time for a fresh client to get everything. */
const freshMs = 30_000;

/** Where a trace is played. */
export interface Venue {
  readonly syncUrl: string;
  /** Rows of a document past the server; null: they cannot be had. */
  readonly readLog: ((documentId: string) => Promise<readonly LogRow[]>) | null;
  /** How to crash the server; null: it is not ours. */
  readonly crash: { kill(): Promise<void>; restart(): Promise<void> } | null;
}

export interface CheckOptions {
  /** Times to kill the server; 0 without `crash`. */
  readonly kills: number;
  readonly seed: number;
  /** A line for people, as the replay goes on. */
  readonly say: (line: string) => void;
}

/** Plays it. Rejects when it cannot be played to its end. */
export async function check(
  trace: Trace,
  venue: Venue,
  options: CheckOptions,
): Promise<{ readonly report: Report; readonly details: ReportDetails }> {
  const schedule = scheduleOf(trace);
  const { impossible } = commitOrder(schedule);
  if (impossible > 0) {
    throw new Error(`no log has the parents of ${impossible} transactions first, and nothing else`);
  }
  const documentId = `replay-${trace.name}-${randomBytes(6).toString('hex')}`.replace(
    /[^A-Za-z0-9._~-]/g,
    '-',
  );
  const { replay, stuck, crashes, seconds } = await play(trace, schedule, {
    ...options,
    venue,
    documentId,
  });
  const { ledger } = replay;
  const expected = trace.endContent ?? playAlone(trace, schedule);
  const fresh = await freshCopy(venue.syncUrl, documentId);
  const rows = (await venue.readLog?.(documentId)) ?? null;
  const audit = rows === null ? null : auditLog(rows, schedule, ledger);
  const texts = new Map(replay.texts.map((text, client) => [`client ${client}`, text]));
  texts.set('a fresh client', fresh.text);
  if (audit !== null) texts.set('the fold of the log', audit.text);
  const differing = [...texts].flatMap(([name, text]) => (text === expected ? [] : [name]));
  const surplus = Math.max(0, ...[...texts.values()].map((text) => text.length - expected.length));
  const report = {
    trace: trace.name,
    clients: schedule.clients.length,
    edits: trace.transactions.reduce((sum, { patches }) => sum + patches.length, 0),
    equal: differing.length === 0,
    lost: audit === null ? lostBy(fresh.versionVector, ledger) : audit.lost,
    doubled: audit === null ? surplus : audit.doubled + surplus,
    kills: crashes.kills,
    recoverMsMax: Math.round(Math.max(0, ...crashes.recoverMs)),
    ackMsP50: quantile(ledger.ackMs, 0.5),
    ackMsP99: quantile(ledger.ackMs, 0.99),
    seed: options.seed,
    transactions: trace.transactions.length,
    concurrentShare: concurrentShare(replay.known),
    traceConcurrentShare: concurrentShare(ancestorsOf(schedule)),
    operations: ledger.operations,
    seconds: Math.round(seconds * 100) / 100,
  };
  const details = {
    stuck,
    differing,
    misplaced: audit?.misplaced ?? null,
    rows: audit?.rows ?? null,
    recoverMs: crashes.recoverMs,
  };
  return { report, details };
}

interface Played {
  readonly replay: Replay;
  readonly crashes: Crashes;
  readonly stuck: string | null;
  readonly seconds: number;
}

interface PlayOptions extends CheckOptions {
  readonly venue: Venue;
  readonly documentId: string;
}

async function play(
  trace: Trace,
  schedule: Schedule,
  { venue, documentId, kills, seed, say }: PlayOptions,
): Promise<Played> {
  const transactions = trace.transactions.length;
  const tenth = Math.ceil(transactions / 10);
  let told = 0;
  const crashes = new Crashes({
    count: venue.crash === null ? 0 : kills,
    transactions,
    random: new Random(seed, 'kills'),
    kill: async () => await venue.crash?.kill(),
    restart: async () => await venue.crash?.restart(),
    onCrash: ({ number, inFlight }) => {
      say(`kill ${number}: ${inFlight} transactions in flight`);
    },
    onRecovered: (recoverMs) => say(`everybody is back after ${Math.round(recoverMs)} ms`),
  });
  const replay = new Replay({
    ...{ trace, schedule, documentId, url: venue.syncUrl },
    onProgress: (progress) => {
      crashes.observe(progress);
      if (progress.acked < told + tenth) return;
      told = progress.acked;
      say(`${told} of ${transactions} transactions acknowledged`);
    },
  });
  try {
    const start = performance.now();
    const stuck = await replay.run();
    return { replay, crashes, stuck, seconds: (performance.now() - start) / 1000 };
  } finally {
    replay.close();
  }
}

/** What somebody who comes now is shown. */
async function freshCopy(
  url: string,
  documentId: string,
): Promise<{ readonly text: string; readonly versionVector: ReadonlyMap<number, number> }> {
  const session = connect({ url, documentId });
  try {
    await session.synced({ signal: AbortSignal.timeout(freshMs) });
    return { text: session.text, versionVector: session.versionVector };
  } finally {
    session.close();
  }
}

/** Without the log: acknowledged timestamps that a fresh copy does not reach. */
function lostBy(versionVector: ReadonlyMap<number, number>, ledger: Ledger): number {
  const through = new Map(ledger.acks.map((ack) => [ledger.replicaOf(ack.client), ack.through]));
  return [...through].reduce(
    (lost, [replica, last]) => lost + Math.max(0, last - (versionVector.get(replica) ?? 0)),
    0,
  );
}
