/**
 * Error codes and WebSocket close codes: the closed list, shared by frames, HTTP and the client.
 * 4400–4499: do not retry as is; 4500–4599: retry with backoff; 1013: overloaded, retry later.
 */

export const errorCodes = {
  'bad-frame': {
    close: 4400,
    meaning: 'A frame could not be decoded or did not fit the state of the session.',
  },
  unauthorized: { close: 4401, meaning: 'The token is missing, wrong or has expired.' },
  'unsupported-protocol': { close: 4402, meaning: 'The protocol version is not spoken here.' },
  forbidden: { close: 4403, meaning: 'The principal may not do this to this document.' },
  'bad-document': { close: 4404, meaning: 'The document name is not well-formed.' },
  superseded: { close: 4409, meaning: 'The same replica connected again; this session ends.' },
  'document-deleted': { close: 4410, meaning: 'An operator deleted the document.' },
  'replica-forked': {
    close: 4411,
    meaning:
      'The log holds other content under these ids: two copies of one replica. Take a new replica.',
  },
  'replica-mismatch': {
    close: 4412,
    meaning: 'The secret is not the one that the log binds to this replica.',
  },
  'too-large': { close: 4413, meaning: 'A frame or an edit is larger than the limit.' },
  'history-changed': {
    close: 4414,
    meaning:
      'The cursor is not in the present history of the document. Load it anew and offer your own operations again.',
  },
  'invalid-edit': {
    close: 4422,
    meaning:
      'The edit breaks a rule of the log; it was not stored. The replica ends; unsent text must go under a new one.',
  },
  'window-exceeded': {
    close: 4429,
    meaning: 'More was sent without an acknowledgement than the window allows.',
  },
  internal: { close: 4500, meaning: 'The server failed; nothing that was acknowledged is lost.' },
  draining: { close: 4503, meaning: 'The node is shutting down; connect again.' },
  'heartbeat-timeout': { close: 4504, meaning: 'Nothing was heard for two heartbeat intervals.' },
  'unreadable-log': {
    close: 4505,
    meaning: 'A row of this document has a format that this node cannot read.',
  },
  overloaded: { close: 1013, meaning: 'The node is at a limit; retry later.' },
} as const;

export type ErrorCode = keyof typeof errorCodes;

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
