/** What the documents of one node share, and what a room asks of its node. */
import type { ErrorCode } from '../../proto/codes.ts';
import type { LogPage } from '../driver/ports.ts';
import type { AppendId } from '../ids.ts';
import type { Limits } from '../limits.ts';
import type { Random } from '../random.ts';
import type { Backlog } from './append-pipeline.ts';
import type { Connections } from './connections.ts';
import type { CommitLedger } from './durability.ts';
import type { Fold } from './fold.ts';
import type { Bus } from './head-watch.ts';
import type { PresenceBudget } from './presence-budget.ts';
import type { Room } from './room.ts';
import type { Session } from './session.ts';

export interface RoomContext {
  readonly limits: Limits;
  readonly random: Random;
  readonly connections: Connections;
  readonly ledger: CommitLedger;
  readonly backlog: Backlog;
  readonly presenceBudget: PresenceBudget;
  readonly bus: Bus;
  /** Random number of this node's process. */
  readonly node: number;
  /** A number that no session of this node has. */
  newSession(): number;
  /** Ends a session: error frame, and the socket closes when it carries no other. */
  endSession(session: Session, code: ErrorCode, message: string): void;
  /** Emits an append whose result comes back to `appendSettled`. */
  append(room: Room, epoch: number, body: Uint8Array): AppendId;
  /** Emits a read of the log; `answer` gets its page, or null when it failed. */
  read(room: Room, afterLsn: number, answer: (page: LogPage | null) => void): void;
  /** Asks for the newest snapshot; `answer` gets a fold of its own, or null: there is none. */
  loadSnapshot(room: Room, answer: (fold: Fold | null | 'failed') => void): void;
  /** Asks for the next snapshot to be made; see `snapshotMade`. */
  makeSnapshot(room: Room): void;
  /** Asks for the document's head, together with those of other rooms; see `headAsked`. */
  askHead(room: Room): void;
}
