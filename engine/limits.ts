/**
 * Every bound of the core, with unit and reason. A configuration may shrink them (the simulator
 * does).
 */
import { assert } from './assert.ts';

export interface Limits {
  /** Unacknowledged bytes and operations that a session may have; the rest waits at the client. */
  readonly windowBytes: number;
  readonly windowOperations: number;
  /** Operations in one edit frame: bounds the time that a few bytes can cost. */
  readonly frameOperationsMax: number;
  /** A row's body, about: keeps one author's paste from delaying everybody's next commit. */
  readonly rowBytesMax: number;
  /** What all rooms may have on their way to the log; above it, whoever edits is turned away. */
  readonly backlogBytesMax: number;
  /** Bytes handed to a socket before its buffer must have drained. */
  readonly sendBytesMax: number;
  /** Recent rows kept encoded per room, for sessions that fell a little behind. */
  readonly recentBytesMax: number;
  /** One page of the log. */
  readonly pageBytesMax: number;
  /** A session further behind gets the snapshot instead of rows. */
  readonly catchUpRowsMax: number;
  /** Rows whose time and operation count are remembered per room, to tell how stale an edit is. */
  readonly stalenessRowsMax: number;
  /** Edits of a session that wait for this node to reach their base. */
  readonly waitingBatchesMax: number;
  /** Sessions per document and channels per socket. */
  readonly sessionsPerRoomMax: number;
  readonly channelsPerConnMax: number;
  /** Both ends send at least this often; silence for twice as long ends the connection. */
  readonly heartbeatMs: number;
  /** Presence is gathered this long, then sent once. */
  readonly presenceMs: number;
  /** After sending presence a node pauses with it for so many times as long as that took. */
  readonly presencePauseFactor: number;
  /** Presence of another node's sessions that is not repeated for so long is gone. */
  readonly presenceLeaseMs: number;
  /** A room without sessions leaves memory after this. */
  readonly roomIdleMs: number;
  /** First and longest wait before the log is asked again after a failure. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /**
   * A room that heard nothing from its log for about this long asks for the head: the bus may have
   * lost the last message.
   */
  readonly silenceMs: number;
  /** While the bus is away: first and longest time between two questions for a document's head. */
  readonly pollMinMs: number;
  readonly pollMaxMs: number;
  /** Documents in one question for heads: bounds the work of one statement. */
  readonly headsMax: number;
  /** Of a snapshot for a client: bytes in one frame, and how long it is kept for the next one. */
  readonly snapshotPieceBytes: number;
  readonly servedSnapshotMs: number;
  /** A document whose log has grown by so many rows or bytes since its last snapshot gets one. */
  readonly snapshotRows: number;
  readonly snapshotBytes: number;
  /** First and longest wait before a snapshot that failed is tried again. */
  readonly snapshotRetryMinMs: number;
  readonly snapshotRetryMaxMs: number;
  /** A drain gives up after this and closes what is left. */
  readonly drainMs: number;
}

export const defaultLimits: Limits = {
  windowBytes: 2 ** 20,
  windowOperations: 2 ** 18,
  frameOperationsMax: 2 ** 22,
  rowBytesMax: 2 ** 19,
  backlogBytesMax: 2 ** 27,
  sendBytesMax: 2 ** 18,
  recentBytesMax: 2 ** 18,
  pageBytesMax: 2 ** 18,
  catchUpRowsMax: 4096,
  stalenessRowsMax: 2 ** 14,
  waitingBatchesMax: 1000,
  sessionsPerRoomMax: 10_000,
  channelsPerConnMax: 64,
  heartbeatMs: 10_000,
  presenceMs: 50,
  presencePauseFactor: 10,
  presenceLeaseMs: 10_000,
  roomIdleMs: 30_000,
  retryMinMs: 50,
  retryMaxMs: 2_000,
  silenceMs: 10_000,
  pollMinMs: 50,
  pollMaxMs: 1_000,
  headsMax: 1_000,
  snapshotPieceBytes: 2 ** 16,
  servedSnapshotMs: 5_000,
  snapshotRows: 2_000,
  snapshotBytes: 2 ** 22,
  snapshotRetryMinMs: 1_000,
  snapshotRetryMaxMs: 300_000,
  drainMs: 10_000,
};

/** Checks the relations that the core relies on; throws on the first that does not hold. */
export function checkLimits(limits: Limits): Limits {
  for (const [name, value] of Object.entries(limits)) {
    assert(Number.isSafeInteger(value) && value >= 1, `limit ${name} must be ≥ 1, got ${value}`);
  }
  assert(limits.retryMinMs <= limits.retryMaxMs, 'retryMinMs must not exceed retryMaxMs');
  const { snapshotRetryMinMs, snapshotRetryMaxMs } = limits;
  assert(snapshotRetryMinMs <= snapshotRetryMaxMs, 'snapshotRetryMinMs must be the smaller one');
  assert(limits.pollMinMs <= limits.pollMaxMs, 'pollMinMs must not exceed pollMaxMs');
  assert(limits.heartbeatMs >= 4, 'heartbeatMs must be at least 4');
  return limits;
}
