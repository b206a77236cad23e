/**
 * What spans and op log say about the past: the text at a version, the operations since one, and
 * whether an operation that arrives again is the one that is here.
 */
import {
  type Batch,
  type DeleteOp,
  type InsertOp,
  type OpId,
  sameId,
  sliceDeletion,
} from '../../proto/batch.ts';
import { cutsPair } from '../../proto/text.ts';
import { must } from '../assert.ts';
import type { OpLog } from '../causal/op-log.ts';
import type { VersionVector } from '../causal/version-vector.ts';
import { BatchBuilder } from './batch-builder.ts';
import { leftOriginOf, type Span } from './span.ts';
import type { SpanList } from './span-list.ts';

/** Whether every operation of the batch is here with the same content, origins and targets. */
export function holdsBatch(list: SpanList, log: OpLog, batch: Batch): boolean {
  return batch.ops.every((op) =>
    op.type === 'insert'
      ? holdsInsertion(list, batch.replica, op)
      : holdsDeletion(log, batch.replica, op),
  );
}

function holdsInsertion(list: SpanList, replica: number, op: InsertOp): boolean {
  const before = { timestamp: op.timestamp - 1, replica };
  const right = op.right === 'same' ? list.locate(before)?.span.right : op.right;
  if (right === undefined || (op.right === 'same' && !sameId(op.left, before))) return false;
  for (let passed = 0; passed < op.text.length; ) {
    const place = list.locate({ timestamp: op.timestamp + passed, replica });
    if (place === null || !sameId(place.span.right, right)) return false;
    const left = passed === 0 ? op.left : { timestamp: op.timestamp + passed - 1, replica };
    if (!sameId(leftOriginOf(place), left)) return false;
    const text = place.span.text.slice(place.offset, place.offset + op.text.length - passed);
    if (!op.text.startsWith(text, passed)) return false;
    passed += text.length;
  }
  return true;
}

function holdsDeletion(log: OpLog, replica: number, op: DeleteOp): boolean {
  for (let k = 0; k < op.count; k++) {
    const offset = op.reversed ? op.count - 1 - k : k;
    const target = { timestamp: op.target.timestamp + offset, replica: op.target.replica };
    const here = log.targetOf({ timestamp: op.timestamp + k, replica });
    if (here === null || !sameId(here, target)) return false;
  }
  return true;
}

/** Timestamps [start, end) of one replica. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** The text that has exactly the operations in `version`, all of which are here. */
export function textAtVersion(list: SpanList, log: OpLog, version: VersionVector): string {
  const deleted = deletedRanges(log, version);
  const parts: string[] = [];
  for (const span of list.spans()) {
    const end = Math.min(version.get(span.replica) + 1, span.timestamp + span.text.length);
    if (end <= span.timestamp) continue;
    const ranges = span.deleted ? (deleted.get(span.replica) ?? []) : [];
    let from = span.timestamp;
    for (let i = firstEndingAfter(ranges, from); i < ranges.length && from < end; i++) {
      const range = must(ranges[i], 'a range');
      if (range.start > from) parts.push(unitsOf(span, from, Math.min(range.start, end)));
      from = range.end;
    }
    if (from < end) parts.push(unitsOf(span, from, end));
  }
  return parts.join('');
}

function unitsOf(span: Span, from: number, to: number): string {
  return span.text.slice(from - span.timestamp, to - span.timestamp);
}

/** Ids that the deletions of `version` hit: per replica, in order, merged. */
function deletedRanges(log: OpLog, version: VersionVector): Map<number, Range[]> {
  const found = new Map<number, Range[]>();
  for (const { target, count } of log.deletionsIn(version)) {
    const ranges = found.get(target.replica) ?? [];
    found.set(target.replica, ranges);
    ranges.push({ start: target.timestamp, end: target.timestamp + count });
  }
  for (const [replica, ranges] of found) found.set(replica, mergeRanges(ranges));
  return found;
}

function mergeRanges(ranges: Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last === undefined || range.start > last.end) merged.push(range);
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
  }
  return merged;
}

/** Position of the first range that ends after `timestamp`. */
function firstEndingAfter(ranges: readonly Range[], timestamp: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.end ?? 0) <= timestamp) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The operations that are not in `version`, as batches with base 0 that can be integrated in this
 * order.
 *
 * They are ordered by first timestamp, and a batch ends where an operation refers to another
 * replica's operation at or above the batch's first timestamp: then all that a batch refers to is
 * in the batches before it.
 */
export function batchesAfter(list: SpanList, log: OpLog, version: VersionVector): Batch[] {
  const batches: Batch[] = [];
  for (const [replica, last] of log.versionVector.entries()) {
    const known = version.get(replica);
    if (last > known) new ReplicaHistory(list, log, replica, known).collect(batches);
  }
  return batches.sort((a, b) => a.first - b.first || a.replica - b.replica);
}

/** Builds the batches of one replica. */
class ReplicaHistory {
  readonly #list: SpanList;
  readonly #log: OpLog;
  readonly #replica: number;
  readonly #batches: Batch[] = [];
  #builder: BatchBuilder;
  /** The replica's last timestamp before the batch that is being built. */
  #last: number;

  constructor(list: SpanList, log: OpLog, replica: number, known: number) {
    this.#list = list;
    this.#log = log;
    this.#replica = replica;
    this.#last = known;
    this.#builder = new BatchBuilder(replica, known + 1);
  }

  collect(batches: Batch[]): void {
    const from = this.#last + 1;
    const spans = this.#list.spansOf(this.#replica, from);
    const deletions = this.#log.deletions.from(this.#replica, from);
    const runs: readonly (Span | DeleteOp)[] = [...spans, ...deletions];
    for (const run of [...runs].sort((a, b) => a.timestamp - b.timestamp)) {
      if ('count' in run) {
        if (run.timestamp + run.count > from) {
          this.#delete(sliceDeletion(run, from, Number.POSITIVE_INFINITY));
        }
      } else if (run.timestamp + run.text.length > from) {
        this.#insert(run, Math.max(from - run.timestamp, 0));
      }
    }
    this.#finish(0);
    batches.push(...this.#batches);
  }

  #insert(span: Span, offset: number): void {
    const { replica, right } = span;
    const timestamp = span.timestamp + offset;
    const left = leftOriginOf({ span, offset });
    this.#startAt(timestamp);
    if (!this.#mayRefer(left) || !this.#mayRefer(right)) this.#finish(timestamp);
    this.#builder.insert({
      left,
      right,
      text: span.text.slice(offset),
      typedOn: isTypedOn(this.#list, { timestamp, replica }, left, right),
    });
  }

  #delete(run: DeleteOp): void {
    this.#startAt(run.timestamp);
    let rest = run;
    for (;;) {
      let units = this.#deletable(rest);
      if (units === 0) {
        this.#finish(rest.timestamp);
        units = this.#deletable(rest);
      }
      const part = sliceDeletion(rest, rest.timestamp, rest.timestamp + units);
      this.#builder.delete(part);
      if (units === rest.count) return;
      rest = sliceDeletion(rest, rest.timestamp + units, Number.POSITIVE_INFINITY);
    }
  }

  /** How many of the deletions may be in the batch that is being built. */
  #deletable({ timestamp, target, count, reversed }: DeleteOp): number {
    const { first } = this.#builder;
    if (target.replica === this.#replica || target.timestamp + count <= first) return count;
    if (reversed || target.timestamp >= first) return 0;
    const units = first - target.timestamp;
    const place = this.#list.place({ timestamp: first, replica: target.replica });
    if (!cutsPair(place.span.text, place.offset)) return units;
    // Both halves of a pair are deleted by one operation, and stand in one batch, which is then
    // before. The operation must be younger than both: if this one is not, the next one is.
    return timestamp > first ? units + 1 : units - 1;
  }

  #mayRefer(id: OpId | null): boolean {
    return id === null || id.replica === this.#replica || id.timestamp < this.#builder.first;
  }

  /** Ends the batch if `timestamp` does not follow it. */
  #startAt(timestamp: number): void {
    if (this.#builder.next !== timestamp) this.#finish(timestamp);
  }

  /** Ends the batch; the next one begins with timestamp `first`. */
  #finish(first: number): void {
    const batch = this.#builder.build(this.#last, 0);
    if (batch !== null) {
      this.#batches.push(batch);
      this.#last = this.#builder.next - 1;
    }
    this.#builder = new BatchBuilder(this.#replica, first);
  }
}

/** Whether the new character stands after its author's previous one and has its right origin. */
export function isTypedOn(
  list: SpanList,
  id: OpId,
  left: OpId | null,
  right: OpId | null,
): boolean {
  if (left?.replica !== id.replica || left.timestamp !== id.timestamp - 1) return false;
  return sameId(list.place(left).span.right, right);
}
