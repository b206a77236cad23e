/**
 * Goal: every setting can be set by its flag and its variable, and a mistake is told with its name.
 * Method: the table itself gives the cases; docs/operations.md is read as text.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Config, helpText, readConfig, settingLines } from './config.ts';
import { limitSettings } from './limit-settings.ts';

/** For each setting a value that differs from its default, and what it must become. */
const examples: { readonly [K in keyof Config]: readonly [text: string, value: Config[K]] } = {
  host: ['0.0.0.0', '0.0.0.0'],
  port: ['0', 0],
  socketPath: ['/run/sve/http.sock', '/run/sve/http.sock'],
  socketMode: ['600', 0o600],
  tlsCertFile: ['/etc/sve/chain.pem', '/etc/sve/chain.pem'],
  tlsKeyFile: ['/etc/sve/key.pem', '/etc/sve/key.pem'],
  workers: ['4', 4],
  dataDir: ['/var/lib/sync', '/var/lib/sync'],
  databaseUrl: ['postgresql://u:p@db/docs', 'postgresql://u:p@db/docs'],
  databaseReadersMax: ['9', 9],
  redisUrl: ['rediss://u:p@cache:6380', 'rediss://u:p@cache:6380'],
  s3Endpoint: ['https://s3.example:9000', 'https://s3.example:9000'],
  s3Bucket: ['documents', 'documents'],
  s3Prefix: ['staging/2/', 'staging/2/'],
  awsAccessKeyId: ['KEY', 'KEY'],
  awsSecretAccessKey: ['a/Secret+', 'a/Secret+'],
  awsRegion: ['eu-central-1', 'eu-central-1'],
  snapshotRows: ['10', 10],
  snapshotBytes: ['2048', 2048],
  snapshotsAllHours: ['48', 48],
  snapshotsHourlyDays: ['90', 90],
  deployment: ['staging-2', 'staging-2'],
  allowedOrigins: [
    'https://a.example, http://b.example:81',
    ['https://a.example', 'http://b.example:81'],
  ],
  auth: ['open-to-everybody', 'open-to-everybody'],
  authSecret: ['s'.repeat(32), 's'.repeat(32)],
  authSecretFile: ['/run/secrets/auth', '/run/secrets/auth'],
  authPublicKeyFile: ['key.pem', 'key.pem'],
  authJwksUrl: ['https://id.example/jwks.json', 'https://id.example/jwks.json'],
  authWebhookUrl: ['http://app:3000/may', 'http://app:3000/may'],
  authWebhookTimeoutMs: ['900', 900],
  authWebhookInFlightMax: ['5', 5],
  authIssuer: ['https://id.example/', 'https://id.example/'],
  authAudience: ['documents', 'documents'],
  authClaim: ['https://example.org/rights', 'https://example.org/rights'],
  authToleranceSeconds: ['0', 0],
  authTokenAgeMaxSeconds: ['600', 600],
  trustedProxies: ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
  connectionsMax: ['7', 7],
  connectionsPerAddressMax: ['6', 6],
  connectsPerAddressPerSecond: ['0', 0],
  documentsPerConnectionMax: ['9', 9],
  sessionsPerDocumentMax: ['8', 8],
  helloMs: ['500', 500],
  framesPerSecond: ['10', 10],
  bytesPerSecond: ['1000', 1_000],
  operationsPerSecond: ['100', 100],
  addressFramesPerSecond: ['20', 20],
  addressBytesPerSecond: ['2000', 2_000],
  addressOperationsPerSecond: ['200', 200],
  burstSeconds: ['2', 2],
  windowBytes: ['2048', 2048],
  windowOperations: ['99', 99],
  documentCharactersMax: ['1000', 1_000],
  documentOperationsMax: ['2000', 2_000],
  backlogBytesMax: ['65536', 65_536],
  sendBytesMax: ['4096', 4096],
  memoryBytesMax: ['1073741824', 2 ** 30],
  heartbeatMs: ['500', 500],
  silenceMs: ['500', 500],
  documentIdleMs: ['60', 60],
  drainMs: ['70', 70],
  playbackWaitingMax: ['5', 5],
  playbackCacheBytes: ['0', 0],
  playbackFoldBytes: ['1048576', 1_048_576],
  logLevel: ['debug', 'debug'],
};

function configOf(args: readonly string[], env: Record<string, string> = {}): Config {
  const invocation = readConfig(args, env);
  if (invocation.type !== 'run') throw new Error(JSON.stringify(invocation));
  return invocation.config;
}

function problemsOf(args: readonly string[], env: Record<string, string> = {}): string {
  const invocation = readConfig(args, env);
  return invocation.type === 'invalid' ? invocation.problems.join('\n') : invocation.type;
}

it('the table of limits names every setting of limits, with its default, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'operations.md'), 'utf8');
  const table = page.slice(page.indexOf('\n## Limits\n'));
  const rows = [...table.matchAll(/^\| [^|]+ \| ([^|]*) \| ([^|]*) \|/gm)];
  const named = rows.flatMap(([, setting = '', value = '']) =>
    [...setting.matchAll(/`([A-Z_]+)`/g)].map(([, env = '']) => ({ env, value })),
  );
  const known = new Map(settingLines.map((line) => [line.env, line.default]));
  expect(named.filter(({ env }) => !known.has(env))).toEqual([]);
  for (const env of Object.keys(limitSettings).map(envOf)) {
    if (env === 'TRUSTED_PROXIES' || env === 'BACKLOG_BYTES_MAX') continue;
    const values = named.filter((row) => row.env === env).map(({ value }) => value);
    const byDefault = env === 'MEMORY_BYTES_MAX' ? 'three quarters' : (known.get(env) ?? '');
    expect([env, values.some((value) => value.includes(byDefault))]).toEqual([env, true]);
  }
});

function envOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

describe('readConfig', () => {
  const defaults = configOf([]);

  for (const [name, [text, value]] of Object.entries(examples)) {
    const line = settingLines.find(({ env }) => env.replaceAll('_', '') === name.toUpperCase());

    it(`reads ${name} from its flag, written both ways, and from its variable`, () => {
      const { flag = '', env = '' } = line ?? {};
      const expected = { ...defaults, [name]: value };
      expect(expected).not.toEqual(defaults);
      expect(configOf([flag, text])).toEqual(expected);
      expect(configOf([`${flag}=${text}`])).toEqual(expected);
      expect(configOf([], { [env]: text })).toEqual(expected);
    });
  }

  it('has an example of every setting', () => {
    expect(Object.keys(examples).sort()).toEqual(Object.keys(defaults).sort());
    expect(settingLines).toHaveLength(Object.keys(defaults).length);
  });

  it('prefers a flag, and takes an empty variable for none', () => {
    expect(configOf(['--port', '1'], { PORT: '2' }).port).toBe(1);
    expect(configOf([], { PORT: '', DATABASE_URL: '' })).toEqual(defaults);
  });

  it('tells every mistake at once, with the name and what is expected', () => {
    const problems = problemsOf(['--port', 'abc', '--hosst', 'x', 'extra'], {
      HEARTBEAT_MS: '5',
      LOG_LEVEL: 'loud',
      ALLOWED_ORIGINS: 'example.org',
    });
    expect(problems.split('\n').sort()).toEqual([
      expect.stringMatching(/^--port: expected integer 0 … 65535, got "abc"; .*4800/),
      expect.stringMatching(/^ALLOWED_ORIGINS: expected origins such as/),
      expect.stringMatching(/^HEARTBEAT_MS: expected integer 100 … 600000, got "5"; .*10000/),
      expect.stringMatching(/^LOG_LEVEL: expected fatal, error, .*, got "loud"; .*info/),
      expect.stringMatching(/^unexpected argument extra/),
      'unknown flag --hosst: did you mean --host?',
    ]);
  });

  for (const { env } of settingLines) {
    it(`names the setting that is wrong: ${env}`, () => {
      // Nothing begins with a space.
      expect(problemsOf([], { [env]: ' ,x' })).toMatch(new RegExp(`^${env}: expected `));
    });
  }

  it('does not repeat an address, which may hold a password', () => {
    const addresses = {
      ...{ DATABASE_URL: 'mysql://u:hunter2@db/x', REDIS_URL: 'http://u:hunter2@db' },
      ...{ S3_ENDPOINT: 'http://u:hunter2@s3', AWS_SECRET_ACCESS_KEY: 'hunter2 hunter2' },
      ...{ AUTH_SECRET: 'hunter2', AUTH_JWKS_URL: 'http://u:hunter2@127.0.0.1' },
    };
    const problems = problemsOf([], addresses);
    expect(problems).toMatch(/^DATABASE_URL: expected postgres:/);
    expect(problems).toMatch(/^REDIS_URL: expected redis:/m);
    expect(problems).toMatch(/^S3_ENDPOINT: expected http/m);
    expect(problems).toMatch(/^AWS_SECRET_ACCESS_KEY: expected text/m);
    expect(problems).toMatch(/^AUTH_SECRET: expected text of at least 32 bytes/m);
    expect(problems).toMatch(/^AUTH_JWKS_URL: expected https:/m);
    expect(problems).not.toContain('hunter2');
  });

  it('lets one setting decide who may come in', () => {
    const AUTH_SECRET = 's'.repeat(32);
    const keys = problemsOf([], { AUTH_SECRET, AUTH_WEBHOOK_URL: 'http://app/may' });
    expect(keys).toMatch(/^AUTH_SECRET and AUTH_WEBHOOK_URL are set: one of them decides/);
    const open = problemsOf([], { AUTH_SECRET, AUTH: 'open-to-everybody' });
    expect(open).toMatch(/^AUTH is open-to-everybody, but AUTH_SECRET is set/);
  });

  it('refuses a flag without a value, and one that is like no other', () => {
    expect(problemsOf(['--port', '--host', 'x'])).toMatch(/^--port needs a value: integer/);
    expect(problemsOf(['--frobnicate=1'])).toBe('unknown flag --frobnicate: see --help');
  });

  it('answers --help and --version whatever else is there', () => {
    expect(problemsOf(['--port', 'abc', '--help'])).toBe('help');
    expect(problemsOf(['--version', '--nonsense'])).toBe('version');
  });
});

describe('the table of settings', () => {
  const page = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');

  for (const line of settingLines) {
    it(`is told by --help and docs/operations.md: ${line.flag}`, () => {
      const byDefault = line.default === '' ? 'none' : line.default;
      expect(helpText([])).toContain(
        `  ${line.flag}, ${line.env}\n      ${line.description}.\n      ${line.type} (default: ${byDefault})\n`,
      );
      const cells = [`\`${line.flag}\``, `\`${line.env}\``, line.type, byDefault, line.description];
      expect(page).toContain(`| ${cells.join(' | ')} |`);
    });
  }

  it('is all that docs/operations.md has', () => {
    expect([...page.matchAll(/^\| `--/gm)]).toHaveLength(settingLines.length);
  });
});
