/** Why a history is not exported or imported: what was wrong, and what to do. */

/**
 * - unknown-document, document-deleted, document-exists: what the name stands for.
 * - history-changed: somebody deleted, pruned or restored the document meanwhile.
 * - damaged-history: what is stored does not fit together.
 * - damaged-file: what was given is no exported history, or not all of it.
 * - unavailable: the database or the object store did not answer.
 */
export type HistoryErrorCode =
  | 'unknown-document'
  | 'document-deleted'
  | 'document-exists'
  | 'history-changed'
  | 'damaged-history'
  | 'damaged-file'
  | 'unavailable';

export class HistoryError extends Error {
  readonly code: HistoryErrorCode;

  constructor(message: string, { code, cause }: { code: HistoryErrorCode; cause?: unknown }) {
    super(message, { cause });
    this.name = 'HistoryError';
    this.code = code;
  }
}
