/** Which commands an operator has, beside starting the server; how one is called and answers. */
import { readArguments } from './arguments.ts';
import { type Command, commandHelp, type Terminal } from './command.ts';
import { deleteCommand } from './delete.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { inspect } from './inspect.ts';
import { orphans } from './orphans.ts';
import { prune } from './prune.ts';
import { restored } from './restored.ts';
import { snapshot } from './snapshot.ts';
import { verify } from './verify.ts';

const commands: readonly Command[] = [
  inspect,
  verify,
  exportCommand,
  importCommand,
  snapshot,
  prune,
  deleteCommand,
  orphans,
  restored,
];

export interface CommandResult {
  /** For standard output. */
  readonly output: string;
  readonly exitCode: 0 | 1;
}

/** Runs the command of this name. Rejects with what was wrong and what to do. */
export async function runCommand(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  terminal: Terminal = process,
): Promise<CommandResult> {
  const command = commands.find((each) => each.name === name);
  if (command === undefined) {
    const known = commands.map((each) => each.name).join(', ');
    throw new Error(`unknown command ${name}: there is ${known}; without one the server starts`);
  }
  const { positionals, flags } = command;
  const switches = flags.filter(({ value }) => value === undefined).map((flag) => flag.name);
  const lists = flags.filter(({ value }) => value !== undefined).map((flag) => flag.name);
  const read = readArguments(args, env, {
    positionals,
    switches: ['--json', ...switches],
    lists,
  });
  if (read.type === 'help') return { output: commandHelp(command), exitCode: 0 };
  if (read.type === 'invalid') throw new Error(read.problems.join('\n'));
  const { json, text, isBad = false, isAside = false } = await command.run({ ...read, terminal });
  const lines = read.switches.has('--json') ? [JSON.stringify(json)] : text;
  const answer = lines.map((line) => `${line}\n`).join('');
  if (isAside) terminal.stderr.write(answer);
  return { output: isAside ? '' : answer, exitCode: isBad ? 1 : 0 };
}

/** For the server's help. */
export function commandLines(): readonly string[] {
  const usages = commands.map(({ name, positionals }) => [name, ...positionals].join(' '));
  const width = Math.max(...usages.map(({ length }) => length));
  return commands.map(({ about }, i) => `  ${(usages[i] ?? '').padEnd(width)}  ${about}`);
}
