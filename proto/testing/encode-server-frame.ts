/** A server frame as one value, which the server itself never has: it joins parts. */
import { encodeRowPart, type FrameRow, RowBatch } from '../frame-row.ts';
import {
  encodeAckPart,
  encodeErrorPart,
  encodeHeartbeatPart,
  encodePatchPart,
  encodePresencePart,
  encodeSnapshotPiecePart,
  encodeWelcomePart,
  encodeWindowPart,
  joinParts,
  type ServerFrame,
} from '../server-frame.ts';

/** Without any part. */
export const emptyServerFrame: ServerFrame = {
  channel: 0,
  rows: [],
  ack: null,
  welcome: null,
  presence: null,
  error: null,
  heartbeat: null,
  window: null,
  patch: null,
  snapshotPiece: null,
};

/** Encodes a frame from its parts, in the order of their fields. */
export function encodeServerFrame(frame: ServerFrame): Uint8Array {
  const { rows, ack, welcome, presence, error, heartbeat, window, patch, snapshotPiece } = frame;
  return joinParts(frame.channel, [
    ...rows.filter((row) => !isLone(row)).map(encodeRow),
    ...(ack ? [encodeAckPart(ack)] : []),
    ...(welcome ? [encodeWelcomePart(welcome)] : []),
    ...(presence ? [encodePresencePart(presence)] : []),
    ...(error ? [encodeErrorPart(error)] : []),
    ...(heartbeat ? [encodeHeartbeatPart(heartbeat.at)] : []),
    ...(window ? [encodeWindowPart(window)] : []),
    ...(patch ? [encodePatchPart(patch)] : []),
    ...(snapshotPiece ? [encodeSnapshotPiecePart(snapshotPiece)] : []),
    ...rows.filter(isLone).map(encodeRow),
  ]);
}

/** Whether the row is packed. */
export function isLone({ introduced, epoch, batches }: FrameRow): boolean {
  return introduced.length === 0 && epoch === 0 && batches.length === 1;
}

function encodeRow(row: FrameRow): Uint8Array {
  return encodeRowPart({ ...row, batches: row.batches.map((batch) => new RowBatch(batch)) });
}
