/** The configuration of a server that nobody configured. */
import { type Config, readConfig } from '../config.ts';

export function defaultConfig(): Config {
  const invocation = readConfig([], {});
  if (invocation.type !== 'run') throw new Error('the defaults are a configuration');
  return invocation.config;
}
