/** What a client does when its connection was closed with a code. */
import { type ErrorCode, errorCodes, mayRetry } from '../../proto/codes.ts';

/**
 * - retry: connect again after a backoff.
 * - resync: the same, and ask for the whole state: what is here is not to be trusted.
 * - yield: the replica connected elsewhere. By our own older connection, as a rule: its hello was
 *   overtaken. By a second copy of this replica if it goes on: whichever of the two types is found
 *   out, else this one yields.
 * - end: this identity must not write any more.
 * - fail: the server refuses for good; a person has to do something.
 */
export type CloseReaction = 'retry' | 'resync' | 'yield' | 'end' | 'fail';

export function reactionTo(code: ErrorCode): CloseReaction {
  switch (code) {
    case 'history-changed':
    case 'bad-frame':
    case 'window-exceeded':
      return 'resync';
    case 'superseded':
      return 'yield';
    case 'replica-forked':
    case 'replica-mismatch':
    case 'invalid-edit':
    case 'too-large':
    case 'document-full':
      return 'end';
    default:
      return mayRetry(errorCodes[code].close) ? 'retry' : 'fail';
  }
}
