/**
 * The arguments of an operator's command: its own are taken out, the rest are settings (config.ts),
 * so that a command finds its database exactly as the server does.
 */
import { type Config, readConfig } from '../config.ts';

/** What one command takes beside the settings. */
export interface OwnNames {
  /** Names of arguments without a flag, in order; those in brackets may be left out. */
  readonly positionals: readonly string[];
  /** Flags without a value. */
  readonly switches: readonly string[];
  /** Flags with a value, that may be given several times. */
  readonly lists: readonly string[];
}

/** What was given of them. */
export interface OwnArguments {
  readonly positionals: readonly string[];
  readonly switches: ReadonlySet<string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

export type CommandArguments =
  | ({ readonly type: 'run'; readonly config: Config } & OwnArguments)
  | { readonly type: 'help' }
  /** One line for each mistake, with what to do. */
  | { readonly type: 'invalid'; readonly problems: readonly string[] };

/** Never throws. */
export function readArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  own: OwnNames,
): CommandArguments {
  const { problems, rest, ...given } = takeOwn(args, own);
  const settings = readConfig(rest, env);
  if (settings.type === 'help' || settings.type === 'version') return { type: 'help' };
  if (settings.type === 'invalid') problems.push(...settings.problems);
  const missing = own.positionals[given.positionals.length];
  if (missing !== undefined && !missing.startsWith('[')) problems.push(`${missing} is missing`);
  if (settings.type !== 'run' || problems.length > 0) return { type: 'invalid', problems };
  return { type: 'run', config: settings.config, ...given };
}

function takeOwn(args: readonly string[], own: OwnNames) {
  const positionals: string[] = [];
  const switches = new Set<string>();
  const lists = new Map<string, string[]>();
  const rest: string[] = [];
  const problems: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const [, flag = '', , inline] = /^(--[^=]*)(=(.*))?$/s.exec(arg) ?? [];
    const next = args[i + 1];
    const follows = inline === undefined && next !== undefined && !next.startsWith('--');
    if (own.switches.includes(arg)) switches.add(arg);
    else if (own.lists.includes(flag)) {
      const value = inline ?? (follows ? next : '');
      if (value === '') problems.push(`${flag} needs a value`);
      else lists.set(flag, [...(lists.get(flag) ?? []), value]);
      if (follows && value !== '') i++;
    } else if (arg.startsWith('-') || positionals.length === own.positionals.length) {
      // A setting, with its value if that stands apart.
      rest.push(arg);
      if (flag !== '' && follows) rest.push(args[++i] ?? '');
    } else positionals.push(arg);
  }
  return { positionals, switches, lists, rest, problems };
}
