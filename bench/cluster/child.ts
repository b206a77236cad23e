/**
 * A generator: a process with some of the clients. It types at random times that do not depend on
 * what comes back (an open loop), notes what every client hears, and in the end, when it is told of
 * the keys of all generators, how long each took (jobs.ts).
 */
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { must } from '../../engine/assert.ts';
import { Random } from '../../engine/random.ts';
import { Histogram } from './histogram.ts';
import {
  type HeardAnswer,
  type HearJob,
  type Key,
  nowMs,
  type OpenJob,
  type TypeJob,
} from './jobs.ts';
import { fullTypist, lightTypist, type Typist } from './typist.ts';

/** Sockets that are opened at a time. */
const openingMax = 20;
const pollMs = 50;
/** A timer may be so late; the rest of the time is spent in turns of the event loop. */
const timerMs = 2;

interface Client {
  readonly typist: Typist;
  readonly node: number;
  readonly types: boolean;
}

const job: OpenJob = JSON.parse(must(process.argv[2], 'a job'));
const random = new Random(job.seed, 'typing');
const clients: Client[] = [];
const keys: Key[] = [];
const late = new Histogram();
let busy = 0;
let isOver = false;
/** What was to happen meanwhile is over sooner than it might have been. */
process.on('SIGUSR2', () => (isOver = true));

await open();
answer({});
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
await type(await nextJob());
answer({ keys });
answer(await hear(await nextJob()));
// When the last word has left.
for (const { typist } of clients) typist.close();
process.stdin.destroy();

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function nextJob() {
  const { value, done } = await lines.next();
  if (done === true) process.exit(1);
  return JSON.parse(value);
}

async function open(): Promise<void> {
  const { document } = job;
  for (let start = 0; start < job.clients.length; start += openingMax) {
    const opening = job.clients.slice(start, start + openingMax);
    const typists = opening.map(async ({ syncUrls, full, ...rest }) => {
      const typist = await (full ? fullTypist : lightTypist)({ syncUrls, document });
      return { typist, ...rest };
    });
    clients.push(...(await Promise.all(typists)));
  }
}

async function type({ startMs, untilMs, keysPerSecond }: TypeJob): Promise<void> {
  const before = performance.eventLoopUtilization();
  const authors = clients.filter(({ types }) => types);
  for (let dueMs = startMs; authors.length > 0; ) {
    dueMs -= (Math.log(1 - random.next() / 2 ** 32) * 1000) / keysPerSecond;
    if (dueMs >= untilMs || isOver) break;
    if (dueMs - nowMs() > timerMs) await sleep(dueMs - nowMs() - timerMs);
    while (nowMs() < dueMs) await nextTurn();
    late.add(nowMs() - dueMs);
    const { typist, node } = random.pick(authors);
    const character = String.fromCharCode(97 + random.below(26));
    const timestamp = typist.type(character, random.next() / 2 ** 32);
    keys.push({ replica: typist.replica, timestamp, dueMs, node });
  }
  // Where the last one is due before the end the others go on.
  while (nowMs() < untilMs && !isOver) await sleep(Math.min(pollMs, untilMs - nowMs()));
  busy = performance.eventLoopUtilization(before).utilization;
}

async function hear({ keys: all, patienceMs, phasesMs, windowMs }: HearJob): Promise<HeardAnswer> {
  const own = new Map(clients.map(({ typist }) => [typist.replica, 0]));
  for (const { replica } of all) {
    const count = own.get(replica);
    if (count !== undefined) own.set(replica, count + 1);
  }
  const lastOf = new Map(keys.map(({ replica, timestamp }) => [replica, timestamp]));
  const lacks = ({ typist: { replica, ear } }: Client): number => {
    const heard = ear.receipts.length + (own.get(replica) ?? 0);
    const isAcked = (ear.acks.at(-1)?.through ?? 0) >= (lastOf.get(replica) ?? 0);
    return all.length - heard + (isAcked ? 0 : 1);
  };
  const giveUpMs = nowMs() + patienceMs;
  while (nowMs() < giveUpMs && clients.some((client) => lacks(client) > 0)) await sleep(pollMs);
  const sum = (of: (client: Client) => number): number =>
    clients.reduce((total, client) => total + of(client), 0);
  return {
    ...delays(all, phasesMs, windowMs),
    late: late.toJSON(),
    missing: sum((client) => Math.abs(lacks(client))),
    doubled: sum(({ typist }) => typist.ear.doubled),
    ended: sum(({ typist }) => (typist.ended ? 1 : 0)),
    texts: clients.flatMap(({ typist }) => typist.text ?? []),
    busy,
  };
}

function delays(
  all: readonly Key[],
  phasesMs: readonly number[],
  windowMs: number,
): Pick<HeardAnswer, 'same' | 'other' | 'acks' | 'sameWindows' | 'otherWindows'> {
  const keyOf = new Map<number, Map<number, Key>>();
  for (const key of all) {
    const known = keyOf.get(key.replica) ?? new Map<number, Key>();
    keyOf.set(key.replica, known.set(key.timestamp, key));
  }
  const phaseOf = ({ dueMs }: Key) => phasesMs.findLastIndex((startMs) => startMs <= dueMs);
  const windowOf = ({ dueMs }: Key) => Math.floor((dueMs - (phasesMs[0] ?? 0)) / windowMs);
  const same: Histogram[] = [];
  const other: Histogram[] = [];
  const acks: Histogram[] = [];
  const sameWindows: Histogram[] = [];
  const otherWindows: Histogram[] = [];
  for (const { typist, node } of clients) {
    for (const { replica, timestamp, atMs } of typist.ear.receipts) {
      const key = keyOf.get(replica)?.get(timestamp);
      if (key === undefined) continue;
      const isSame = key.node === node;
      note(isSame ? same : other, phaseOf(key), atMs - key.dueMs);
      note(isSame ? sameWindows : otherWindows, windowOf(key), atMs - key.dueMs);
    }
    const own = keys.filter(({ replica }) => replica === typist.replica);
    let acked = 0;
    for (const { through, atMs } of typist.ear.acks) {
      for (let key = own[acked]; key !== undefined && key.timestamp <= through; key = own[acked]) {
        note(acks, phaseOf(key), atMs - key.dueMs);
        acked += 1;
      }
    }
  }
  const plain = (histograms: readonly Histogram[]) => histograms.map((each) => each.toJSON());
  return {
    ...{ same: plain(same), other: plain(other), acks: plain(acks) },
    ...{ sameWindows: plain(sameWindows), otherWindows: plain(otherWindows) },
  };
}

/** Below 0: before everything that is measured. */
function note(histograms: Histogram[], index: number, ms: number): void {
  if (index < 0) return;
  while (histograms.length <= index) histograms.push(new Histogram());
  histograms[index]?.add(ms);
}
