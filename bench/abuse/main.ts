/**
 * `npm run bench:abuse -- [--seconds 5] [--rounds 3] [--pairs 5] [--rate 10] [--attack NAME]
 * [--json]`: how honest clients fare while another one abuses the server. For each attack, in turn:
 * the attack, and a control in which an unrelated process takes the processor time that the
 * attacker took. Told is the time from an edit at one client to its arrival at another, the ratio
 * of the two p99, what the attacker was told, and the server's memory before and after.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attacks } from '../../server/testing/attacks.ts';
import { residentBytes } from '../../server/testing/calm-pair.ts';
import { type ServerProcess, startServerProcess } from '../../server/testing/server-process.ts';
import { Attacker } from './attacker-process.ts';
import { HonestPair } from './honest-pair.ts';

const mebibyte = 2 ** 20;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    pairs: { type: 'string', default: '5' },
    rate: { type: 'string', default: '10' },
    attack: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const ms = Number(values.seconds) * 1_000;
const rounds = Number(values.rounds);

interface Line {
  readonly attack: string;
  readonly attackP99Ms: number;
  readonly controlP99Ms: number;
  readonly ratio: number;
  readonly processorShare: number;
  readonly told: Readonly<Record<string, number>>;
  readonly missing: number;
  readonly memoryMb: { readonly before: number; readonly after: number };
}

const dataDir = await mkdtemp(join(tmpdir(), 'sve-abuse-'));
const server = await startServerProcess({
  ...{ dataDir, flags: ['--trusted-proxies', '127.0.0.1', '--log-level', 'error'] },
});
const pairs = Array.from(
  { length: Number(values.pairs) },
  (_, i) => new HonestPair(server.syncUrl, `honest-${i}`),
);
try {
  await Promise.all(pairs.map((pair) => pair.ready()));
  await measure(pairs, 1_000);
  const names = values.attack === undefined ? Object.keys(attacks) : [values.attack];
  const lines: Line[] = [];
  for (const name of names) {
    const line = await compare(name, server);
    lines.push(line);
    if (!values.json) process.stdout.write(`${tell(line)}\n`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify(lines)}\n`);
} finally {
  for (const pair of pairs) pair.close();
  await server.stop();
  await rm(dataDir, { recursive: true });
}

/** An attack and its control, as often as there are rounds; figures of all rounds together. */
async function compare(name: string, { syncUrl, pid }: ServerProcess): Promise<Line> {
  const before = await residentBytes(pid);
  const attacked: number[] = [];
  const calm: number[] = [];
  const told: Record<string, number> = {};
  let cpuSeconds = 0;
  let missing = 0;
  for (let round = 0; round < rounds; round++) {
    const attacker = new Attacker([name, syncUrl, 'honest-0', String(ms)]);
    await attacker.began();
    const during = await measure(pairs, ms);
    const outcome = await attacker.outcome();
    cpuSeconds += outcome.cpuSeconds;
    for (const [answer, count] of Object.entries(outcome.told)) {
      told[answer] = (told[answer] ?? 0) + count;
    }
    const share = (outcome.cpuSeconds * 1_000) / ms;
    const burner = new Attacker(['burn', String(share), String(ms)]);
    await burner.began();
    const control = await measure(pairs, ms);
    await burner.outcome();
    attacked.push(...during.latenciesMs);
    calm.push(...control.latenciesMs);
    missing += during.missing + control.missing;
  }
  const after = await residentBytes(pid);
  const [attackP99Ms, controlP99Ms] = [percentile(attacked, 0.99), percentile(calm, 0.99)];
  return {
    ...{ attack: name, attackP99Ms, controlP99Ms, ratio: attackP99Ms / controlP99Ms },
    processorShare: (cpuSeconds * 1_000) / (ms * rounds),
    ...{ told, missing },
    memoryMb: { before: before / mebibyte, after: after / mebibyte },
  };
}

async function measure(
  all: readonly HonestPair[],
  forMs: number,
): Promise<{ readonly latenciesMs: readonly number[]; readonly missing: number }> {
  const everyMs = 1_000 / Number(values.rate);
  const each = await Promise.all(all.map((pair) => pair.type({ forMs, everyMs })));
  return {
    latenciesMs: each.flatMap(({ latenciesMs }) => latenciesMs),
    missing: each.reduce((sum, { missing }) => sum + missing, 0),
  };
}

function percentile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function tell(line: Line): string {
  const told = Object.entries(line.told).map(([answer, count]) => `${answer} ${count}`);
  return [
    `${line.attack.padEnd(10)} p99 ${line.attackP99Ms.toFixed(0)} ms, control`,
    `${line.controlP99Ms.toFixed(0)} ms, ratio ${line.ratio.toFixed(2)};`,
    `attacker ${line.processorShare.toFixed(2)} processors, told ${told.join(', ') || 'nothing'};`,
    `missing ${line.missing};`,
    `memory ${line.memoryMb.before.toFixed(0)} → ${line.memoryMb.after.toFixed(0)} MiB`,
  ].join(' ');
}
