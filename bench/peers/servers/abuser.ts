/**
 * The entry of a process that joins a document in order and then sends what no client would, again
 * and again when it is thrown out. Apart from those who measure, since making and masking so much
 * takes its time.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as later } from 'node:timers/promises';
import { Random } from '../../../engine/random.ts';
import type { RawSocket } from '../../server/raw-socket.ts';
import { type AbuseJob, framesPerSecond, hugeBytes, hugeMessages } from './abuse-job.ts';
import { dialectOf } from './dialects.ts';
import { join } from './participant.ts';

const stepMs = 20;
const frameBytesMax = 20_000;

process.on('message', (job: AbuseJob) => {
  void abuse(job).then(() => process.exit(0));
});
process.once('disconnect', () => process.exit(0));

async function abuse(job: AbuseJob): Promise<void> {
  const { dialect, baseUrl, document, kind, seconds } = job;
  const act = kind === 'random' ? randomSender(job) : hugeSender();
  const endMs = performance.now() + 1_000 * seconds;
  for (let author = 1_000; performance.now() < endMs; author++) {
    const options = { dialect: dialectOf(dialect), baseUrl, document, author };
    const joined = await join(options).catch(() => null);
    let isOut = joined === null;
    void joined?.lost.then(() => {
      isOut = true;
    });
    while (joined !== null && !isOut && performance.now() < endMs) {
      act(joined.socket);
      await later(stepMs);
    }
    await later(stepMs);
  }
}

function randomSender({ seed }: AbuseJob): (socket: RawSocket) => void {
  const random = new Random(seed, 'frames');
  return (socket) => {
    for (let frame = 0; frame < (framesPerSecond * stepMs) / 1_000; frame++) {
      const bytes = randomBytes(random.between(1, frameBytesMax));
      socket.send(random.chance(250_000) ? bytes.toString('latin1') : bytes);
    }
  };
}

function hugeSender(): (socket: RawSocket) => void {
  const huge = randomBytes(hugeBytes);
  let sent = 0;
  return (socket) => {
    if (sent++ < hugeMessages) socket.send(huge);
  };
}
