/**
 * Taking tokens back, over HTTP. Who may do it has the right `admin` to every document, that is,
 * under the pattern `*`.
 */
import { createRoute, z } from '@hono/zod-openapi';
import type { Config } from '../config.ts';
import type { HistoryApi } from '../history/history-api.ts';
import { HistoryRefusal } from '../history/history-refusal.ts';
import { problems } from '../history/history-schemas.ts';
import { bodyAtMost, bodyOf } from '../history/request-body.ts';
import type { Subject } from '../postgres/revocation-statements.ts';
import type { PrincipalOf } from './request-auth.ts';
import type { Revocations } from './revocations.ts';
import { principalName, tokenId } from './token-check.ts';
import { everyDocument } from './verdict.ts';

const bodyBytesMax = 16 * 1024;

const body = z
  .union([
    z.strictObject({
      principal: principalName.describe('All tokens that it has now (`sub`)'),
    }),
    z.strictObject({ tokenId: tokenId.describe('The token with this `jti`') }),
  ])
  .openapi('Revocation');

const route = createRoute({
  method: 'post',
  path: '/v1/auth/revocations',
  summary: 'Take tokens back: sessions with them end at every node',
  request: { body: { required: true, content: { 'application/json': { schema: body } } } },
  responses: {
    204: { description: 'Done, for good' },
    ...problems(
      ...(['bad-request', 'too-large', 'unsupported-type'] as const),
      ...(['internal', 'overloaded', 'outcome-unknown'] as const),
    ),
  },
});

export interface RevocationApiParts {
  readonly principalOf: PrincipalOf;
  readonly revocations: Pick<Revocations, 'add'>;
  readonly config: Pick<Config, 'authToleranceSeconds' | 'authTokenAgeMaxSeconds'>;
}

/** To be called before `api.listener()`. */
export function addRevocationRoutes({ app }: HistoryApi, parts: RevocationApiParts): void {
  const { principalOf, revocations, config } = parts;
  app.openAPIRegistry.registerPath(route);
  app.post(route.getRoutingPath(), bodyAtMost(bodyBytesMax), async (c) => {
    const revokedBy = await principalOf(c, everyDocument, 'admin');
    const asked = await bodyOf(c, body);
    const subject: Subject =
      'principal' in asked
        ? { type: 'principal', principal: asked.principal }
        : { type: 'token', id: asked.tokenId };
    const toleranceMs = config.authToleranceSeconds * 1000;
    // Until the last token that it is about has come of age, by either clock.
    const keptMs = config.authTokenAgeMaxSeconds * 1000 + 3 * toleranceMs + 1000;
    const revocation = { subject, toleranceMs, keptMs, revokedBy };
    const isDone = await revocations.add(revocation).catch(unknownOutcome);
    if (isDone) return c.body(null, 204, { 'Cache-Control': 'no-store' });
    throw new HistoryRefusal('overloaded', 'too many tokens are revoked already');
  });
}

function unknownOutcome(): never {
  throw new HistoryRefusal('outcome-unknown', 'the database did not say whether it is done');
}
