/**
 * The settings that say who may do what, and which of them do not go together. What they mean is in
 * docs/auth.md.
 */
import { integer, oneOf, optional, setting, text } from '../setting.ts';

/** Of a shared secret: what HS256 asks for (RFC 7518, 3.2). */
export const secretBytesMin = 32;

const path = optional('path of a file', (value) => /^\S/.test(value));

const sharedSecret = optional(`text of at least ${secretBytesMin} bytes`, (value) => {
  return /^\S+$/.test(value) && Buffer.byteLength(value) >= secretBytesMin;
});

/** Rows of the table in config.ts. */
export const authSettings = {
  auth: setting(
    oneOf(['checked', 'open-to-everybody']),
    'checked',
    'open-to-everybody = whoever reaches the port may do everything; else only on 127.0.0.1 unless one of the next five is set',
  ),
  authSecret: setting(sharedSecret, '', 'Tokens are signed with this shared secret (HS256)'),
  authSecretFile: setting(path, '', 'The same, in a file'),
  authPublicKeyFile: setting(
    path,
    '',
    'Tokens are signed with the key to this public one: PEM, JWK or JWK set (RS256, ES256, EdDSA)',
  ),
  authJwksUrl: setting(
    optional('https://…, or http:// on this machine', isKeyAddress),
    '',
    'Or with one of the keys that are there, as a JWK set',
  ),
  authWebhookUrl: setting(
    optional('http(s)://…', isHttpAddress),
    '',
    'Who may do what is asked there, for each session and request',
  ),
  authWebhookTimeoutMs: setting(integer(10, 60_000), 5_000, 'Time for its answer'),
  authWebhookInFlightMax: setting(integer(1, 10_000), 100, 'Questions to it at a time'),
  authIssuer: setting(
    optional('text', (value) => /^\S/.test(value)),
    '',
    'Tokens must be of this issuer (iss)',
  ),
  authAudience: setting(text, 'sync-vector-engine', 'Tokens must be for this audience (aud)'),
  authClaim: setting(text, 'sve', 'Claim of a token that holds the rights'),
  authToleranceSeconds: setting(
    integer(0, 300),
    5,
    'Clocks of who issues tokens may differ so much from the one here',
  ),
  authTokenAgeMaxSeconds: setting(
    integer(1, 365 * 86_400),
    86_400,
    'A token is good for so long after it was issued (iat), whatever else it says; revocations are kept as long',
  ),
};

interface AuthConfig {
  readonly auth: 'checked' | 'open-to-everybody';
  readonly authSecret: string | null;
  readonly authSecretFile: string | null;
  readonly authPublicKeyFile: string | null;
  readonly authJwksUrl: string | null;
  readonly authWebhookUrl: string | null;
}

/** The variables that say who decides, of those that are set. */
export function authSources(config: AuthConfig): string[] {
  const sources = {
    AUTH_SECRET: config.authSecret,
    AUTH_SECRET_FILE: config.authSecretFile,
    AUTH_PUBLIC_KEY_FILE: config.authPublicKeyFile,
    AUTH_JWKS_URL: config.authJwksUrl,
    AUTH_WEBHOOK_URL: config.authWebhookUrl,
  };
  return Object.entries(sources).flatMap(([name, value]) => (value === null ? [] : [name]));
}

/** What does not go together, one line each. */
export function authProblems(config: AuthConfig): string[] {
  const sources = authSources(config);
  const [first, ...others] = sources;
  if (first === undefined) return [];
  const problems: string[] = [];
  if (others.length > 0) {
    problems.push(`${sources.join(' and ')} are set: one of them decides, leave out the others`);
  }
  if (config.auth === 'open-to-everybody') {
    problems.push(`AUTH is open-to-everybody, but ${first} is set: leave out one of the two`);
  }
  return problems;
}

function isKeyAddress(value: string): boolean {
  if (!isHttpAddress(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}

function isHttpAddress(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
