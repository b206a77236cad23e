/**
 * `npm run fuzz:engine [-- --seed N --from N --count N]`: a million inputs of engine-fuzz.ts, in a
 * process of its own with little memory, so that a crash or a hang ends with the number of the
 * input as well. Prints the outcomes and the highest memory of the process.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fuzz, type Outcomes } from './engine-fuzz.ts';
import { seed as defaultSeed } from './seed.ts';

/** Inputs between two signs of life; they take some seconds. */
const chunk = 10_000;
const silenceMs = 120_000;
const heapMegabytes = 256;
const residentMegabytesMax = 700;
const keys = ['accepted', 'refused', 'forged', 'skipped'] as const;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(defaultSeed) },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '1000000' },
    child: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const from = Number(values.from);
const count = Number(values.count);

if (values.child) tryInputs();
else await watch();

/** The child: one line per chunk, and the memory at the end. */
function tryInputs(): void {
  for (let next = from; next < from + count; next += chunk) {
    const outcomes = fuzz({ seed, from: next, count: Math.min(chunk, from + count - next) });
    process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  }
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(`${JSON.stringify({ megabytes })}\n`);
}

async function watch(): Promise<void> {
  const heap = `--max-old-space-size=${heapMegabytes}`;
  const range = ['--seed', `${seed}`, '--from', `${from}`, '--count', `${count}`];
  const command = ['--import', 'tsx', heap, import.meta.filename, '--child', ...range];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const sum: Outcomes = { accepted: 0, refused: 0, forged: 0, skipped: 0 };
  let megabytes = 0;
  let rest = '';
  const onSilence = (): void => {
    child.kill('SIGKILL');
  };
  let timer = setTimeout(onSilence, silenceMs);
  for await (const text of child.stdout.setEncoding('utf8')) {
    clearTimeout(timer);
    timer = setTimeout(onSilence, silenceMs);
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const told = JSON.parse(line);
      megabytes = told.megabytes ?? megabytes;
      for (const key of keys) sum[key] += told[key] ?? 0;
    }
  }
  clearTimeout(timer);
  const done = keys.reduce((total, key) => total + sum[key], 0);
  process.stdout.write(`${done} inputs of seed ${seed}: ${JSON.stringify(sum)}, ${megabytes} MB\n`);
  if (done === count && megabytes > 0 && megabytes <= residentMegabytesMax) return;
  const again = `--seed ${seed} --from ${from + done} --count ${chunk}`;
  process.stdout.write(`FAILED; see: npm run fuzz:engine -- ${again}\n`);
  process.exitCode = 1;
}
