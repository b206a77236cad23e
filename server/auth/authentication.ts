/**
 * Who decides who may do what, from the settings: tokens, a webhook, or nobody.
 *
 * Nobody is for this machine only: a node that others can reach does not start without a check,
 * unless it is told in so many words that everybody may come in.
 */
import type { Revocation } from '../../engine/sync/revocation.ts';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import { isLoopback } from '../loopback.ts';
import { authSources } from './auth-settings.ts';
import { Gate } from './gate.ts';
import { openGate } from './open-gate.ts';
import { Revocations } from './revocations.ts';
import { tokenCheck } from './token-check.ts';
import { openTokenKeys } from './token-keys.ts';
import type { CheckToken, RefusalReason } from './verdict.ts';
import { webhookCheck } from './webhook-check.ts';

/** So often at most it is logged that what decides does not answer. */
const faultLogMs = 10_000;

export interface Authentication {
  readonly gate: Gate;
  /** null: nobody is checked, and nothing can be taken back. */
  readonly revocations: Revocations | null;
  /** Who decides, for people; null: nobody does. */
  readonly told: string | null;
}

export interface AuthenticationParts {
  readonly databaseUrl: string;
  readonly log: Log;
  readonly onRevoked: (revocation: Revocation) => void;
  /** Other nodes should look for revocations. */
  readonly tell: () => void;
  readonly onRefused: (reason: RefusalReason) => void;
}

/** Rejects with the setting that is wrong. `Revocations` are not read yet: see `open` there. */
export async function openAuthentication(
  config: Config,
  parts: AuthenticationParts,
): Promise<Authentication> {
  const source = await openCheck(config, faultLog(parts.log));
  if (source === null) return { gate: openGate(), revocations: null, told: null };
  const { databaseUrl, log, onRevoked, tell, onRefused } = parts;
  const pollMs = config.silenceMs;
  const revocations = new Revocations({ databaseUrl, log, onRevoked, tell, pollMs });
  const gate = new Gate({
    ...source,
    isRevoked: (bearer) => revocations.isRevoked(bearer),
    onRefused,
  });
  return { gate, revocations, told: source.told };
}

interface Source {
  readonly check: CheckToken;
  readonly takesNone: boolean;
  readonly told: string;
}

async function openCheck(
  config: Config,
  onFault: (error: unknown) => void,
): Promise<Source | null> {
  const { authWebhookUrl } = config;
  if (authWebhookUrl !== null) {
    const url = new URL(authWebhookUrl);
    const check = webhookCheck(url, config, onFault);
    // It may let guests in.
    return { check, takesNone: true, told: `asked at ${url.origin}` };
  }
  const keys = await openTokenKeys(config);
  if (keys === null) return null;
  const check = tokenCheck(config, keys, onFault);
  return { check, takesNone: false, told: `tokens (${keys.algorithms.join(', ')})` };
}

/** Throws if nobody would be checked, and others than this machine can come. */
export function mustBeChecked(config: Config): void {
  const { auth, host, socketPath } = config;
  const isChecked = authSources(config).length > 0;
  if (isChecked || auth === 'open-to-everybody') return;
  // A path in the file system has rights of its own (SOCKET_MODE).
  if (socketPath !== null || isLoopback(host)) return;
  throw new Error(
    `HOST is ${host}, and nobody would be checked: whoever reaches it could read and write every ` +
      'document.\nSet AUTH_SECRET, AUTH_PUBLIC_KEY_FILE, AUTH_JWKS_URL or AUTH_WEBHOOK_URL ' +
      '(docs/auth.md), or AUTH=open-to-everybody if something in front decides who comes in.',
  );
}

/** Of many faults in a row the first, and how many followed. Messages name no token. */
function faultLog(log: Log): (error: unknown) => void {
  let toldMs = -Infinity;
  let untold = 0;
  return (error) => {
    const now = performance.now();
    untold++;
    if (now < toldMs + faultLogMs) return;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
    log.warn({ event: 'auth-unavailable', reason, count: untold });
    toldMs = now;
    untold = 0;
  };
}
