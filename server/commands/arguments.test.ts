/** Own flags are taken out of a command line, and the rest are the settings of the server. */
import { expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

const own = { positionals: ['[DOCUMENT]'], switches: ['--json'], lists: ['--document'] };

it('takes its own flags, written both ways, and leaves the settings to the server', () => {
  const args = ['--document', 'a', '--port', '80', '--json', '--document=b'];
  const read = readArguments(args, { DATABASE_URL: 'postgres://db/docs' }, own);
  if (read.type !== 'run') throw new Error(JSON.stringify(read));
  expect(read.lists.get('--document')).toEqual(['a', 'b']);
  expect([...read.switches]).toEqual(['--json']);
  expect(read.config).toMatchObject({ port: 80, databaseUrl: 'postgres://db/docs' });
});

it('tells an argument without a flag from the value of a setting', () => {
  const read = readArguments(['--port', '80', 'note', '--json'], {}, own);
  expect(read).toMatchObject({ type: 'run', positionals: ['note'], config: { port: 80 } });
  const named = { ...own, positionals: ['DOCUMENT', '[FILE]'] };
  expect(readArguments([], {}, named)).toMatchObject({ problems: ['DOCUMENT is missing'] });
  expect(readArguments(['a'], {}, named)).toMatchObject({ type: 'run', positionals: ['a'] });
  expect(readArguments(['a', 'b', 'c'], {}, named)).toMatchObject({
    problems: ['unexpected argument c: settings begin with --'],
  });
});

it.each([
  [['--document'], '--document needs a value'],
  [['--document='], '--document needs a value'],
  [['--document', '--json'], '--document needs a value'],
  [['--json=yes'], 'unknown flag --json: see --help'],
  [['--port', 'x'], '--port: expected integer'],
])('tells what is wrong with %j', (args, problem) => {
  const read = readArguments(args, {}, own);
  expect(read.type === 'invalid' ? read.problems.join('\n') : read.type).toContain(problem);
});

it('tells every mistake, of its own flags and of the settings', () => {
  const read = readArguments(['--document', '--port', 'x'], { WINDOW_BYTES: '1' }, own);
  expect(read).toMatchObject({ type: 'invalid', problems: { length: 3 } });
});

it.each(['--help', '-h', '--version'])('answers %s with its help', (flag) => {
  expect(readArguments(['--json', flag], {}, own)).toEqual({ type: 'help' });
});
