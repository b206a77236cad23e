/** Whether a hello may join its document as it is known here. */
import type { ErrorCode } from '../../proto/codes.ts';
import type { Limits } from '../limits.ts';
import type { Delivery } from './delivery.ts';
import type { Fold } from './fold.ts';
import type { Session } from './session.ts';

/**
 * null: it may. `behind`: this node has to read the log first; asked again after that, a cursor
 * that is still ahead is of another history.
 */
export function joinRefusal(
  session: Session,
  room: { readonly fold: Fold; readonly delivery: Delivery; readonly limits: Limits },
): 'behind' | ErrorCode | null {
  const { fold, delivery, limits } = room;
  const { cursor, identity, secretHash, principal } = session;
  const binding = fold.table.entryOf(identity.replica)?.binding;
  if (binding !== null && binding !== undefined) {
    if (!binding.secretHash.every((byte, i) => byte === secretHash[i])) return 'replica-mismatch';
    // What others typed is not this principal's to go on with, even with the secret.
    if (binding.principal !== principal) return 'replica-mismatch';
  }
  if (delivery.sessions.size >= limits.sessionsPerRoomMax) return 'overloaded';
  // What the client was told by another node: unless the log has lost it, reading brings it.
  if (fold.committed.get(identity.replica) < session.settledAtClient && !session.waitedForTail) {
    session.waitedForTail = true;
    return 'behind';
  }
  if (cursor === null) return null;
  // An empty room's epoch is its own invention, and the log may have another by now: read first.
  if (cursor.epoch !== fold.epoch || cursor.lsn > fold.lsn) {
    if (session.waitedForTail) return 'history-changed';
    session.waitedForTail = true;
    return 'behind';
  }
  const at = delivery.timeOf(cursor.lsn);
  return at !== null && at !== cursor.at ? 'history-changed' : null;
}
