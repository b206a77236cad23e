/**
 * People's own check: who may do what is asked at an address of theirs.
 *
 *   POST { "document": "notes", "token": "…" }
 *   200 { "principal": "ann", "rights": ["read", "write"], "expiresInMs": 600000 }
 *   401 the token is not good      403 it is, and gives nothing here
 *
 * Nothing is kept: every session, every new token and every request over HTTP is a question. No
 * answer in time, any other answer, and too many questions at a time mean that nobody can tell
 * now, which is not a refusal: clients come again.
 */
import { z } from 'zod';
import type { Config } from '../config.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { withAdmin } from './document-rights.ts';
import { principalName } from './token-check.ts';
import { type CheckToken, refused, rightNames, type Verdict } from './verdict.ts';

const answerBytesMax = 65_536;
/** Of an answer that does not say for how long it is good. */
const expiresInMsDefault = 600_000;

const answer = z.object({
  principal: principalName,
  rights: z.array(z.enum(rightNames)),
  expiresInMs: z.number().min(1_000).optional(),
});

type WebhookConfig = Pick<
  Config,
  'authWebhookTimeoutMs' | 'authWebhookInFlightMax' | 'authTokenAgeMaxSeconds'
>;

/** `onFault`: the other side failed, or was not asked. */
export function webhookCheck(
  url: URL,
  config: WebhookConfig,
  onFault: (error: unknown) => void,
): CheckToken {
  const { authWebhookTimeoutMs, authWebhookInFlightMax, authTokenAgeMaxSeconds } = config;
  let inFlight = 0;
  return async (token, document) => {
    if (inFlight >= authWebhookInFlightMax) {
      onFault(new Error(`${inFlight} questions have no answer yet`));
      return refused('unavailable');
    }
    inFlight++;
    try {
      const { status, body } = await boundedFetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
        body: JSON.stringify({ document, token }),
        bytesMax: answerBytesMax,
        signal: AbortSignal.timeout(authWebhookTimeoutMs),
      });
      return verdictOf(status, body, authTokenAgeMaxSeconds * 1000);
    } catch (error) {
      onFault(error);
      return refused('unavailable');
    } finally {
      inFlight--;
    }
  };
}

/** Throws if it is no answer that is told above. */
function verdictOf(status: number, body: string, lifeMsMax: number): Verdict {
  if (status === 401) return refused('webhook');
  if (status === 403) return refused('forbidden');
  if (status !== 200) throw new Error(`the answer has status ${status}; 200, 401 or 403 is one`);
  const { principal, rights, expiresInMs = expiresInMsDefault } = answer.parse(JSON.parse(body));
  const issuedAtMs = Date.now();
  const expiresAtMs = issuedAtMs + Math.min(expiresInMs, lifeMsMax);
  const token = { id: null, issuedAtMs, expiresAtMs };
  return { type: 'allowed', principal, rights: withAdmin(rights), token };
}
