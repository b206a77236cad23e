/**
 * Goal: seeds on several threads come to what they come to on one; a run that does not end, or not
 * twice the same, is found out. Method: threads whose own code has a bug planted in it.
 */
import { afterAll, describe, expect, it } from 'vitest';
import type { Planting } from '../planted/planting.ts';
import { bundleWorker } from './bundle.ts';
import { Jobs } from './jobs.ts';
import { runTwice } from './run-twice.ts';
import type { Tally } from './tally.ts';

const line = 'const scenario = drawScenarioOf(of);';

/** A thread that does this before each run. */
function worker(id: string, before: string): Promise<string> {
  const planting = { file: 'sim/cli/worker.ts', text: line, replacement: `${before} ${line}` };
  return bundled(id, planting);
}

function bundled(id: string, planting: Planting): Promise<string> {
  return bundleWorker({ id, story: '', properties: [], seedsMax: 1, plantings: [planting] });
}

const opened: Jobs[] = [];

function jobsOf(bundle: string, options: { jobs?: number; stuckAfterMs?: number } = {}): Jobs {
  const jobs = new Jobs({ bundle, jobs: 2, stuckAfterMs: 30_000, ...options });
  opened.push(jobs);
  return jobs;
}

afterAll(() => Promise.all(opened.map((jobs) => jobs.close())));

/** Fails in these seeds. */
const broken = (...seeds: readonly number[]): string =>
  `if ([${seeds.join(', ')}].includes(seed)) return {
    scenario: drawScenarioOf(of), lanes: [], result: { ...simulate(drawScenarioOf(of)), violation: {
      kind: 'safety', property: 'S1', message: 'seed', about: [], event: 1, timeMs: 1 } },
  };`;

const hashes = ({ runs }: Tally): string[] =>
  [...runs].sort((a, b) => a.seed - b.seed).map(({ traceHash }) => traceHash);

describe('a batch', () => {
  it('does the same on one thread and on three, seed by seed', async () => {
    const bundle = await bundleWorker(null);
    const options = { from: 1, count: 16, eachSeed: true, keepGoing: true };
    const one = await jobsOf(bundle, { jobs: 1 }).batch(options);
    const three = await jobsOf(bundle, { jobs: 3 }).batch(options);
    expect(three.seeds).toBe(16);
    expect(hashes(three)).toEqual(hashes(one));
    expect(new Set(hashes(one)).size).toBe(16);
    expect(three.faultsByKind).toEqual(one.faultsByKind);
  });

  it('finds the lowest seed that fails, whoever meets another one first', async () => {
    const bundle = await worker('test-broken', broken(20, 13, 14, 29));
    const tally = await jobsOf(bundle, { jobs: 3 }).batch({ from: 1, count: 1_000 });
    expect([...tally.findings.values()]).toMatchObject([{ seed: 13 }]);
    expect(tally.seeds).toBeLessThan(40);
    const all = await jobsOf(bundle).batch({ from: 1, count: 30, keepGoing: true });
    expect([...all.findings.values()]).toMatchObject([{ seed: 13, count: 4 }]);
    expect(all.seeds).toBe(30);
  });

  it('ends when it is told to, with what it has', async () => {
    const jobs = jobsOf(await bundleWorker(null));
    const told = (): void => jobs.stop();
    const tally = await jobs.batch({ from: 1, count: 1_000_000, told });
    expect(tally.seeds).toBeGreaterThan(0);
    expect(tally.seeds).toBeLessThan(1_000_000);
  });
});

describe('a run that does not end', () => {
  const forEver = 'if (seed === 3) for (;;);';

  it('is a crash with its seed, and the batch is over', async () => {
    const bundle = await worker('test-endless', forEver);
    const jobs = jobsOf(bundle, { stuckAfterMs: 5_000 });
    const { findings } = await jobs.batch({ from: 1, count: 1_000_000 });
    const violation = { kind: 'crash', message: 'seed 3 did not end within 5 s' };
    expect([...findings.values()]).toMatchObject([{ seed: 3, traceHash: null, violation }]);
    expect(await jobs.run(3, { trace: false })).toMatchObject({ type: 'ended', seed: 3 });
    expect(await jobs.run(2, { trace: false })).toHaveProperty('result.seed', 2);
  });

  it('does not keep the others from being run, if the batch goes on', async () => {
    const bundle = await worker('test-endless', forEver);
    const jobs = jobsOf(bundle, { stuckAfterMs: 5_000 });
    const tally = await jobs.batch({ from: 3, count: 10, keepGoing: true, eachSeed: true });
    expect(tally.runs.map(({ seed }) => seed).sort((a, b) => a - b)).toEqual([
      4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
  });

  it('may also be one that ends its thread', async () => {
    const bundle = await worker('test-dying', "if (seed === 3) throw new Error('out of it');");
    const ended = await jobsOf(bundle).run(3, { trace: false });
    expect(ended).toMatchObject({ type: 'ended', seed: 3 });
    expect(ended).toHaveProperty('reason', expect.stringContaining('out of it'));
    expect(ended).toHaveProperty('reason', expect.stringContaining('sim/cli/worker.ts'));
  });
});

describe('a seed run twice', () => {
  it('is told with its events if both did the same', async () => {
    const jobs = jobsOf(await bundleWorker(null));
    const twice = await runTwice(jobs, 5, null);
    expect(twice.type).toBe('same');
    expect(twice).toHaveProperty('ran.result.trace.0.n', 1);
    expect(await runTwice(jobs, 5, 'beef')).toMatchObject({ type: 'different' });
  });

  it('is told by the first event at which two runs part', async () => {
    const name = 'test-different';
    const text = 'this.#nowMs + Math.max(0, delayMs);';
    const count = '(globalThis.tasks = (globalThis.tasks ?? 0) + 1)';
    const replacement = `this.#nowMs + Math.max(0, delayMs) + (${count} > 900 ? 1 : 0);`;
    const planting = { file: 'sim/world/world.ts', text, replacement };
    const jobs = jobsOf(await bundled(name, planting), { jobs: 1 });
    const twice = await runTwice(jobs, 1, null);
    expect(twice).toMatchObject({ type: 'different' });
    expect(twice).toHaveProperty('message', expect.stringContaining('seed 1 is not repeatable'));
  });
});

describe('a bug to plant', () => {
  const nothing = { text: 'nowhere to be found', replacement: '' };

  it('must fit the sources', async () => {
    const planting = { file: 'sim/cli/worker.ts', ...nothing };
    await expect(bundled('test-unfit', planting)).rejects.toThrow('0 times: nowhere');
  });

  it('must be in a file of the simulator', async () => {
    const planting = { file: 'server/main.ts', ...nothing };
    await expect(bundled('test-elsewhere', planting)).rejects.toThrow('no part of the simulator');
  });
});
