/** Who makes a request over HTTP, and whether they may. The token is in `Authorization: Bearer`. */
import type { Context } from 'hono';
import { HistoryRefusal } from '../history/history-refusal.ts';
import type { Gate } from './gate.ts';
import { type Right, refusals } from './verdict.ts';

/**
 * Who asks, if they have all of these rights to the document (or to `everyDocument`); throws
 * HistoryRefusal.
 */
export type PrincipalOf = (
  c: Context,
  document: string,
  ...rights: readonly [Right, ...Right[]]
) => Promise<string>;

export function requestAuth(gate: Gate): PrincipalOf {
  return async (c, document, ...rights) => {
    const token = bearerOf(c.req.header('Authorization'));
    const verdict = await gate.ask(token, document);
    if (verdict.type === 'refused') {
      const { code, message } = refusals[verdict.reason];
      throw new HistoryRefusal(code, message);
    }
    const missing = rights.filter((right) => !verdict.rights.has(right));
    if (missing.length === 0) return verdict.principal;
    gate.forbidden();
    throw new HistoryRefusal('forbidden', `this takes the right to ${missing.join(', ')}`);
  };
}

/** Empty: there is none. */
function bearerOf(header: string | undefined): string {
  return /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1] ?? '';
}
