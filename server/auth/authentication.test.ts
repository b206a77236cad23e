/** Who decides, by the settings; above all that nobody does only where it is wanted. */
import { describe, expect, it } from 'vitest';
import { type Config, readConfig } from '../config.ts';
import { mustBeChecked } from './authentication.ts';

function configOf(settings: Readonly<Record<string, string>>): Config {
  const invocation = readConfig([], settings);
  if (invocation.type !== 'run') throw new Error(JSON.stringify(invocation));
  return invocation.config;
}

describe('a node where nobody is checked', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('may listen on %s', (HOST) => {
    expect(() => mustBeChecked(configOf({ HOST }))).not.toThrow();
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'docs.example', '127.0.0.1.example'])(
    'may not listen on %s, unless told so',
    (HOST) => {
      expect(() => mustBeChecked(configOf({ HOST }))).toThrow(/HOST is .*AUTH_SECRET.*AUTH=open/s);
      const AUTH = 'open-to-everybody';
      expect(() => mustBeChecked(configOf({ HOST, AUTH }))).not.toThrow();
    },
  );
});

it('a node that checks may listen anywhere', () => {
  const AUTH_SECRET = 's'.repeat(32);
  expect(() => mustBeChecked(configOf({ HOST: '0.0.0.0', AUTH_SECRET }))).not.toThrow();
});
