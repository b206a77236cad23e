/**
 * The list of spans in document order, tombstones included, with positions ↔ ids.
 *
 * Spans stand in blocks of bounded size; each block keeps its sums. A position is found by walking
 * the blocks, then the spans of one block; an id by the index of each replica's spans. Invariants:
 * each block but a lone first one holds 1 … spansMax spans; its sums are those of its spans;
 * `order` is its position; neighbours that could be joined are; a surrogate pair is never parted.
 * Where a span belongs is not decided here.
 */
import type { OpId } from '../../proto/batch.ts';
import { assert, must } from '../assert.ts';
import { RunIndex } from '../causal/run-index.ts';
import {
  type Block,
  continues,
  countLineFeeds,
  type NewRun,
  type Place,
  type Span,
} from './span.ts';

/** Walking a block costs as much as walking the blocks of a document of spansMax² spans. */
const spansMax = 96;

export class SpanList {
  readonly #blocks: Block[] = [{ spans: [], order: 0, visible: 0, lineFeeds: 0 }];
  readonly #index = new RunIndex<Span>();
  #visible = 0;

  /** UTF-16 units that are not deleted. */
  get visible(): number {
    return this.#visible;
  }

  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  /** All spans in document order. */
  *spans(): Generator<Span> {
    for (const block of this.#blocks) yield* block.spans;
  }

  /** Spans of a replica by timestamp, from the one with `timestamp` or the last one before it. */
  spansOf(replica: number, timestamp: number): readonly Span[] {
    return this.#index.from(replica, timestamp);
  }

  /** The character with this id, or null. */
  locate(id: OpId): Place | null {
    const span = this.#index.floor(id.replica, id.timestamp);
    if (span === undefined) return null;
    const offset = id.timestamp - span.timestamp;
    return offset < span.text.length ? { span, offset } : null;
  }

  /** The character with this id, which is here. */
  place(id: OpId): Place {
    return must(this.locate(id), `character ${id.timestamp} of ${id.replica} is not here`);
  }

  /** Negative: `a` stands before `b`. */
  compare(a: Place, b: Place): number {
    if (a.span === b.span) return a.offset - b.offset;
    if (a.span.block !== b.span.block) return a.span.block.order - b.span.block.order;
    const { spans } = a.span.block;
    return spans.indexOf(a.span) - spans.indexOf(b.span);
  }

  /** Compares origins, of which null is the end of the document. */
  compareRights(a: OpId | null, b: OpId | null): number {
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return this.compare(this.place(a), this.place(b));
  }

  /**
   * The character after `place`, tombstone or not, or the first one after null; null at the end.
   */
  following(place: Place | null): Place | null {
    if (place !== null && place.offset + 1 < place.span.text.length) {
      return { span: place.span, offset: place.offset + 1 };
    }
    const span = place === null ? this.#blocks[0]?.spans[0] : this.#next(place.span);
    return span === undefined ? null : { span, offset: 0 };
  }

  /** The character before `place`, tombstone or not; null at the start. */
  preceding(place: Place): Place | null {
    if (place.offset > 0) return { span: place.span, offset: place.offset - 1 };
    const span = this.#previous(place.span);
    return span === undefined ? null : { span, offset: span.text.length - 1 };
  }

  /** The visible character at `index` (0 … visible - 1). */
  at(index: number): Place {
    let rest = index;
    for (const block of this.#blocks) {
      if (rest >= block.visible) {
        rest -= block.visible;
        continue;
      }
      for (const span of block.spans) {
        if (span.deleted) continue;
        if (rest < span.text.length) return { span, offset: rest };
        rest -= span.text.length;
      }
    }
    throw new RangeError(`index ${index} is not inside a text of ${this.#visible} units`);
  }

  /** Visible units before the character. */
  indexOf({ span, offset }: Place): number {
    let index = span.deleted ? 0 : offset;
    for (let order = 0; order < span.block.order; order++) {
      index += this.#blocks[order]?.visible ?? 0;
    }
    for (const before of span.block.spans) {
      if (before === span) break;
      if (!before.deleted) index += before.text.length;
    }
    return index;
  }

  /** Of the caret at `index` (0 … visible): line feeds before it, and where its line begins. */
  lineAt(index: number): { lineFeeds: number; lineStart: number } {
    let start = 0;
    let lineFeeds = 0;
    let before: { block: Block; start: number } | null = null;
    for (const block of this.#blocks) {
      if (start + block.visible >= index) {
        const here = linesIn(block, start, index);
        const above = before === null ? null : linesIn(before.block, before.start, start);
        const lineStart = here.lineStart ?? above?.lineStart ?? 0;
        return { lineFeeds: lineFeeds + here.lineFeeds, lineStart };
      }
      if (block.lineFeeds > 0) before = { block, start };
      lineFeeds += block.lineFeeds;
      start += block.visible;
    }
    throw new RangeError(`index ${index} is not inside a text of ${this.#visible} units`);
  }

  /**
   * Inserts a run after the character `after`, or at the start of the list. Returns the place of
   * its first character.
   */
  insert(after: Place | null, run: NewRun): Place {
    if (after !== null && after.offset + 1 < after.span.text.length) {
      this.#split({ span: after.span, offset: after.offset + 1 });
    }
    const place = this.#extend(after?.span ?? null, run);
    if (!run.leftChild && run.left !== null) {
      const parent = this.place(run.left);
      // A parent inside a span has its successor as a right child anyway.
      if (parent.offset === parent.span.text.length - 1) parent.span.branched = true;
    }
    return place;
  }

  /** Marks units [from, to) of a visible span deleted. */
  delete(span: Span, from: number, to: number): void {
    assert(!span.deleted && from >= 0 && from < to && to <= span.text.length, 'a visible range');
    if (to < span.text.length) this.#split({ span, offset: to });
    const doomed = from === 0 ? span : this.#split({ span, offset: from });
    doomed.deleted = true;
    this.#count(doomed.block, -doomed.text.length, -doomed.lineFeeds);
    const next = this.#next(doomed);
    if (next !== undefined) this.#join(doomed, next);
    const previous = this.#previous(doomed);
    if (previous !== undefined) this.#join(previous, doomed);
  }

  /** Appends a span at the end of the list, joined with the last one if they fit. */
  append(run: NewRun & { readonly deleted: boolean }): void {
    const last = this.#blocks.at(-1)?.spans.at(-1) ?? null;
    const end = last === null ? null : { span: last, offset: last.text.length - 1 };
    const { span, offset } = this.insert(end, run);
    if (run.deleted) this.delete(span, offset, span.text.length);
  }

  /** `run` as the end of `before`, or as a span of its own after it. */
  #extend(before: Span | null, run: NewRun): Place {
    const lineFeeds = countLineFeeds(run.text);
    if (before !== null && !before.deleted && continues(before, run)) {
      const offset = before.text.length;
      before.text += run.text;
      before.lineFeeds += lineFeeds;
      before.branched = false;
      this.#count(before.block, run.text.length, lineFeeds);
      return { span: before, offset };
    }
    const block = before?.block ?? must(this.#blocks[0], 'there is always a block');
    const span = { ...run, deleted: false, branched: false, lineFeeds, block };
    this.#index.add(span);
    this.#count(block, run.text.length, lineFeeds);
    this.#put(before, span);
    return { span, offset: 0 };
  }

  /** Cuts before the character and returns the span that begins with it. */
  #split({ span, offset }: Place): Span {
    const text = span.text.slice(offset);
    const { replica, right, deleted, branched, block } = span;
    const timestamp = span.timestamp + offset;
    const left = { timestamp: timestamp - 1, replica };
    const lineFeeds = span.lineFeeds === 0 ? 0 : countLineFeeds(text);
    const leftChild = false;
    const tail: Span = {
      ...{ replica, timestamp, text, left, right, leftChild },
      ...{ deleted, branched, lineFeeds, block },
    };
    span.text = span.text.slice(0, offset);
    span.lineFeeds -= lineFeeds;
    span.branched = true;
    this.#index.add(tail);
    this.#put(span, tail);
    return tail;
  }

  #join(span: Span, next: Span): void {
    if (span.deleted !== next.deleted || !continues(span, next)) return;
    this.#index.remove(next);
    const { block } = next;
    block.spans.splice(block.spans.indexOf(next), 1);
    if (span.block !== block && !next.deleted) {
      this.#count(block, -next.text.length, -next.lineFeeds);
      this.#count(span.block, next.text.length, next.lineFeeds);
    }
    span.text += next.text;
    span.lineFeeds += next.lineFeeds;
    span.branched = next.branched;
    if (block.spans.length === 0) {
      this.#blocks.splice(block.order, 1);
      this.#renumber(block.order);
    }
  }

  #next(span: Span): Span | undefined {
    const { spans, order } = span.block;
    return spans[spans.indexOf(span) + 1] ?? this.#blocks[order + 1]?.spans[0];
  }

  #previous(span: Span): Span | undefined {
    const { spans, order } = span.block;
    return spans[spans.indexOf(span) - 1] ?? this.#blocks[order - 1]?.spans.at(-1);
  }

  /** Puts a span into the block of the one before it; the sums stay as they are. */
  #put(before: Span | null, span: Span): void {
    const { block } = span;
    block.spans.splice(before === null ? 0 : block.spans.indexOf(before) + 1, 0, span);
    if (block.spans.length > spansMax) this.#halve(block);
  }

  #halve(block: Block): void {
    const spans = block.spans.splice(block.spans.length >>> 1);
    const half: Block = { spans, order: block.order + 1, visible: 0, lineFeeds: 0 };
    for (const span of spans) {
      span.block = half;
      if (span.deleted) continue;
      half.visible += span.text.length;
      half.lineFeeds += span.lineFeeds;
    }
    block.visible -= half.visible;
    block.lineFeeds -= half.lineFeeds;
    this.#blocks.splice(half.order, 0, half);
    this.#renumber(half.order);
  }

  #renumber(from: number): void {
    for (let order = from; order < this.#blocks.length; order++) {
      must(this.#blocks[order], 'a block').order = order;
    }
  }

  #count(block: Block, units: number, lineFeeds: number): void {
    block.visible += units;
    block.lineFeeds += lineFeeds;
    this.#visible += units;
  }
}

/**
 * Line feeds of a block, which begins at `start`, before `index`, and the index after the last one.
 */
function linesIn(
  block: Block,
  start: number,
  index: number,
): { lineFeeds: number; lineStart: number | null } {
  let lineFeeds = 0;
  let lineStart: number | null = null;
  let passed = start;
  for (const span of block.spans) {
    if (passed >= index) break;
    if (span.deleted) continue;
    if (span.lineFeeds > 0) {
      const text = span.text.slice(0, index - passed);
      const last = text.lastIndexOf('\n');
      if (last >= 0) lineStart = passed + last + 1;
      lineFeeds += countLineFeeds(text);
    }
    passed += span.text.length;
  }
  return { lineFeeds, lineStart };
}
