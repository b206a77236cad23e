/**
 * Error codes, WebSocket close codes and HTTP statuses: the closed list, shared by frames, HTTP and
 * the client. 4400–4499: do not retry as is; 4500–4599: retry with backoff; 1013: overloaded, retry
 * later.
 */

export const errorCodes = {
  'bad-frame': {
    close: 4400,
    http: 400,
    meaning: 'A frame could not be decoded or did not fit the state of the session.',
  },
  unauthorized: {
    close: 4401,
    http: 401,
    meaning: 'The token is missing, wrong, revoked or has expired.',
  },
  'unsupported-protocol': {
    close: 4402,
    http: 400,
    meaning: 'The protocol version is not spoken here.',
  },
  forbidden: { close: 4403, http: 403, meaning: 'The principal may not do this to this document.' },
  'bad-document': { close: 4404, http: 400, meaning: 'The document name is not well-formed.' },
  superseded: {
    close: 4409,
    http: 409,
    meaning: 'The same replica connected again; this session ends.',
  },
  'document-deleted': { close: 4410, http: 410, meaning: 'An operator deleted the document.' },
  'replica-forked': {
    close: 4411,
    http: 409,
    meaning:
      'The log holds other content under these ids: two copies of one replica. Take a new replica.',
  },
  'replica-mismatch': {
    close: 4412,
    http: 403,
    meaning: 'The secret or the principal is not the one that the log binds to this replica.',
  },
  'too-large': { close: 4413, http: 413, meaning: 'A frame or an edit is larger than the limit.' },
  'document-full': {
    close: 4415,
    http: 413,
    meaning:
      'The document is as large as it may become. Deleting is still possible; the replica ends, unsent text must go elsewhere.',
  },
  'history-changed': {
    close: 4414,
    http: 409,
    meaning:
      'The cursor is not in the present history of the document. Load it anew and offer your own operations again.',
  },
  'invalid-edit': {
    close: 4422,
    http: 422,
    meaning:
      'The edit breaks a rule of the log; it was not stored. The replica ends; unsent text must go under a new one.',
  },
  'window-exceeded': {
    close: 4429,
    http: 429,
    meaning: 'More was sent without an acknowledgement than the window allows.',
  },
  internal: {
    close: 4500,
    http: 500,
    meaning: 'The server failed; nothing that was acknowledged is lost.',
  },
  draining: { close: 4503, http: 503, meaning: 'The node is shutting down; connect again.' },
  'heartbeat-timeout': {
    close: 4504,
    http: 408,
    meaning: 'Nothing was heard for two heartbeat intervals.',
  },
  'auth-unavailable': {
    close: 4506,
    http: 503,
    meaning: 'What decides about tokens did not answer; nobody knows whether this one is good.',
  },
  'hello-timeout': {
    close: 4508,
    http: 408,
    meaning: 'The connection has had no document for too long.',
  },
  'rate-limited': {
    close: 4529,
    http: 429,
    meaning: 'More comes from this connection or address than is taken; retry later.',
  },
  'unreadable-log': {
    close: 4505,
    http: 503,
    meaning: 'A row of this document has a format that this node cannot read.',
  },
  overloaded: { close: 1013, http: 503, meaning: 'The node is at a limit; retry later.' },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** What only a request over HTTP can be told. */
export const requestCodes = {
  'bad-request': { http: 400, meaning: 'A parameter is missing, unknown or contradicts another.' },
  'unknown-document': { http: 404, meaning: 'Nothing was ever written to this document.' },
  'unknown-version': { http: 404, meaning: 'The document has no version of this name.' },
  'unknown-path': { http: 404, meaning: 'Nothing is at this path.' },
  'wrong-method': { http: 405, meaning: 'The path does not answer to this method.' },
  'document-exists': { http: 409, meaning: 'There is a document of this name already.' },
  'history-pruned': { http: 410, meaning: 'An operator removed that part of the history.' },
  'bad-moment': { http: 422, meaning: 'The time or LSN cannot be read, or has not come yet.' },
  'damaged-file': {
    http: 422,
    meaning: 'The file is no exported history, or not all of it; nothing was imported.',
  },
  'upgrade-required': { http: 426, meaning: 'This path is a WebSocket.' },
  'damaged-history': {
    http: 500,
    meaning: 'The stored log or its snapshots do not fit together.',
  },
  unavailable: { http: 503, meaning: 'The database did not answer in time; nothing was changed.' },
  'bad-range': { http: 422, meaning: 'A range of an edit does not fit the text, or cuts a pair.' },
  'idempotency-key-reused': {
    http: 422,
    meaning: 'Another request to this document was made with the key.',
  },
  'version-exists': { http: 409, meaning: 'The name stands for another row already.' },
  'unsupported-type': { http: 415, meaning: 'The body is not of the type that the path takes.' },
  'outcome-unknown': {
    http: 503,
    meaning:
      'The database did not say whether it is done. Make the same request again, with the same key if it had one.',
  },
} as const;

/** Every code that a problem over HTTP may have. */
export type ProblemCode = ErrorCode | keyof typeof requestCodes;

/** Both lists: what a problem is answered with, and what it means. */
export const problemCodes: Readonly<
  Record<ProblemCode, { readonly http: number; readonly meaning: string }>
> = { ...errorCodes, ...requestCodes };

/** Whether a client may connect again after this close code (with backoff). */
export function mayRetry(closeCode: number): boolean {
  return closeCode < 4400 || closeCode > 4499;
}

/** The error code that closes with this WebSocket close code; null for a close of another kind. */
export function errorCodeOf(closeCode: number): ErrorCode | null {
  for (const code of Object.keys(errorCodes)) {
    if (isErrorCode(code) && errorCodes[code].close === closeCode) return code;
  }
  return null;
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}
