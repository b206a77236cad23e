/**
 * The arguments of an operator's command: its own flags are taken out, the rest are settings
 * (config.ts), so that a command finds its database exactly as the server does.
 */
import { type Config, readConfig } from '../config.ts';

/** What one command takes beside the settings. */
export interface OwnFlags {
  /** Flags without a value. */
  readonly switches: readonly string[];
  /** Flags with a value, that may be given several times. */
  readonly lists: readonly string[];
}

export type CommandArguments =
  | {
      readonly type: 'run';
      readonly config: Config;
      readonly switches: ReadonlySet<string>;
      readonly lists: ReadonlyMap<string, readonly string[]>;
    }
  | { readonly type: 'help' }
  /** One line for each mistake, with what to do. */
  | { readonly type: 'invalid'; readonly problems: readonly string[] };

/** Never throws. */
export function readArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  own: OwnFlags,
): CommandArguments {
  const switches = new Set<string>();
  const lists = new Map<string, string[]>();
  const rest: string[] = [];
  const problems: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const [, flag = '', , inline] = /^(--[^=]*)(=(.*))?$/s.exec(arg) ?? [];
    if (own.switches.includes(arg)) switches.add(arg);
    else if (own.lists.includes(flag)) {
      const next = args[i + 1];
      const value = inline ?? (next?.startsWith('--') === true ? '' : (next ?? ''));
      if (value === '') problems.push(`${flag} needs a value`);
      else lists.set(flag, [...(lists.get(flag) ?? []), value]);
      if (inline === undefined && value !== '') i++;
    } else rest.push(arg);
  }
  const settings = readConfig(rest, env);
  if (settings.type === 'help' || settings.type === 'version') return { type: 'help' };
  if (settings.type === 'invalid') problems.push(...settings.problems);
  if (settings.type !== 'run' || problems.length > 0) return { type: 'invalid', problems };
  return { type: 'run', config: settings.config, switches, lists };
}
