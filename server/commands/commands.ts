/** Which commands an operator has, beside starting the server. */
import { restored } from './restored.ts';

/** Returns what to print; rejects with what was wrong and what to do. */
type Command = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
) => Promise<string>;

const commands: ReadonlyMap<string, Command> = new Map([['restored', restored]]);

/** Runs the command of this name. */
export async function runCommand(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const command = commands.get(name);
  if (command === undefined) {
    const known = [...commands.keys()].join(', ');
    throw new Error(`unknown command ${name}: there is ${known}; without one the server starts`);
  }
  return await command(args, env);
}
