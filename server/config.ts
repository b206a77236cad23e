/**
 * What can be set from outside: one table, from which flags, environment variables, `--help` and
 * the typed configuration follow.
 *
 * A setting `dataDir` is the flag `--data-dir` and the variable DATA_DIR; a flag wins over a
 * variable, an empty variable counts as absent. Every problem is told, not only the first. Bounds
 * that nobody has to change stay in engine/limits.ts and server/postgres.
 */
import { z } from 'zod';
import { defaultLimits } from '../engine/limits.ts';
import { authProblems, authSettings } from './auth/auth-settings.ts';
import { limitSettings } from './limit-settings.ts';
import { parseRedisAddress } from './redis-address.ts';
import { integer, type Kind, optional, setting, text, told } from './setting.ts';

/** What `--help` and docs/operations.md tell about a setting. */
export interface SettingLine {
  readonly flag: string;
  readonly env: string;
  /** Which values it takes, in words. */
  readonly type: string;
  /** As one would write it; empty = none. */
  readonly default: string;
  readonly description: string;
}

const databaseUrl = optional('postgres://user:password@host:port/database', isPostgresUrl);

const redisUrl = optional(
  'redis://user:password@host:port, or redis-cluster://user:password@host:port,host:port; rediss for TLS',
  (value) => parseRedisAddress(value) !== null,
);

const deployment: Kind<string> = {
  type: 'letters, digits, . _ and -',
  schema: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
};

const bucket = optional('name of a bucket', (value) =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{2,62}$/.test(value),
);

const secret = optional('text', (value) => /^\S+$/.test(value));

const objectPrefix: Kind<string> = {
  type: 'letters, digits, . _ ~ - and /, with / at the end',
  schema: z
    .string()
    .regex(/^([A-Za-z0-9._~-]+\/)*$/)
    .max(100),
};

const origins: Kind<readonly string[]> = {
  type: 'origins such as https://example.org, with commas between; * = any',
  schema: z
    .string()
    .transform((value) => value.split(',').flatMap((item) => item.trim() || []))
    .refine((list) => list.every((item) => item === '*' || isOrigin(item))),
};

/** Permissions of a file. */
const octal: Kind<number> = {
  type: 'three octal digits',
  schema: z
    .string()
    .regex(/^[0-7]{3}$/)
    .transform((value) => Number.parseInt(value, 8)),
};

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

const level: Kind<(typeof levels)[number]> = { type: levels.join(', '), schema: z.enum(levels) };

const settings = {
  host: setting(
    text,
    '127.0.0.1',
    'Address to listen on; 0.0.0.0 = every interface, :: = with IPv6',
  ),
  port: setting(integer(0, 65_535), 4800, 'TCP port; 0 = any free one'),
  socketPath: setting(
    optional('path', (value) => /^\S/.test(value) && Buffer.byteLength(value) <= 107),
    '',
    'Unix socket to listen on in place of host and port',
  ),
  socketMode: setting(octal, '660', 'Who may open it, as for chmod'),
  tlsCertFile: setting(
    optional('path', (value) => /^\S/.test(value)),
    '',
    'Certificate (PEM, with those that lead to its root): the port speaks TLS only; read again when it changes',
  ),
  tlsKeyFile: setting(
    optional('path', (value) => /^\S/.test(value)),
    '',
    'The key that belongs to it (PEM, without a password)',
  ),
  workers: setting(
    integer(1, 64),
    1,
    'Processes that share the port and the documents, each a node; as many as there are cores',
  ),
  dataDir: setting(text, './data', 'Folder of what the server keeps itself'),
  databaseUrl: setting(
    databaseUrl,
    '',
    'PostgreSQL to use; without it the server runs its own, in the data folder',
  ),
  databaseReadersMax: setting(
    integer(1, 1_000),
    4,
    'Connections to PostgreSQL that read; one more writes',
  ),
  redisUrl: setting(
    redisUrl,
    '',
    'Redis through which nodes on one database tell each other of edits; without it there is one node',
  ),
  s3Endpoint: setting(
    optional('http(s)://host:port', isEndpoint),
    '',
    'Object storage that speaks S3, for snapshots; without it they lie in the data folder',
  ),
  s3Bucket: setting(bucket, '', 'Bucket for them, which must be there'),
  s3Prefix: setting(objectPrefix, '', 'Comes before the names of all objects'),
  awsAccessKeyId: setting(secret, '', 'Access key of the object storage'),
  awsSecretAccessKey: setting(secret, '', 'The secret that belongs to it'),
  awsRegion: setting(text, 'us-east-1', 'Region of the bucket'),
  snapshotRows: setting(
    integer(1, 1_000_000_000),
    2_000,
    'A document gets a snapshot when it has grown by so many edits (rows of the log) since the last',
  ),
  snapshotBytes: setting(integer(1_024, 2 ** 40), 4 * 2 ** 20, 'Or by so many bytes of the log'),
  snapshotsAllHours: setting(
    integer(0, 1_000_000),
    24,
    'Snapshots of states that are no older than this are all kept',
  ),
  snapshotsHourlyDays: setting(
    integer(0, 100_000),
    30,
    'Of those no older than this one an hour is kept, and of older ones one a day',
  ),
  deployment: setting(
    deployment,
    'default',
    'Nodes of one name hear each other; for several deployments on one Redis',
  ),
  allowedOrigins: setting(
    origins,
    '',
    'Pages of other hosts that may connect from a browser; the own host always may',
  ),
  ...authSettings,
  ...limitSettings,
  heartbeatMs: setting(
    integer(100, 600_000),
    defaultLimits.heartbeatMs,
    'Heartbeat interval; silence for twice as long ends a connection, once as long the presence of another node',
  ),
  silenceMs: setting(
    integer(100, 600_000),
    defaultLimits.silenceMs,
    'An open document that heard nothing of its log for about this long asks the log',
  ),
  documentIdleMs: setting(
    integer(1, 86_400_000),
    defaultLimits.roomIdleMs,
    'A document without sessions leaves memory after this',
  ),
  drainMs: setting(
    integer(1, 600_000),
    defaultLimits.drainMs,
    'Time for edits under way when the server stops',
  ),
  playbackWaitingMax: setting(
    integer(1, 100_000),
    100,
    'Questions about the past that may wait for an answer; more are refused',
  ),
  playbackCacheBytes: setting(
    integer(0, 2 ** 40),
    64 * 1024 * 1024,
    'Bytes of answers about the past that are kept for the next who asks the same',
  ),
  playbackFoldBytes: setting(
    integer(0, 2 ** 40),
    128 * 1024 * 1024,
    'About how many bytes of documents as they were are kept for questions that go on from there',
  ),
  logLevel: setting(level, 'info', 'Least level that is logged (JSON lines on standard error)'),
};

const schema = z.object(settings);

/** The settings, checked; sizes in bytes, times in milliseconds. */
export type Config = Readonly<z.output<typeof schema>>;

/** What a command line asks for. */
export type Invocation =
  | { readonly type: 'run'; readonly config: Config }
  | { readonly type: 'help' }
  | { readonly type: 'version' }
  /** One line for each mistake, with what to do. */
  | { readonly type: 'invalid'; readonly problems: readonly string[] };

/** The table, in its order. */
export const settingLines: readonly SettingLine[] = Object.entries(settings).map(
  ([name, field]) => {
    const line = told.get(field) ?? { type: '', default: '', description: '' };
    return { flag: flagOf(name), env: envOf(name), ...line };
  },
);

/** Reads flags (`--port 80`, `--port=80`) and variables. Never throws. */
export function readConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Invocation {
  if (args.includes('--help') || args.includes('-h')) return { type: 'help' };
  if (args.includes('--version')) return { type: 'version' };
  const { values, problems } = readFlags(args);
  const raw: Record<string, string> = {};
  for (const name of Object.keys(settings)) {
    const value = values.get(name) ?? env[envOf(name)];
    if (value !== undefined && (value !== '' || values.has(name))) raw[name] = value;
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) problems.push(...authProblems(parsed.data));
  if (parsed.success && problems.length === 0) return { type: 'run', config: parsed.data };
  const wrong = new Set(parsed.error?.issues.map(({ path }) => String(path[0])));
  return {
    type: 'invalid',
    problems: [
      ...problems,
      ...[...wrong].map((name) =>
        explain(name, values.has(name) ? flagOf(name) : envOf(name), raw[name]),
      ),
    ],
  };
}

/** What `--help` prints. `commands`: one line for each. */
export function helpText(commands: readonly string[]): string {
  const lines = settingLines.map((line) => {
    const byDefault = line.default === '' ? 'none' : line.default;
    const value = `${line.type} (default: ${byDefault})`;
    return `  ${line.flag}, ${line.env}\n      ${line.description}.\n      ${value}`;
  });
  return [
    'Usage: sve [--flag value …]          starts the server',
    '       sve COMMAND [--flag value …]  see COMMAND --help',
    '',
    'Commands:',
    ...commands,
    '',
    'A flag wins over its environment variable.',
    '',
    ...lines,
    '',
    '  --help\n      Prints this.',
    '  --version\n      Prints the version.',
    '',
  ].join('\n');
}

function readFlags(args: readonly string[]): {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: string[];
} {
  const values = new Map<string, string>();
  const problems: string[] = [];
  const names = new Map(Object.keys(settings).map((name) => [flagOf(name), name]));
  for (let i = 0; i < args.length; i++) {
    const [, flag = '', , inline] = /^(--[^=]*)(=(.*))?$/s.exec(args[i] ?? '') ?? [];
    const name = names.get(flag);
    const next = args[i + 1];
    const takesNext = inline === undefined && next !== undefined && !next.startsWith('--');
    if (flag === '') problems.push(`unexpected argument ${args[i]}: settings begin with --`);
    else if (name === undefined) {
      const near = nearest(flag, ['--help', '--version', ...names.keys()]);
      const hint = near === null ? 'see --help' : `did you mean ${near}?`;
      problems.push(`unknown flag ${flag}: ${hint}`);
    } else if (inline === undefined && !takesNext) {
      problems.push(`${flag} needs a value: ${told.get(fieldOf(name))?.type ?? ''}`);
    } else values.set(name, inline ?? next ?? '');
    if (takesNext && flag !== '') i++;
  }
  return { values, problems };
}

function explain(name: string, source: string, value: string | undefined): string {
  const { type = '', default: byDefault = '' } = told.get(fieldOf(name)) ?? {};
  // An address may hold a password.
  const got = /Url$|Endpoint$|^aws|^authSecret/.test(name)
    ? 'something else'
    : JSON.stringify(value);
  const advice = byDefault === '' ? 'or leave it out' : `or leave it out for ${byDefault}`;
  return `${source}: expected ${type}, got ${got}; correct it, ${advice}`;
}

function fieldOf(name: string): z.ZodType {
  const field = Object.entries(settings).find(([known]) => known === name)?.[1];
  return field ?? z.never();
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function envOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function isPostgresUrl(value: string): boolean {
  return URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol);
}

function isEndpoint(value: string): boolean {
  return /^https?:\/\/[^/@?#]+\/?$/.test(value) && URL.canParse(value);
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}

/** The known flag with the fewest edits to `flag`, if they are few. */
function nearest(flag: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let fewest = 4;
  for (const candidate of known) {
    const distance = editDistance(flag, candidate);
    if (distance >= fewest) continue;
    [best, fewest] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
