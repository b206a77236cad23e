/** Goal: a mistake on the command line is told in words before anything runs. */
import { describe, expect, it } from 'vitest';
import { parseArguments, seedOf, type Work } from './arguments.ts';
import { exitCodeOf } from './exit-codes.ts';

const workOf = (...args: readonly string[]): Work | undefined => parseArguments(args)?.work;

describe('the command line', () => {
  it('runs a thousand seeds from 1 if nothing else is asked for', () => {
    expect(parseArguments([])).toEqual({
      work: { type: 'batch', from: 1, count: 1000, seconds: null, keepGoing: false },
      outputs: { trace: null, html: null, shrink: false, save: null },
      planted: null,
      jobs: null,
      json: false,
      stuckAfterMs: 60_000,
    });
  });

  it('takes time instead of a number of seeds', () => {
    expect(workOf('--minutes', '0.5', '--seeds', '3')).toMatchObject({ seconds: 30 });
    const timed = workOf('--seconds', '7', '--from', '5');
    expect(timed).toMatchObject({ seconds: 7, from: 5, count: Number.MAX_SAFE_INTEGER - 5 });
  });

  it('knows single seeds, files, hashes and bugs', () => {
    expect(workOf('--seed', '0')).toEqual({ type: 'seed', seed: 0 });
    expect(workOf('repro', 'a.json', '--json')).toEqual({ type: 'repro', file: 'a.json' });
    expect(workOf('--hashes', '9', '--from', '2')).toEqual({ type: 'hashes', from: 2, count: 9 });
    expect(parseArguments(['--planted', 'M00'])?.planted?.id).toBe('M00');
    expect(parseArguments(['--help'])).toBeNull();
  });

  it('shrinks what it is to save', () => {
    const outputs = parseArguments(['--save', 'x.json', '--jobs', '3'])?.outputs;
    expect(outputs).toMatchObject({ shrink: true, save: 'x.json' });
  });

  it.each([
    [['--bogus'], 'Unknown option'],
    [['--seeds'], 'argument missing'],
    [['--seeds', '0'], '--seeds 0: expected a whole number from 1'],
    [['--seeds', '1e3'], '--seeds 1e3'],
    [['--seeds', '1.5'], '--seeds 1.5'],
    [['--seed', 'abc'], '--seed abc: expected a whole number from 0'],
    [['--seed', '9007199254740993'], '--seed 9007199254740993'],
    [['--jobs', '257'], '--jobs 257: expected a whole number from 1 to 256'],
    [['--minutes', 'soon'], '--minutes soon: expected a number above 0'],
    [['--seconds', '0'], '--seconds 0'],
    [['--stuck-after', '-1'], 'stuck-after'],
    [['--hashes', ''], '--hashes : expected'],
    [['--planted', 'M999'], 'no planted bug M999; there are M00'],
    [['replay', 'x'], 'no command replay; there is repro'],
    [['repro'], 'repro takes one file'],
    [['repro', 'a', 'b'], 'repro takes one file'],
    [['--from', '9007199254740990', '--seeds', '5'], 'from 1 to 1'],
  ])('%j is a mistake', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });

  it('takes a text as a seed by its hash, a number as it is', () => {
    expect([seedOf('7'), seedOf('0')]).toEqual([7, 0]);
    expect(seedOf('99e9e69456918fb90d7d28fb896e238b3444f5d5')).toBe(3_987_705_182);
  });
});

it('the exit code tells the kind of what was found', () => {
  const codes = (['crash', 'liveness', 'safety', 'harness'] as const).map((kind) => {
    return exitCodeOf({ kind, property: 'S1', message: '', about: [], event: 1, timeMs: 1 });
  });
  expect([exitCodeOf(null), ...codes]).toEqual([0, 127, 128, 129, 130]);
});
