/**
 * `npm run fuzz:server -- [--frames 1000000] [--seed N]`: fuzzed frames against a real server
 * process with its own PostgreSQL, while two honest clients type. Tells frames a second, what the
 * connections were told, memory before and after, and ends with 1 unless the process lives, nobody
 * honest noticed anything, and memory did not grow.
 *
 * Frames are random bytes, mutated valid frames, and valid ones out of order (hostile-frames.ts).
 * Nine connections in ten are in two sessions, the tenth has said no hello. What a decoder refuses
 * ends its connection, so nothing is sent after it, and it is one frame in two hundred only: a
 * million connections would take hours. A ping at the end of a piece tells that all of it was
 * judged. Only frames that were judged are counted.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeClientFrame } from '../proto/client-frame.ts';
import { residentBytes, typeUntil } from '../server/testing/calm-pair.ts';
import { HostileFrames } from '../server/testing/hostile-frames.ts';
import { RawClient } from '../server/testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from '../server/testing/server-process.ts';
import { seed as fixedSeed } from './seed.ts';

const lanes = 24;
const pieceFrames = 32;
const connectionFramesMax = 2_000;
/** Its session is left alone, so that errors on channel 0 do not end the socket. */
const anchorChannel = 9;
let sentFrames = 0;
const growthBytesMax = 128 * 2 ** 20;
const mebibyte = 2 ** 20;

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
});
const frames = Number(values.frames);
const seed = Number(values.seed ?? fixedSeed);
const dataDir = await mkdtemp(join(tmpdir(), 'sve-fuzz-'));
const server = await startServerProcess({ dataDir, flags: ['--log-level', 'error'] });
try {
  process.exitCode = (await run(server)) ? 0 : 1;
} finally {
  await server.stop();
  await rm(dataDir, { recursive: true });
}

async function run({ syncUrl, pid, url }: ServerProcess): Promise<boolean> {
  const hostile = new HostileFrames(seed);
  const told = new Map<string, number>();
  let judged = 0;
  let connections = 0;
  let earlyBytes = 0;
  const begin = performance.now();
  const lane = async (): Promise<void> => {
    while (judged < frames && server.running) {
      connections++;
      const isAnonymous = connections % 10 === 0;
      const one = await attackOnce(syncUrl, { hostile, isAnonymous, number: connections });
      judged += one.judged;
      told.set(one.end, (told.get(one.end) ?? 0) + 1);
      if (connections % 5_000 === 0) process.stderr.write(`${judged} frames\n`);
      // By then the code is compiled, and every buffer has been used.
      if (earlyBytes === 0 && judged > frames / 5) earlyBytes = await residentBytes(pid);
    }
  };
  const attack = Promise.all(Array.from({ length: lanes }, lane));
  const calm = await typeUntil(syncUrl, 'calm', attack);
  const seconds = (performance.now() - begin) / 1_000;
  const lateBytes = await residentBytes(pid);
  const { status } = await fetch(`${url}readyz`);
  const isQuiet = !/"level":"(error|fatal)"/.test(server.logs());
  const isCalm = calm.agree && calm.troubles.length === 0;
  const isFlat = lateBytes - earlyBytes < growthBytesMax;
  const inMb = (bytes: number): string => `${Math.round(bytes / mebibyte)} MiB`;
  const ok = server.running && status === 200 && isQuiet && isCalm && isFlat;
  const lines = [
    `seed ${seed}: ${judged} frames on ${connections} connections in ${seconds.toFixed(0)} s`,
    `told: ${[...told].map(([end, count]) => `${end} ${count}`).join(', ')}`,
    `memory: ${inMb(earlyBytes)} after a fifth, ${inMb(lateBytes)} in the end`,
    `honest: ${calm.edits} edits acknowledged, the same text: ${calm.agree}, ` +
      `troubles: ${calm.troubles.join(' ') || 'none'}`,
    `the process ${server.running ? 'runs' : 'DIED'}, ready ${status}, errors logged: ${!isQuiet}`,
    ok ? 'ok' : 'FAILED',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return ok;
}

/** Sends pieces on one connection until it ends; at most a hundred frames. */
async function attackOnce(
  syncUrl: string,
  by: {
    readonly hostile: HostileFrames;
    readonly isAnonymous: boolean;
    readonly number: number;
  },
): Promise<{ readonly judged: number; readonly end: string }> {
  const client = await RawClient.open(syncUrl);
  const document = `fuzzed-${by.number % 50}`;
  if (!by.isAnonymous) client.hello({ document, channel: anchorChannel });
  let judged = 0;
  while (judged < connectionFramesMax) {
    client.frames.length = 0;
    if (!by.isAnonymous && !(await beginAnew(client, document))) break;
    let sent = 0;
    let isLast = false;
    while (sent < pieceFrames && !isLast) {
      const bytes = nextFrame(by.hostile);
      client.send(bytes);
      sent++;
      isLast = !isFrame(bytes);
    }
    const pong = once(client.socket, 'pong').then(() => true);
    client.socket.ping();
    const isOpen = await Promise.race([pong, client.closed.then(() => false)]);
    // One that can be decoded may have ended the last session before the others were judged.
    judged += isOpen || isLast ? sent : 1;
    if (!isOpen) break;
  }
  if (client.socket.readyState === client.socket.OPEN) client.socket.close();
  const { reason } = await client.closed;
  return { judged, end: reason || 'left' };
}

/** A new session on channel 0, whatever became of the last one; false: the socket has ended. */
function beginAnew(client: RawClient, document: string): Promise<boolean> {
  client.send({ channel: 0, body: { type: 'leave' } });
  client.hello({ document });
  const welcomed = client.next((frame) => frame.welcome !== null && frame.channel === 0);
  return welcomed.then(
    () => true,
    () => false,
  );
}

/** Mostly one that can be decoded. */
function nextFrame(hostile: HostileFrames): Uint8Array {
  for (;;) {
    const { bytes } = hostile.next();
    if (!isFrame(bytes) && sentFrames % 200 !== 0) continue;
    sentFrames++;
    return bytes;
  }
}

function isFrame(bytes: Uint8Array): boolean {
  try {
    decodeClientFrame(bytes);
    return true;
  } catch {
    return false;
  }
}
