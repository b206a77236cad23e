/** The public surface of the engine, by name. */
export type { OpId } from '../proto/batch.ts';
export { DecodeError } from '../proto/decode-error.ts';
export { VersionVector } from './causal/version-vector.ts';
export { BufferFullError, InvalidBatchError, ReplicaForkedError } from './errors.ts';
export type { TextAnchor } from './text/anchor.ts';
export { Document, type DocumentOptions } from './text/document.ts';
export type { AuthoredRange } from './text/history.ts';
export type { LineColumn } from './text/positions.ts';
export type { TextChange } from './text/text-change.ts';
export type { TimestampRange } from './text/undo.ts';
