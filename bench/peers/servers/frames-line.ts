/**
 * One connection of a document sends what no client would: frames of random bytes, then messages of
 * 80 MB. Two others go on typing to one another meanwhile; whether they notice is the question.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join as joinPath } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { must } from '../../../engine/assert.ts';
import { bundle } from '../../engine/child-process.ts';
import { residentBytes } from '../../server/processor-time.ts';
import type { ServerChild } from '../../server/server-child.ts';
import { type AbuseJob, framesPerSecond, hugeMessages } from './abuse-job.ts';
import { packages } from './contenders.ts';
import type { Line } from './line.ts';
import { join } from './participant.ts';
import type { ReadingDialect } from './survey.ts';

const entry = joinPath(import.meta.dirname, './abuser.ts');
const document = 'frames';
const probeEveryMs = 20;
/** Enough to send all of it. */
const hugeSeconds = 10;
/** Beyond the time that was given. */
const patienceMs = 10_000;
const settleMs = 2_000;
const megabyte = 2 ** 20;

export function framesLine({ seconds }: { readonly seconds: number }): Line {
  return {
    name: 'frames',
    title: [
      `One connection sends ${framesPerSecond} random frames a second for ${seconds} s,`,
      `then ${hugeMessages} messages of 80 MB; two others type`,
    ].join(' '),
    metrics: [
      { key: 'survived', label: 'alive afterwards (1 = yes)', better: 'told' },
      { key: 'quietMs', label: 'longest delay of an edit before, ms', better: 'told' },
      { key: 'randomMs', label: 'longest delay during random frames, ms', better: 'less' },
      { key: 'hugeMs', label: 'longest delay during huge messages, ms', better: 'less' },
      { key: 'peakMb', label: 'resident memory more, at most, MB', better: 'less' },
      { key: 'keptMb', label: 'and after garbage collection, MB', better: 'less' },
    ],
    measure: async ({ entrant: { dialect }, venue: { running }, round }) => {
      const child = must(running.child, 'a server of this machine');
      const { baseUrl } = running;
      const delays = await startDelays(dialect, baseUrl);
      await later(settleMs);
      const before = await child.ask('collect');
      const quietMs = delays.longestSince();
      const memory = watchMemory(child);
      const script = await bundle({ entry, folder: joinPath(packages, '.bench/abuser') });
      const job = { dialect: dialect.name, baseUrl, document, seconds, seed: round };
      await abuse(script, { ...job, kind: 'random' });
      const randomMs = delays.longestSince();
      await abuse(script, { ...job, kind: 'huge', seconds: hugeSeconds });
      await later(settleMs);
      const hugeMs = delays.longestSince();
      delays.stop();
      const peak = memory.stop();
      const isAlive = child.isRunning;
      const after = isAlive ? await child.ask('collect') : null;
      const more = (bytes: number): number => Math.round((bytes - before.rssBytes) / megabyte);
      return {
        survived: isAlive ? 1 : 0,
        quietMs,
        randomMs: isAlive ? randomMs : null,
        hugeMs: isAlive ? hugeMs : null,
        peakMb: isAlive ? more(peak) : null,
        keptMb: after === null ? null : more(after.rssBytes),
      };
    },
  };
}

/** One types, another receives: how late, ms. An edit that is still on its way counts, too. */
async function startDelays(dialect: ReadingDialect, baseUrl: string) {
  const typedMs: number[] = [0];
  let longest = 0;
  let arrived = 0;
  const note = (): void => {
    const oldest = typedMs[arrived + 1];
    if (oldest !== undefined) longest = Math.max(longest, performance.now() - oldest);
  };
  const typist = await join({ dialect, baseUrl, document, author: 1 });
  await join({
    ...{ dialect, baseUrl, document, author: 2 },
    onDelivered: (_author, seq) => {
      note();
      arrived = Math.max(arrived, seq);
    },
  });
  const timer = setInterval(() => {
    // What a server that has ended will never deliver need not be kept.
    if (typedMs.length - arrived < 10_000) typedMs.push(performance.now());
    typist.talker.type();
  }, probeEveryMs);
  return {
    /** Since it was asked the last time. */
    longestSince: (): number => {
      note();
      const told = Number(longest.toFixed(1));
      longest = 0;
      return told;
    },
    stop: (): void => clearInterval(timer),
  };
}

async function abuse(script: string, job: AbuseJob): Promise<void> {
  const child = fork(script, [], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  child.send(job);
  const patience = setTimeout(() => child.kill('SIGKILL'), 1_000 * job.seconds + patienceMs);
  await ended;
  clearTimeout(patience);
}

function watchMemory({ pid }: ServerChild): { stop(): number } {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, probeEveryMs);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}
