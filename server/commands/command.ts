/** What an operator's command is: what it takes, what it tells, and what it runs with. */
import type { Config } from '../config.ts';
import type { OwnArguments } from './arguments.ts';

/** A flag of a command's own, beside the settings. */
export interface CommandFlag {
  readonly name: `--${string}`;
  /** Name of its value; absent: it has none. */
  readonly value?: string;
  readonly about: string;
}

/** Where a command speaks, beside what it returns. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export interface CommandRun extends OwnArguments {
  readonly config: Config;
  readonly terminal: Terminal;
}

/** One answer in two forms. */
export interface CommandAnswer {
  /** For programs: one object. */
  readonly json: object;
  /** For people: lines without their ends. */
  readonly text: readonly string[];
  /** Something is wrong with what was looked at: the process ends with 1. */
  readonly isBad?: boolean;
  /** Standard output has something else: the answer goes to standard error. */
  readonly isAside?: boolean;
}

export interface Command {
  readonly name: string;
  /** Names of its arguments, in order; those in brackets may be left out. */
  readonly positionals: readonly string[];
  /** Besides `--json`, which all have. */
  readonly flags: readonly CommandFlag[];
  /** One line, for the list of commands. */
  readonly about: string;
  /** Lines of its help. */
  readonly explanation: readonly string[];
  /** Rejects with what was wrong and what to do. */
  readonly run: (run: CommandRun) => Promise<CommandAnswer>;
}

/** What `--help` prints. */
export function commandHelp({ name, positionals, flags, explanation }: Command): string {
  const own = flags
    .map(({ name: flag, value }) => ` [${flag}${value ? ` ${value}` : ''}]`)
    .join('');
  const lines = flags.map(({ name: flag, value, about }) => {
    return `  ${flag}${value ? ` ${value}` : ''}\n      ${about}.`;
  });
  return [
    `Usage: ${['sve', name, ...positionals].join(' ')}${own} [--json]`,
    '',
    ...explanation,
    '',
    ...lines,
    '  --json\n      Prints one JSON object instead of text.',
    '  --database-url, --data-dir and the other settings\n      As for the server: where the documents are.',
    '',
  ].join('\n');
}
