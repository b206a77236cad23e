/** A server frame as one value, which the server itself never has: it joins parts. */
import {
  encodeAckPart,
  encodeBatchPart,
  encodeErrorPart,
  encodeHeartbeatPart,
  encodePatchPart,
  encodePresencePart,
  encodeRowPart,
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
    ...rows.map((row) => encodeRowPart({ ...row, batchParts: row.batches.map(encodeBatchPart) })),
    ...(ack ? [encodeAckPart(ack)] : []),
    ...(welcome ? [encodeWelcomePart(welcome)] : []),
    ...(presence ? [encodePresencePart(presence)] : []),
    ...(error ? [encodeErrorPart(error)] : []),
    ...(heartbeat ? [encodeHeartbeatPart(heartbeat.at)] : []),
    ...(window ? [encodeWindowPart(window)] : []),
    ...(patch ? [encodePatchPart(patch)] : []),
    ...(snapshotPiece ? [encodeSnapshotPiecePart(snapshotPiece)] : []),
  ]);
}
