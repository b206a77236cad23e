/**
 * Goal: what a person or a script gets from `npm run sim`: output, files, exit codes, an orderly
 * end. Method: the command in a process of its own.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand, summaryIn } from '../testing/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'sim-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm run sim', () => {
  it('tells a mistake on the command line, and runs nothing', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['--seeds', 'many']);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--seeds many: expected a whole number');
  });

  it('ends with one JSON object, and gives the same hash in every process', async () => {
    const run = await runCommand(['--seeds', '12', '--jobs', '1', '--json']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(summaryIn(run)).toMatchObject({ seeds: 12, violations: 0, jobs: 1, violation: null });
    const [one, other] = await Promise.all([
      runCommand(['--hashes', '12', '--jobs', '1']),
      runCommand(['--hashes', '12', '--jobs', '2']),
    ]);
    expect(one.stdout).toMatch(/^12 seeds from 1: [0-9a-f]{32}\n$/);
    expect(other.stdout).toBe(one.stdout);
  });

  it('runs one seed twice and writes its trace and its page', async () => {
    const [trace, html] = [join(folder, 't.jsonl'), join(folder, 't.html')];
    const run = await runCommand(['--seed', '5', '--trace', trace, '--html', html]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/^seed 5: passed, twice; \d+ events/);
    const lines = readFileSync(trace, 'utf8').trimEnd().split('\n');
    const footer = JSON.parse(lines.at(-1) ?? '');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ format: 1, seed: 5, scenario: { seed: 5 } });
    expect(footer).toMatchObject({ verdict: 'passed', events: lines.length - 2 });
    expect(run.stdout).toContain(footer.traceHash);
    expect(readFileSync(html, 'utf8')).toContain(footer.traceHash);
  });

  it('reports, shrinks and saves what it finds, and runs that again', async () => {
    const file = join(folder, 'M00.json');
    const found = await runCommand(['--planted', 'M00', '--seeds', '20', '--json', '--save', file]);
    expect(found.exitCode, found.stderr).toBe(129);
    const { seed, violation } = summaryIn(found);
    expect(found.stderr).toContain(`FAIL ${violation?.property} (safety)  seed ${seed}  event `);
    for (const part of ['story: ', 'causal slice', 'knobs in force:', 'shrunk: ']) {
      expect(found.stderr).toContain(`  ${part}`);
    }
    expect(found.stderr).toContain(`reproduce: npm run sim -- --seed ${seed} --planted M00`);
    expect(existsSync(file)).toBe(true);
    const [with_, without] = await Promise.all([
      runCommand(['repro', file, '--planted', 'M00']),
      runCommand(['repro', file]),
    ]);
    expect([with_.exitCode, without.exitCode]).toEqual([129, 0]);
    expect(with_.stdout).toContain('it fails as the file says');
    expect(without.stdout).toContain(`it fails with M00 planted: npm run sim -- repro ${file}`);
  });

  it('goes on and counts by kind, if asked', async () => {
    const run = await runCommand(['--planted', 'M00', '--seeds', '8', '--json', '--keep-going']);
    const { seeds, violations, fingerprints, seed } = summaryIn(run);
    expect([run.exitCode, seeds]).toEqual([129, 8]);
    expect(violations).toBe(fingerprints.reduce((sum, { count }) => sum + count, 0));
    expect(fingerprints[0]?.seed).toBe(seed);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at a %s with what it has', async (signal) => {
    const run = await runCommand(['--minutes', '5', '--jobs', '1', '--json'], (child) => {
      // Its progress: the batch runs. Twice, as from a terminal through tsx.
      child.stderr?.once('data', () => child.kill(signal) && child.kill(signal));
    });
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/^\d+ seeds, \d+\/min, .* sometimes \d+\/\d+\n$/);
    expect(summaryIn(run).seeds).toBeGreaterThan(0);
  });
});
