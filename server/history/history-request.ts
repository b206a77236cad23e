/** Requests about the past: what a path and its parameters ask for, or what is wrong with them. */
import type { Context } from 'hono';
import type { z } from 'zod';
import { isDocumentName } from '../../proto/client-frame.ts';
import {
  type AskedMoment,
  type PastMoment,
  readLsn,
  readMoment,
  readTime,
  readVersion,
} from './asked-moment.ts';
import { HistoryRefusal } from './history-refusal.ts';

/** The LSN of a named version of a document; null: it has none of that name. */
export type VersionLookup = (document: string, name: string) => Promise<number | null>;

/** The document of the path; throws HistoryRefusal. */
export function documentOf(c: Context): string {
  const document = c.req.param('id') ?? '';
  if (isDocumentName(document)) return document;
  const rule = '1 … 200 characters of A-Z a-z 0-9 . _ ~ -, and not . or ..';
  throw new HistoryRefusal('bad-document', `a document's name is ${rule}`);
}

/** The parameters, as this schema has them; throws HistoryRefusal. */
export function parametersOf<Query extends z.ZodType>(c: Context, query: Query): z.output<Query> {
  const parameters = Object.entries(c.req.queries());
  const repeated = parameters.find(([, values]) => values.length > 1);
  if (repeated !== undefined) {
    throw new HistoryRefusal('bad-request', `${repeated[0]} is given more than once`);
  }
  const parsed = query.safeParse(Object.fromEntries(parameters.map(([name, [v]]) => [name, v])));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const detail =
    issue?.code === 'unrecognized_keys'
      ? `there is no parameter ${issue.keys.join(', ')}; see /v1/openapi.json`
      : `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  throw new HistoryRefusal('bad-request', detail);
}

/** The moment of `at`, `lsn` or `version`; throws HistoryRefusal. */
export function momentOfText(query: {
  readonly at?: string | undefined;
  readonly lsn?: string | undefined;
  readonly version?: string | undefined;
}): AskedMoment {
  const { at, lsn, version } = query;
  const given = [at, lsn, version].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw new HistoryRefusal('bad-request', 'give one of `at`, `lsn` and `version`, not several');
  }
  if (at !== undefined) return readTime(at) ?? notAMoment('at', at);
  if (lsn !== undefined) return readLsn(lsn) ?? notAMoment('lsn', lsn);
  if (version !== undefined) return readVersion(version) ?? notAMoment('version', version);
  return { type: 'now' };
}

/** The moment of a parameter that takes any; throws HistoryRefusal. */
export function anyMoment(name: string, text: string): AskedMoment {
  return readMoment(text) ?? notAMoment(name, text);
}

/** The moment as the log knows it; throws HistoryRefusal. */
export async function locate(
  document: string,
  moment: AskedMoment,
  versionOf: VersionLookup,
): Promise<PastMoment> {
  if (moment.type !== 'version') return moment;
  const lsn = await versionOf(document, moment.name);
  if (lsn !== null) return { type: 'lsn', lsn };
  const detail = `${document} has no version ${JSON.stringify(moment.name)}`;
  throw new HistoryRefusal('unknown-version', detail);
}

function notAMoment(name: string, text: string): never {
  const examples = ['now', '2026-11-27T10:45:00Z', '1795776300000', 'lsn:12', 'version:draft'];
  const forms: Readonly<Record<string, string>> = {
    at: 'a time as 2026-11-27T10:45:00Z or milliseconds since 1970',
    lsn: 'the number of a row',
    version: 'the name of a version',
  };
  const form = forms[name] ?? `a moment, such as ${examples.join(', ')}`;
  throw new HistoryRefusal('bad-moment', `${name} takes ${form}; got ${JSON.stringify(text)}`);
}
