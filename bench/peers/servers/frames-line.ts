/**
 * One connection of a document sends what no client would: frames of random bytes, then messages of
 * 80 MB. Two others go on typing to one another meanwhile; whether they notice is the question.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as later } from 'node:timers/promises';
import { must } from '../../../engine/assert.ts';
import { Random } from '../../../engine/random.ts';
import { residentBytes } from '../../server/processor-time.ts';
import type { RawSocket } from '../../server/raw-socket.ts';
import type { ServerChild } from '../../server/server-child.ts';
import type { Line } from './line.ts';
import { join } from './participant.ts';
import type { ReadingDialect } from './survey.ts';

const probeEveryMs = 20;
const framesPerStep = 5;
const frameBytesMax = 20_000;
const hugeBytes = 80_000_000;
const hugeMessages = 3;
const settleMs = 2_000;
const megabyte = 2 ** 20;

export function framesLine({ seconds }: { readonly seconds: number }): Line {
  return {
    name: 'frames',
    title:
      `One connection sends ${(1_000 / probeEveryMs) * framesPerStep} random frames a second for ` +
      `${seconds} s, and ${hugeMessages} messages of 80 MB; two others type`,
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
      const random = new Random(round, 'frames');
      await abuse(dialect, baseUrl, child, seconds, (socket) => sendRandom(socket, random));
      const randomMs = delays.longestSince();
      const huge = randomBytes(hugeBytes);
      let sent = 0;
      await abuse(dialect, baseUrl, child, seconds / 2, (socket) => {
        if (sent++ < hugeMessages) socket.send(huge);
      });
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
  const document = 'frames';
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

/** Acts on a connection of a third, who has joined in order; on a new one when it is thrown out. */
async function abuse(
  dialect: ReadingDialect,
  baseUrl: string,
  child: ServerChild,
  seconds: number,
  act: (socket: RawSocket) => void,
): Promise<void> {
  const endMs = performance.now() + 1_000 * seconds;
  let author = 1_000;
  let socket: RawSocket | null = null;
  let isJoining = false;
  while (performance.now() < endMs && child.isRunning) {
    if (socket !== null) act(socket);
    else if (!isJoining) {
      isJoining = true;
      join({ dialect, baseUrl, document: 'frames', author: ++author })
        .then((joined) => {
          socket = joined.socket;
          void joined.lost.then(() => {
            socket = null;
          });
        })
        .catch(() => {})
        .finally(() => {
          isJoining = false;
        });
    }
    await later(probeEveryMs);
  }
}

function sendRandom(socket: RawSocket, random: Random): void {
  for (let frame = 0; frame < framesPerStep; frame++) {
    const bytes = randomBytes(random.between(1, frameBytesMax));
    socket.send(random.chance(250_000) ? bytes.toString('latin1') : bytes);
  }
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
