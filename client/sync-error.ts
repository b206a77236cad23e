/** What can go wrong for an application, each with what to do about it. */
import { type ErrorCode, errorCodes } from '../proto/codes.ts';

/**
 * Codes of the protocol (docs/errors.md), and `closed`: the application closed the session itself.
 */
export type SyncErrorCode = ErrorCode | 'closed';

const retried = 'Nothing to do: the session connects again by itself.';
const rescued =
  'Show the person the rescued text, so that it can be put back; the session goes on by itself.';

const adviceOf: Readonly<Record<SyncErrorCode, string>> = {
  'bad-frame': 'Client and server do not understand each other: update the older of the two.',
  unauthorized: 'Get a new token and call reconnect({ token }); what was typed is kept.',
  'unsupported-protocol': 'Update this client: the server does not speak its version any more.',
  forbidden: 'Ask for the right to this document, then call reconnect(); what was typed is kept.',
  'bad-document': 'Use a document name of 1 to 200 characters out of A-Z a-z 0-9 . _ ~ -',
  superseded: rescued,
  'document-deleted': 'Offer the text that is still here as a copy under another name.',
  'replica-forked': rescued,
  'replica-mismatch': rescued,
  'too-large': rescued,
  'document-full': rescued,
  'history-changed': rescued,
  'invalid-edit': rescued,
  'window-exceeded': retried,
  internal: retried,
  draining: retried,
  'heartbeat-timeout': retried,
  'hello-timeout': retried,
  'rate-limited': retried,
  'unreadable-log': retried,
  'auth-unavailable': retried,
  overloaded: retried,
  closed: 'Connect again for a new session.',
};

const closedMeaning = 'The application closed this session.';

/** The session cannot do what was asked; `advice` says what would help. */
export class SyncError extends Error {
  override readonly name = 'SyncError';
  readonly code: SyncErrorCode;
  /** What to do, a sentence for a developer or an operator. */
  readonly advice: string;

  constructor(code: SyncErrorCode) {
    const meaning = code === 'closed' ? closedMeaning : errorCodes[code].meaning;
    super(`${meaning} ${adviceOf[code]}`);
    this.code = code;
    this.advice = adviceOf[code];
  }
}
