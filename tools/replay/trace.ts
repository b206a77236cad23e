/**
 * Editing traces: how somebody's document was typed, as data.
 *
 * A file is gzipped JSON, in the format of github.com/josephg/editing-traces. `kind: "concurrent"`:
 * `txns` in an order in which parents come first, each `{parents, agent, patches}`; the positions
 * of its patches hold at the merge of its parents' states, each patch after the one before. Any
 * other file is sequential: one author, each transaction after the one before. Positions and counts
 * are Unicode code points.
 */
import { access, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { TextChange } from '../../engine/text/text-change.ts';

/** Position, code points deleted there, text inserted there. */
export type Patch = readonly [number, number, string];

export interface Transaction {
  /** Indexes of earlier transactions; none: it was typed into the empty document. */
  readonly parents: readonly number[];
  readonly agent: number;
  /** At least one that changes something. */
  readonly patches: readonly Patch[];
}

export interface Trace {
  readonly name: string;
  readonly transactions: readonly Transaction[];
  /** The text after all transactions; null: the file does not tell (`limitTrace`). */
  readonly endContent: string | null;
}

const patch = z.tuple([z.int().min(0), z.int().min(0), z.string()]);
const file = z.object({
  kind: z.string().optional(),
  startContent: z.literal('').optional(),
  endContent: z.string(),
  txns: z.array(
    z.object({
      parents: z.array(z.int().min(0)).optional(),
      agent: z.int().min(0).optional(),
      patches: z.array(patch),
    }),
  ),
});

/** Where a trace is looked for by name, in this order. */
function foldersOf(env: NodeJS.ProcessEnv): readonly string[] {
  const root = join(import.meta.dirname, '../..');
  const given = env.TRACES_DIR === undefined ? [] : [env.TRACES_DIR];
  return [...given, join(root, '../shared/traces'), join(root, 'fixtures/traces')];
}

/** The file of a trace given by path or by name. Throws if there is none. */
export async function findTrace(nameOrPath: string, env: NodeJS.ProcessEnv): Promise<string> {
  const named = foldersOf(env).map((folder) => join(folder, `${nameOrPath}.json.gz`));
  const candidates = [nameOrPath, ...named];
  for (const candidate of candidates) {
    const exists = await access(candidate).then(
      () => true,
      () => false,
    );
    if (exists) return candidate;
  }
  throw new Error(`no trace ${nameOrPath}; looked for ${candidates.join(', ')}`);
}

/** Reads a trace. Throws if the file is none. */
export async function readTrace(path: string): Promise<Trace> {
  return parseTrace(basename(path, '.json.gz'), gunzipSync(await readFile(path)).toString('utf8'));
}

/** A trace from its JSON text. Throws if it is none. */
export function parseTrace(name: string, json: string): Trace {
  const { kind, endContent, txns } = file.parse(JSON.parse(json));
  const transactions = txns.map(({ parents, agent, patches }, index): Transaction => {
    const before = index === 0 ? [] : [index - 1];
    return {
      parents: kind === 'concurrent' ? (parents ?? []) : before,
      agent: kind === 'concurrent' ? (agent ?? 0) : 0,
      patches: patches.filter(([, deleted, inserted]) => deleted > 0 || inserted !== ''),
    };
  });
  for (const [index, { parents, patches }] of transactions.entries()) {
    if (patches.length === 0) throw new Error(`transaction ${index} of ${name} changes nothing`);
    if (parents.some((parent) => parent >= index)) {
      throw new Error(`transaction ${index} of ${name} comes before one of its parents`);
    }
  }
  return { name, transactions, endContent };
}

/** The first transactions only; the end is then not known any more. */
export function limitTrace(trace: Trace, transactionsMax: number): Trace {
  if (transactionsMax >= trace.transactions.length) return trace;
  const transactions = trace.transactions.slice(0, transactionsMax);
  return { ...trace, transactions, endContent: null };
}

/** Whether any text of the trace has characters of two UTF-16 units. */
export function hasPairs({ transactions }: Trace): boolean {
  return transactions.some(({ patches }) =>
    patches.some(([, , inserted]) => /[\u{10000}-\u{10ffff}]/u.test(inserted)),
  );
}

/**
 * The patches in UTF-16 units, for a text that is `before`. `before` null: no text of the trace has
 * a character of two units, so that the numbers are the same.
 */
export function splicesOf(patches: readonly Patch[], before: string | null): readonly TextChange[] {
  let text = before;
  return patches.map(([position, count, inserted]) => {
    if (text === null) return { index: position, deleted: count, inserted };
    const index = unitsOf(text, 0, position);
    const deleted = unitsOf(text, index, count);
    text = text.slice(0, index) + inserted + text.slice(index + deleted);
    return { index, deleted, inserted };
  });
}

/** Length in units of `codePoints` code points from `index` on. */
function unitsOf(text: string, index: number, codePoints: number): number {
  let end = index;
  for (let i = 0; i < codePoints; i++) end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  return end - index;
}
