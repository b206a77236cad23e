/**
 * Bodies of requests: of a known type, JSON of a known form, and no larger than what it can be
 * needed for.
 *
 * The type must be told: a page of another origin may send other types without asking first, and
 * would write into documents with the rights of whoever looks at it.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { HistoryRefusal } from './history-refusal.ts';

/** Refuses larger bodies, unread if their length is told. */
export function bodyAtMost(bytesMax: number): MiddlewareHandler {
  return bodyLimit({
    maxSize: bytesMax,
    onError: () => {
      throw new HistoryRefusal('too-large', `a body of more than ${bytesMax} bytes`);
    },
  });
}

/** Throws HistoryRefusal if the body is of another type, or does not tell. */
export function requireType(c: Context, expected: string): void {
  const type = (c.req.header('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === expected) return;
  throw new HistoryRefusal('unsupported-type', `the body must be sent as ${expected}`);
}

/** The body, as this schema has it; throws HistoryRefusal. */
export async function bodyOf<Body extends z.ZodType>(
  c: Context,
  body: Body,
): Promise<z.output<Body>> {
  requireType(c, 'application/json');
  const json = jsonOf(await c.req.text());
  if (json === undefined) throw new HistoryRefusal('bad-request', 'the body is not JSON');
  const parsed = body.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map((part) => `/${String(part)}`).join('') || 'the body';
  throw new HistoryRefusal('bad-request', `${where}: ${issue?.message ?? 'has another form'}`);
}

/** undefined: it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
