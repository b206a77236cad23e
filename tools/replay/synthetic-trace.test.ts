/**
 * The trace that ships with the project. Method: it is made again from its options, and the engine
 * must come to the same end as the list of characters that the end was taken from.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { seed } from '../../properties/seed.ts';
import { playAlone } from './play-alone.ts';
import { ancestorsOf, concurrentShare, scheduleOf } from './schedule.ts';
import { syntheticDefaults, syntheticTrace } from './synthetic-trace.ts';
import { findTrace, hasPairs, limitTrace, parseTrace, readTrace } from './trace.ts';

const shipped = join(import.meta.dirname, '../../fixtures/traces/synthetic.json.gz');

test('the shipped trace is what its options make', async () => {
  // Compressed bytes may differ between versions of zlib.
  const made = gunzipSync(syntheticTrace(syntheticDefaults)).toString('utf8');
  expect(gunzipSync(await readFile(shipped)).toString('utf8')).toBe(made);
});

test('the shipped trace has concurrent edits and characters of two units', async () => {
  const trace = await readTrace(await findTrace('synthetic', { TRACES_DIR: '/nowhere' }));
  expect(hasPairs(trace)).toBe(true);
  expect(concurrentShare(ancestorsOf(scheduleOf(trace)))).toBeGreaterThan(0.5);
  expect(trace.transactions).toHaveLength(syntheticDefaults.transactions);
});

test('the engine comes to the end that the generator tells', () => {
  for (let run = 0; run < 10; run++) {
    const options = { seed: seed + run, authors: 2 + (run % 4), transactions: 200 };
    const trace = parseTrace('made', gunzipSync(syntheticTrace(options)).toString('utf8'));
    expect(playAlone(trace, scheduleOf(trace)), `seed ${options.seed}`).toBe(trace.endContent);
  }
});

test('a trace that is cut short does not tell its end', async () => {
  const trace = await readTrace(shipped);
  expect(limitTrace(trace, 10)).toMatchObject({ endContent: null });
  expect(limitTrace(trace, 10).transactions).toHaveLength(10);
});

test('a trace that is nowhere is told with the places looked at', async () => {
  await expect(findTrace('nothing', { TRACES_DIR: '/nowhere' })).rejects.toThrow(
    '/nowhere/nothing.json.gz',
  );
});

test('a transaction before its parents is refused', () => {
  const txns = [{ parents: [1], agent: 0, patches: [[0, 0, 'a']] }];
  const json = JSON.stringify({ kind: 'concurrent', endContent: 'a', txns });
  expect(() => parseTrace('bad', json)).toThrow('comes before one of its parents');
});
