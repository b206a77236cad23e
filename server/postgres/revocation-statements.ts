/** The statements about revoked tokens, and what their answers mean. No connection is held here. */
import type { ClientBase } from 'pg';
import { must } from '../../engine/assert.ts';
import type { Revocation } from '../../engine/sync/revocation.ts';
import { integer } from './log-statements.ts';

const now = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** Every statement about revocations. */
const revocationStatements = {
  lock: 'LOCK TABLE revocation IN EXCLUSIVE MODE',
  count: 'SELECT count(*) FROM revocation',
  clean: `DELETE FROM revocation WHERE expires_at < ${now}`,
  add: `
INSERT INTO revocation (token_id, principal, issued_through, expires_at, revoked_by)
VALUES ($1, $2, ${now} + $3, ${now} + $4, $5)`,
  after: `
SELECT id, token_id, principal, issued_through, expires_at FROM revocation
WHERE id > $1 AND expires_at >= ${now} ORDER BY id`,
} as const;

/** What is to be revoked, and for how long that must be known. */
export interface NewRevocation {
  readonly subject: Subject;
  /** Tokens that are issued so soon afterwards are good no more, either. */
  readonly toleranceMs: number;
  readonly keptMs: number;
  readonly revokedBy: string;
}

export type Subject =
  | { readonly type: 'token'; readonly id: string }
  | { readonly type: 'principal'; readonly principal: string };

export interface StoredRevocation {
  readonly id: number;
  readonly revocation: Revocation;
  /** Of the database's clock, ms since 1970. */
  readonly expiresAtMs: number;
}

/** Durable when it resolves; false: there are `max` already. */
export async function addRevocation(
  client: ClientBase,
  { subject, toleranceMs, keptMs, revokedBy }: NewRevocation,
  max: number,
): Promise<boolean> {
  await client.query('BEGIN');
  await client.query(revocationStatements.lock);
  await client.query(revocationStatements.clean);
  const { rows } = await client.query<[string]>({
    ...{ text: revocationStatements.count, rowMode: 'array' },
  });
  const [count] = must(rows[0], 'a line');
  const isFull = integer(count) >= max;
  if (!isFull) {
    const tokenId = subject.type === 'token' ? subject.id : null;
    const principal = subject.type === 'principal' ? subject.principal : null;
    const values = [tokenId, principal, toleranceMs, keptMs, revokedBy];
    await client.query(revocationStatements.add, values);
  }
  await client.query('COMMIT');
  return !isFull;
}

type Columns = [string, string | null, string | null, string, string];

/** Those with a higher number than `id`, in order, that still matter. */
export async function revocationsAfter(
  client: ClientBase,
  id: number,
): Promise<readonly StoredRevocation[]> {
  const { rows } = await client.query<Columns>({
    ...{ name: 'revocations-after', text: revocationStatements.after },
    ...{ values: [id], rowMode: 'array' },
  });
  return rows.map(([number, tokenId, principal, issuedThrough, expiresAt]) => ({
    id: integer(number),
    revocation:
      tokenId === null
        ? {
            type: 'principal',
            principal: must(principal, 'one of the two is there'),
            issuedThroughMs: integer(issuedThrough),
          }
        : { type: 'token', id: tokenId },
    expiresAtMs: integer(expiresAt),
  }));
}
