/**
 * The simulator's command line: runs seeds, says what was found, and how to see it again.
 *
 * Exit codes: 0 nothing found, 127 the product crashed, 128 liveness, 129 safety, 130 the harness
 * itself (a run that is not repeatable, or seeds that did too little to count).
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type FoundViolation, type SimResult, simulate } from './simulate.ts';

const help = `Usage: npm run sim -- [options]
  --seeds N     run N seeds (default 1000)
  --from N      the first of them (default 1); text, a commit hash say, is hashed
  --seed N      run this seed only, twice, and compare the traces
  --trace FILE  write the trace of the seed that failed (or of --seed)
  --json        print one JSON object as the last line
  --smoke       a short run for every commit: 300 seeds
  --help`;

const exitCodes = { crash: 127, liveness: 128, safety: 129 } as const;
const harnessFault = 130;
/** What a seed must do on average to count. */
const least = { events: 500, committedOperations: 50, faults: 1 } as const;
const linesShown = 20;

const { values: args } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'string' },
    json: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Totals {
  seeds: number;
  violations: number;
  events: number;
  committedOperations: number;
  faults: number;
  simulatedMs: number;
}

process.exitCode = main();

function main(): number {
  if (args.help) {
    console.log(help);
    return 0;
  }
  const seeds = args.smoke ? 300 : Number(args.seeds);
  if (!Number.isSafeInteger(seeds) || seeds < 1) {
    console.error(`--seeds ${args.seeds} is no number of seeds\n${help}`);
    return harnessFault;
  }
  return args.seed === undefined ? runMany(seedOf(args.from), seeds) : runOne(seedOf(args.seed));
}

/** A number as it is, other text by its FNV-1a hash. */
function seedOf(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

function runOne(seed: number): number {
  const first = simulate(seed, { trace: args.trace !== undefined });
  const second = simulate(seed);
  if (args.trace !== undefined) writeFileSync(args.trace, `${first.trace.join('\n')}\n`);
  if (first.traceHash !== second.traceHash) {
    console.error(`seed ${seed} is not repeatable: ${first.traceHash}, then ${second.traceHash}`);
    return harnessFault;
  }
  const { events, committedOperations, faults, simulatedMs, traceHash } = first;
  const summary = { seed, events, committedOperations, faults, simulatedMs, traceHash };
  if (args.json) console.log(JSON.stringify({ ...summary, violation: first.violation }));
  else
    console.log(
      Object.entries(summary)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    );
  return first.violation === null ? 0 : report(seed, first.violation);
}

function runMany(from: number, count: number): number {
  const totals: Totals = {
    seeds: 0,
    violations: 0,
    events: 0,
    committedOperations: 0,
    faults: 0,
    simulatedMs: 0,
  };
  const byKind = new Map<string, number>();
  const startMs = performance.now();
  let failed: SimResult | null = null;
  for (let seed = from; seed < from + count && failed === null; seed++) {
    const result = simulate(seed);
    add(totals, byKind, result);
    if (result.violation !== null) failed = result;
    if (totals.seeds % 100 === 0) progress(totals, count);
  }
  const seconds = (performance.now() - startMs) / 1000;
  const found = failed?.violation ?? null;
  const exitCode = failed === null || found === null ? judge(totals) : report(failed.seed, found);
  conclude(totals, { byKind, seconds, seed: failed?.seed ?? null, violation: found });
  return exitCode;
}

function add(totals: Totals, byKind: Map<string, number>, result: SimResult): void {
  totals.seeds++;
  totals.violations += result.violation === null ? 0 : 1;
  totals.events += result.events;
  totals.committedOperations += result.committedOperations;
  totals.faults += result.faults;
  totals.simulatedMs += result.simulatedMs;
  for (const [kind, count] of result.faultsByKind) {
    byKind.set(kind, (byKind.get(kind) ?? 0) + count);
  }
}

function progress({ seeds }: Totals, count: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${seeds} of ${count} seeds`);
}

/** Whether the seeds did enough to say anything. */
function judge({ seeds, events, committedOperations, faults }: Totals): number {
  const averages = { events, committedOperations, faults };
  for (const name of ['events', 'committedOperations', 'faults'] as const) {
    if (averages[name] / seeds >= least[name]) continue;
    console.error(`${averages[name] / seeds} ${name} per seed, at least ${least[name]} are needed`);
    return harnessFault;
  }
  return 0;
}

function report(seed: number, violation: FoundViolation): number {
  const { kind, property, message, about, event, timeMs } = violation;
  const { trace } = simulate(seed, { trace: true });
  if (args.trace !== undefined) writeFileSync(args.trace, `${trace.join('\n')}\n`);
  const relevant = trace.filter(
    (line) => about.length === 0 || about.some((n) => line.includes(n)),
  );
  console.error(`\nFAIL ${property} (${kind}) seed ${seed} event ${event} t=${timeMs} ms`);
  console.error(`  ${message.replaceAll('\n', '\n  ')}\n`);
  for (const line of relevant.slice(-linesShown)) console.error(`  ${line.slice(0, 160)}`);
  console.error(`\nreproduce: npm run sim -- --seed ${seed} --trace trace.txt`);
  return exitCodes[kind];
}

function conclude(
  totals: Totals,
  outcome: {
    readonly byKind: ReadonlyMap<string, number>;
    readonly seconds: number;
    readonly seed: number | null;
    readonly violation: FoundViolation | null;
  },
): void {
  const { seeds, violations, events, committedOperations, faults, simulatedMs } = totals;
  const { byKind, seconds, seed, violation } = outcome;
  const summary = {
    seeds,
    violations,
    seedsPerMinute: Math.round((seeds / seconds) * 60),
    eventsPerSecond: Math.round(events / seconds),
    simulatedHours: Math.round(simulatedMs / 36_000) / 100,
    events,
    committedOperations,
    faults,
    eventsPerSeed: Math.round(events / seeds),
    committedOperationsPerSeed: Math.round(committedOperations / seeds),
    faultsPerSeed: Math.round((faults / seeds) * 10) / 10,
  };
  if (args.json) {
    const faultsByKind = Object.fromEntries(byKind);
    console.log(JSON.stringify({ ...summary, faultsByKind, seed, violation }));
    return;
  }
  for (const [name, value] of Object.entries(summary)) console.log(`${name}: ${value}`);
  const kinds = [...byKind].sort((a, b) => b[1] - a[1]).map(([kind, n]) => `${kind} ${n}`);
  console.log(`faults by kind: ${kinds.join(', ')}`);
}
