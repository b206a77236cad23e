/**
 * The SnapshotColumns message: stretches, spans, origins and deletions of a document, each told by
 * what cannot be derived from those before it.
 */
import { readColumn } from './column.ts';
import { OperationTimes } from './operation-times.ts';
import { readDeletions, writeDeletions } from './snapshot-deletions.ts';
import { readOrigins, writeOrigins } from './snapshot-origins.ts';
import { readSpans, writeSpans } from './snapshot-spans.ts';
import {
  type DeletionColumns,
  flagDeleted,
  type SnapshotReplica,
  type SnapshotState,
  type SpanColumns,
  type StretchColumns,
} from './snapshot-state.ts';
import { readStretches, writeStretches } from './snapshot-stretches.ts';
import { type Reader, Writer } from './wire.ts';

/** What the columns tell. */
export interface ColumnState {
  readonly stretches: StretchColumns;
  readonly spans: SpanColumns;
  readonly deletions: DeletionColumns;
}

/** An encoded SnapshotColumns. RangeError if the state does not keep its rules. */
export function encodeColumns(state: SnapshotState): Uint8Array {
  const stretches = writeStretches(state.stretches, state.replicas);
  const times = new OperationTimes(state.stretches);
  const { message: spans, byNumber } = writeSpans(state.spans, times);
  const writer = new Writer();
  writer.packed(1, stretches.counts);
  writer.packed(2, stretches.gaps);
  writer.packed(3, stretches.lengths);
  writer.packed(4, spans.chainGaps);
  writer.packed(5, spans.chainLengths);
  writer.packed(6, spans.tokens);
  writer.packed(7, spans.chainSteps);
  writer.packed(8, spans.spanLengths);
  writer.packed(9, writeOrigins(state.spans, byNumber, times));
  if (state.hidden === null) {
    const { length } = state.deletions.start;
    if (length > 0) throw new RangeError(`${length} deletions without history`);
  } else {
    const deletions = writeDeletions(state.deletions, { spans: state.spans, byNumber, times });
    writer.packed(10, deletions.tokens);
    writer.packed(11, deletions.offsets);
    writer.packed(12, deletions.lengths);
    writer.packed(13, deletions.targets);
  }
  return writer.finish();
}

const none: Int32Array = new Int32Array(0);

/** Reads an encoded SnapshotColumns to its end. DecodeError if it is not well-formed. */
export function readColumns(
  reader: Reader,
  replicas: readonly SnapshotReplica[],
  history: 'full' | 'none',
): ColumnState {
  const noGaps: readonly number[] = [];
  const stretches = { counts: none, gaps: noGaps, lengths: none };
  const spans = {
    ...{ chainGaps: none, chainLengths: none, tokens: none },
    ...{ chainSteps: none, spanLengths: none },
  };
  const deletions = { tokens: none, offsets: none, lengths: none, targets: none };
  let exceptions = none;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) stretches.counts = readColumn(reader, 'stretch_counts');
    else if (field === 2) stretches.gaps = reader.packed('stretch_gaps');
    else if (field === 3) stretches.lengths = readColumn(reader, 'stretch_lengths');
    else if (field === 4) spans.chainGaps = readColumn(reader, 'chain_gaps');
    else if (field === 5) spans.chainLengths = readColumn(reader, 'chain_lengths');
    else if (field === 6) spans.tokens = readColumn(reader, 'spans');
    else if (field === 7) spans.chainSteps = readColumn(reader, 'chain_steps');
    else if (field === 8) spans.spanLengths = readColumn(reader, 'span_lengths');
    else if (field === 9) exceptions = readColumn(reader, 'origin_exceptions');
    else if (field === 10) deletions.tokens = readColumn(reader, 'deletions');
    else if (field === 11) deletions.offsets = readColumn(reader, 'deletion_offsets');
    else if (field === 12) deletions.lengths = readColumn(reader, 'deletion_lengths');
    else if (field === 13) deletions.targets = readColumn(reader, 'deletion_targets');
    else reader.skip();
  }
  const stretchColumns = readStretches(reader, stretches, replicas);
  const times = new OperationTimes(stretchColumns);
  const { spans: spanColumns, byNumber } = readSpans(spans, times);
  readOrigins(exceptions, spanColumns, byNumber, times);
  const told = deletions.tokens.length;
  if (history === 'none' && told > 0) throw reader.error('deletions', 'none without history', told);
  return {
    stretches: stretchColumns,
    spans: spanColumns,
    deletions:
      history === 'full'
        ? readDeletions(deletions, { spans: spanColumns, byNumber, times })
        : { start: none, target: none, length: none, reversed: new Uint8Array(0) },
  };
}

/** Units of the spans' text: `visible` of those that are not deleted, `hidden` of the others. */
export function textLengths({ length, flags }: SpanColumns): { visible: number; hidden: number } {
  const units = [0, 0];
  for (let span = 0; span < length.length; span++) {
    const kind = (flags[span] as number) & flagDeleted;
    units[kind] = (units[kind] ?? 0) + (length[span] as number);
  }
  return { visible: units[0] ?? 0, hidden: units[1] ?? 0 };
}
