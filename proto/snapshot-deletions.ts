/**
 * Deletions as columns. Their numbers are those that no character has, so only the targets are
 * told, and those by where a person at the cursor would look for them (living-tombstones.ts).
 *
 * Deletions are cut into pieces: of one run, one span, one stretch. A token for each:
 *
 *   0   a lowest target and length × 2 + downwards in `deletion_targets`: anything else
 *   1 + ((rank × 2 + right) × 2 + forwards) × 4 + skip × 2 + some
 *       rank, right   which living tombstone, from the cursor on
 *       forwards      upwards from the start of its living part, else downwards from the end
 *       skip          as many of them as `deletion_offsets` says are passed over first
 *       some          `deletion_lengths` says how many; else all that there are numbers for
 *
 * All that is checked is what the state must keep: each piece lies within one deleted span, and
 * each deletion is newer than the character that it hits.
 */
import { ColumnReader } from './column.ts';
import { DeletionRuns, type Direction } from './deletion-runs.ts';
import { LivingTombstones } from './living-tombstones.ts';
import type { OperationTimes } from './operation-times.ts';
import type { SpansByNumber } from './snapshot-spans.ts';
import { type DeletionColumns, flagDeleted, type SpanColumns } from './snapshot-state.ts';

export interface DeletionMessage<Column> {
  readonly tokens: Column;
  readonly offsets: Column;
  readonly lengths: Column;
  readonly targets: Column;
}

/** Deletions [start, start + end - low) of the characters [low, end) of one span. */
interface Piece {
  readonly start: number;
  readonly span: number;
  readonly low: number;
  readonly end: number;
  readonly isDownwards: boolean;
}

/** The document that the deletions belong to. */
export interface DeletedFrom {
  readonly spans: SpanColumns;
  readonly byNumber: SpansByNumber;
  readonly times: OperationTimes;
}

/** Whether each deletion is newer than the character that it hits. */
function isNewer(times: OperationTimes, piece: Piece): boolean {
  const { start, low, end, isDownwards } = piece;
  // In its stretch a deletion's timestamp rises by one; a target's rises by one or more.
  const ahead = isDownwards ? 0 : end - 1 - low;
  return times.timeOf(start) > times.timeOf(end - 1) - ahead;
}

/**
 * RangeError unless the deletions have exactly the numbers that no character has, and hit older,
 * deleted characters.
 */
export function writeDeletions(
  deletions: DeletionColumns,
  from: DeletedFrom,
): DeletionMessage<number[]> {
  const { times } = from;
  const living = new LivingTombstones(from.spans, from.byNumber, times);
  const message = { tokens: [], offsets: [], lengths: [], targets: [] };
  const pieces = piecesOf(canonical(deletions, times), from);
  let author = -1;
  let piece = pieces.next();
  for (let number = 0; number < times.end; ) {
    if (times.authorOf(number) !== author) {
      author = times.authorOf(number);
      living.begin(number);
    }
    if (living.nextTyped === number) {
      number = living.type();
      continue;
    }
    if (piece.done === true || piece.value.start !== number) {
      throw new RangeError(`the number ${number} is neither a character nor a deletion`);
    }
    const limit = Math.min(living.nextTyped, times.stretchEnd(number)) - number;
    if (piece.value.end - piece.value.low > limit || !isNewer(times, piece.value)) {
      throw new RangeError(`the deletion ${number} does not hit older characters`);
    }
    writePiece(message, living, piece.value, limit);
    number += piece.value.end - piece.value.low;
    piece = pieces.next();
  }
  if (piece.done !== true) throw new RangeError(`no number is left for ${piece.value.start}`);
  return message;
}

function canonical(deletions: DeletionColumns, times: OperationTimes): DeletionColumns {
  const { start: starts, target: targets, length: lengths, reversed } = deletions;
  const runs = new DeletionRuns(times, starts.length);
  for (let run = 0; run < starts.length; run++) {
    let start = starts[run] as number;
    const end = start + (lengths[run] as number);
    const isDownwards = reversed[run] === 1;
    if (start < 0 || end <= start || end > times.end) {
      throw new RangeError(`deletions ${start} … ${end - 1} of ${times.end} operations`);
    }
    for (let low = targets[run] as number; start < end; ) {
      const length = Math.min(end, times.stretchEnd(start)) - start;
      const rest = end - start - length;
      runs.add(start, isDownwards ? low + rest : low, length, directionOf(isDownwards));
      if (!isDownwards) low += length;
      start += length;
    }
  }
  return runs.finish();
}

/** The runs, cut where the targets' spans end. */
function* piecesOf(deletions: DeletionColumns, from: DeletedFrom): Generator<Piece, undefined> {
  const { start: spanStarts, length: spanLengths, flags } = from.spans;
  for (let run = 0; run < deletions.start.length; run++) {
    let start = deletions.start[run] as number;
    let low = deletions.target[run] as number;
    let end = low + (deletions.length[run] as number);
    const isDownwards = deletions.reversed[run] === 1;
    while (low < end) {
      const span = from.byNumber.find(isDownwards ? end - 1 : low);
      if (span === -1 || ((flags[span] as number) & flagDeleted) === 0) {
        throw new RangeError(`the deletion ${start} hits what is not deleted`);
      }
      const spanStart = spanStarts[span] as number;
      const pieceLow = Math.max(low, spanStart);
      const pieceEnd = Math.min(end, spanStart + (spanLengths[span] as number));
      yield { start, span, low: pieceLow, end: pieceEnd, isDownwards };
      start += pieceEnd - pieceLow;
      if (isDownwards) end = pieceLow;
      else low = pieceEnd;
    }
  }
}

function writePiece(
  message: DeletionMessage<number[]>,
  living: LivingTombstones,
  piece: Piece,
  limit: number,
): void {
  const { span, low, end, isDownwards } = piece;
  const length = end - low;
  const rank = living.rankOf(span, low, end);
  if (rank === -1) {
    message.tokens.push(0);
    message.targets.push(low, length * 2 + Number(isDownwards));
    living.delete(span, low, end, directionOf(isDownwards));
    return;
  }
  const fromEnd = living.high - end;
  const fromStart = low - living.low;
  // One character has no direction: from the nearer end, from that on the cursor's side if equal.
  const isNearEnd = fromEnd === fromStart ? rank % 2 === 0 : fromEnd < fromStart;
  const isForwards = length === 1 ? !isNearEnd : !isDownwards;
  const offset = isForwards ? fromStart : fromEnd;
  const all = Math.min(living.high - living.low - offset, limit);
  if (offset > 0) message.offsets.push(offset);
  if (length !== all) message.lengths.push(length);
  const extent = (offset > 0 ? 2 : 0) + (length !== all ? 1 : 0);
  message.tokens.push(1 + (rank * 2 + Number(isForwards)) * 4 + extent);
  living.delete(span, low, end, directionOf(!isForwards));
}

/** DecodeError unless the columns describe deletions with all numbers that no character has. */
export function readDeletions(
  message: DeletionMessage<Int32Array>,
  from: DeletedFrom,
): DeletionColumns {
  const { times } = from;
  const living = new LivingTombstones(from.spans, from.byNumber, times);
  const reader = new PieceReader(message, living, from);
  const runs = new DeletionRuns(times, message.tokens.length);
  let author = -1;
  for (let number = 0; number < times.end; ) {
    if (times.authorOf(number) !== author) {
      author = times.authorOf(number);
      living.begin(number);
    }
    if (living.nextTyped === number) {
      number = living.type();
      continue;
    }
    const limit = Math.min(living.nextTyped, times.stretchEnd(number)) - number;
    const { low, end, isDownwards } = reader.next(number, limit);
    runs.add(number, low, end - low, directionOf(isDownwards && end - low > 1));
    number += end - low;
  }
  reader.end();
  return runs.finish();
}

class PieceReader {
  readonly #living: LivingTombstones;
  readonly #from: DeletedFrom;
  readonly #tokens: ColumnReader;
  readonly #offsets: ColumnReader;
  readonly #lengths: ColumnReader;
  readonly #targets: ColumnReader;

  constructor(message: DeletionMessage<Int32Array>, living: LivingTombstones, from: DeletedFrom) {
    this.#living = living;
    this.#from = from;
    this.#tokens = new ColumnReader('deletions', message.tokens);
    this.#offsets = new ColumnReader('deletion_offsets', message.offsets);
    this.#lengths = new ColumnReader('deletion_lengths', message.lengths);
    this.#targets = new ColumnReader('deletion_targets', message.targets);
  }

  /** The piece that begins at `start`, of at most `limit` deletions. */
  next(start: number, limit: number): Piece {
    const token = this.#tokens.next();
    const piece = token === 0 ? this.#told(start, limit) : this.#found(start, limit, token - 1);
    if (!isNewer(this.#from.times, piece)) {
      throw this.#tokens.error('older characters', `${piece.low} … ${piece.end - 1}`);
    }
    return piece;
  }

  end(): void {
    this.#tokens.end();
    this.#offsets.end();
    this.#lengths.end();
    this.#targets.end();
  }

  #told(start: number, limit: number): Piece {
    const { spans, byNumber } = this.#from;
    const low = this.#targets.next();
    const span = byNumber.find(low);
    const packed = this.#targets.next();
    const length = packed >>> 1;
    const isDownwards = (packed & 1) === 1;
    const isDeleted = span !== -1 && ((spans.flags[span] as number) & flagDeleted) !== 0;
    const spanEnd = isDeleted
      ? (spans.start[span] as number) + (spans.length[span] as number)
      : low;
    const most = Math.min(limit, spanEnd - low);
    if (length < 1 || length > most) {
      throw this.#targets.error(`1 … ${most} deleted characters from ${low} on`, length);
    }
    this.#living.delete(span, low, low + length, directionOf(isDownwards));
    return { start, span, low, end: low + length, isDownwards };
  }

  #found(start: number, limit: number, token: number): Piece {
    const living = this.#living;
    const isForwards = (token & 4) !== 0;
    if (!living.select((token & 8) !== 0 ? 'right' : 'left', token >>> 4)) {
      throw this.#tokens.error('a living tombstone', token + 1);
    }
    const offset = (token & 2) !== 0 ? this.#offsets.next() : 0;
    const all = Math.min(living.high - living.low - offset, limit);
    const length = (token & 1) !== 0 ? this.#lengths.next() : all;
    if (length < 1 || length > all) {
      throw this.#tokens.error(`1 … ${all} deleted characters`, length);
    }
    const low = isForwards ? living.low + offset : living.high - offset - length;
    const end = low + length;
    const { span } = living;
    living.delete(span, low, end, directionOf(!isForwards));
    return { start, span, low, end, isDownwards: !isForwards };
  }
}

function directionOf(isDownwards: boolean): Direction {
  return isDownwards ? 'down' : 'up';
}
