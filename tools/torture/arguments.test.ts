/** Goal: the command line says what is wanted, or what is wrong. Method: both, as written. */
import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.ts';

describe('the command line', () => {
  it('needs nothing', () => {
    const { options, json } = parseArguments([], 7) ?? expect.fail('no arguments');
    expect(options).toMatchObject({ seed: 7, minutes: 1, nodes: 3, clients: 24, planted: null });
    expect(json).toBe(false);
  });

  it('says everything that can be said', () => {
    const line = '--minutes 0.5 --seed 12 --nodes 2 --clients 5 --plant read-then-subscribe --json';
    const { options, json } = parseArguments(line.split(' '), 7) ?? expect.fail('no arguments');
    expect(options).toMatchObject({ seed: 12, minutes: 0.5, nodes: 2, clients: 5 });
    expect(options.planted?.id).toBe('read-then-subscribe');
    expect(json).toBe(true);
  });

  it('takes text for a seed, always the same', () => {
    const seedOf = (text: string) => parseArguments(['--seed', text], 7)?.options.seed;
    expect(seedOf('d00dfeed')).toBe(seedOf('d00dfeed'));
    expect(seedOf('d00dfeed')).not.toBe(seedOf('d00dfeee'));
  });

  it('asks for help', () => {
    expect(parseArguments(['--help'], 7)).toBeNull();
  });

  it.each([
    ['--minutes 0', '--minutes 0: expected a number above 0'],
    ['--minutes soon', '--minutes soon: expected'],
    ['--nodes 1', '--nodes 1: expected a whole number from 2 to 9'],
    ['--nodes 10', '--nodes 10: expected a whole number from 1 to 9'],
    ['--clients 1.5', '--clients 1.5: expected'],
    ['--plant nothing', '--plant nothing: expected one of publish-before-commit'],
    ['--fast', "Unknown option '--fast'"],
    ['now', 'Unexpected argument'],
  ])('refuses %s', (line, message) => {
    expect(() => parseArguments(line.split(' '), 7)).toThrow(message);
  });
});
