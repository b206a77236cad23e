/**
 * `npm run torture`: faults on the real thing. What it does stands in docs/torture.md.
 *
 * Started by node, with tsx as its loader only: the program `tsx` kills a busy child that is slow
 * to answer a Ctrl-C, and nothing would be cleaned up.
 */
import { randomInt } from 'node:crypto';
import { ArgumentError } from '../../sim/cli/arguments.ts';
import { onEndSignal } from '../../sim/cli/end-signals.ts';
import { usageMistake } from '../../sim/cli/exit-codes.ts';
import { type Arguments, help, parseArguments } from './arguments.ts';
import { exitCode, shortcomings, tableOf } from './report.ts';
import { torture } from './run.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  let args: Arguments | null;
  try {
    args = parseArguments(process.argv.slice(2), randomInt(2 ** 32));
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    console.error(`${error.message}\n--help tells what there is`);
    return usageMistake;
  }
  if (args === null) {
    console.log(help);
    return 0;
  }
  try {
    return await run(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

async function run({ options, json }: Arguments): Promise<number> {
  const ending = new AbortController();
  onEndSignal(() => ending.abort());
  const { isTTY } = process.stderr;
  const onProgress = (line: string): void => {
    process.stderr.write(isTTY ? `\r${line}\x1b[K` : `${line}\n`);
  };
  const say = (line: string): void => void process.stderr.write(`${isTTY ? '\r' : ''}${line}\n`);
  say(`seed ${options.seed}`);
  const report = await torture({ ...options, signal: ending.signal, say, onProgress });
  if (isTTY) process.stderr.write('\n');
  const missing = shortcomings(report, options.kinds);
  console.log(tableOf(report));
  for (const line of missing) console.error(`does not count: ${line}`);
  if (json) console.log(JSON.stringify(report));
  return exitCode(report, missing);
}
