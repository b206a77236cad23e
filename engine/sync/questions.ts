/**
 * What rooms asked of the log and the store, and which of them gets the answer.
 *
 * A number is never used again, so that an answer that comes late, after its room has left memory,
 * still finds the room that asked.
 */
import { assert } from '../assert.ts';
import type { AppendResult, LogPage } from '../driver/ports.ts';
import type { AppendId } from '../ids.ts';
import type { Connections } from './connections.ts';
import type { CommitLedger } from './durability.ts';
import type { Fold } from './fold.ts';
import type { Room } from './room.ts';

/** A question of a room that was sent on its way. */
interface Asked<A> {
  readonly room: Room;
  readonly answer: (answer: A) => void;
}

/** Each answer returns the room that it went to. */
export class Questions {
  readonly #connections: Connections;
  readonly #ledger: CommitLedger;
  readonly #pageBytesMax: number;
  readonly #appends = new Map<AppendId, Room>();
  readonly #reads = new Map<number, Asked<LogPage | null>>();
  readonly #loads = new Map<number, Asked<Fold | null | 'failed'>>();
  #last = 0;

  constructor(connections: Connections, ledger: CommitLedger, pageBytesMax: number) {
    this.#connections = connections;
    this.#ledger = ledger;
    this.#pageBytesMax = pageBytesMax;
  }

  append(room: Room, epoch: number, body: Uint8Array): AppendId {
    const appendId = this.#ledger.begin(epoch, body);
    this.#appends.set(appendId, room);
    const { document } = room;
    this.#connections.emit({ type: 'append', appendId, document, epoch, body });
    return appendId;
  }

  read(room: Room, afterLsn: number, answer: (page: LogPage | null) => void): void {
    this.#last++;
    this.#reads.set(this.#last, { room, answer });
    const { document } = room;
    const bytesMax = this.#pageBytesMax;
    this.#connections.emit({ type: 'readLog', readId: this.#last, document, afterLsn, bytesMax });
  }

  loadSnapshot(room: Room, answer: (fold: Fold | null | 'failed') => void): void {
    this.#last++;
    this.#loads.set(this.#last, { room, answer });
    const { document } = room;
    this.#connections.emit({ type: 'loadSnapshot', readId: this.#last, document });
  }

  appendSettled(appendId: AppendId, result: AppendResult): Room {
    const room = this.#appends.get(appendId);
    assert(room !== undefined, `append ${appendId} is not of this process`);
    this.#appends.delete(appendId);
    room.appendSettled(appendId, result, this.#ledger.settle(appendId, result));
    return room;
  }

  logRead(readId: number, page: LogPage | null): Room {
    return answered(this.#reads, readId, page);
  }

  snapshotLoaded(readId: number, fold: Fold | null | 'failed'): Room {
    return answered(this.#loads, readId, fold);
  }
}

function answered<A>(questions: Map<number, Asked<A>>, readId: number, answer: A): Room {
  const asked = questions.get(readId);
  assert(asked !== undefined, `read ${readId} is not of this process`);
  questions.delete(readId);
  asked.answer(answer);
  return asked.room;
}
