/**
 * Edits whose base this node has not reached yet: they wait at their session, in order, until the
 * fold is there. When the log's head is reached and a base is still ahead, it is of no row of this
 * history.
 */
import type { Batch } from '../../proto/batch.ts';
import type { Session } from './session.ts';

/** Hands over what has waited long enough, in the order of each session. */
export function takeReached(
  sessions: Iterable<Session>,
  lsn: () => number,
  admit: (session: Session, batch: Batch) => void,
): void {
  for (const session of [...sessions]) {
    while (session.phase === 'open') {
      const batch = session.waiting[0];
      if (batch === undefined || batch.base > lsn()) break;
      session.waiting.shift();
      admit(session, batch);
    }
  }
}

/** Sessions whose next edit has a base after the log's head, with that base. */
export function waitingBeyond(
  sessions: Iterable<Session>,
  headLsn: number,
): (readonly [session: Session, base: number])[] {
  return [...sessions].flatMap((session) => {
    const base = session.waiting[0]?.base ?? 0;
    return base > headLsn ? [[session, base] as const] : [];
  });
}
