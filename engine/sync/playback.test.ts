/** Which prefix of the log a moment means, when its answer is final, and what a snapshot saves. */
import { describe, expect, it } from 'vitest';
import type { LogPage } from '../driver/ports.ts';
import { rowFromLog } from './durability.ts';
import { Fold } from './fold.ts';
import { foldOf, snapshotOf } from './fold-snapshot.ts';
import { type Moment, Playback } from './playback.ts';
import { logRow, Typist } from './testing/gateway-script.ts';

/** Rows 1 … 4 with one letter each; two of them are of the same moment. */
const times = [1000, 2000, 2000, 3000];

function rows(): LogPage['rows'] {
  const anna = new Typist(11);
  return times.map((at, index) => {
    const letter = 'abcd'.charAt(index);
    return { ...logRow(index + 1, anna.type(index, letter, index)), at };
  });
}

function page(from: number, to: number, head: Partial<NonNullable<LogPage['head']>> = {}): LogPage {
  return {
    head: { epoch: 7, lsn: times.length, at: times.at(-1) ?? 0, state: 'live', ...head },
    rows: rows().slice(from, to),
  };
}

/** The answer to a question that all rows are read for. */
function answerTo(moment: Moment): Playback['answer'] {
  const playback = new Playback(moment);
  playback.feed(page(0, times.length));
  return playback.answer;
}

describe('the document at an LSN', () => {
  it.each([
    [1, 'a'],
    [3, 'abc'],
    [4, 'abcd'],
  ])('%i has the rows up to it, and is final', (lsn, text) => {
    expect(answerTo({ type: 'lsn', lsn })).toMatchObject({ lsn, text, closed: true });
  });
});

describe('the document at a time', () => {
  it.each([
    [999, 0, '', true],
    [1000, 1, 'a', true],
    [1999, 1, 'a', true],
    [2000, 3, 'abc', true],
    [3000, 4, 'abcd', false],
    [9999, 4, 'abcd', false],
  ])('%i has row %i and all before, ties included: "%s"', (at, lsn, text, closed) => {
    expect(answerTo({ type: 'time', at })).toMatchObject({ lsn, text, closed });
  });

  it('is final when the head has passed it, though no row came', () => {
    const playback = new Playback({ type: 'time', at: 3000 });
    playback.feed(page(0, times.length, { at: 3001 }));
    expect(playback.answer).toMatchObject({ lsn: 4, closed: true });
  });

  it('is empty and open where nothing was written', () => {
    const playback = new Playback({ type: 'time', at: 5 });
    expect(playback.feed({ head: null, rows: [] })).toBe(true);
    expect(playback.answer).toMatchObject({ lsn: 0, text: '', closed: false });
  });
});

it('pages are read on until the answer is there', () => {
  const playback = new Playback({ type: 'lsn', lsn: 3 });
  playback.feed(page(0, 2));
  expect([playback.answer, playback.afterLsn]).toEqual([null, 2]);
  playback.feed(page(2, 4));
  expect(playback.answer).toMatchObject({ lsn: 3, text: 'abc' });
});

it('a snapshot and the rows after it are the same as all rows', () => {
  const through = new Fold(7);
  for (const row of rows().slice(0, 2)) through.apply(rowFromLog(7, row));
  const fold = foldOf(snapshotOf(through, { bindings: true }));
  const whole = new Playback({ type: 'lsn', lsn: 4 });
  const continued = new Playback({ type: 'lsn', lsn: 4 }, fold);
  expect(continued.afterLsn).toBe(1);
  whole.feed(page(0, 4));
  continued.feed(page(1, 4));
  expect(continued.answer).toEqual(whole.answer);
});

describe('a snapshot', () => {
  const atTwo = (): Fold => {
    const fold = new Fold(7);
    for (const row of rows().slice(0, 2)) fold.apply(rowFromLog(7, row));
    return fold;
  };

  it("whose last row is not the log's is of another history", () => {
    const playback = new Playback({ type: 'lsn', lsn: 4 }, atTwo());
    const [, second, ...rest] = rows();
    if (second === undefined) throw new Error('four rows');
    const other = [{ ...second, at: 2001 }, ...rest];
    expect(playback.feed({ ...page(1, 4), rows: other })).toBe(false);
  });

  it('newer than the log is of another history', () => {
    const playback = new Playback({ type: 'lsn', lsn: 1 }, atTwo());
    expect(playback.feed(page(1, 1, { lsn: 1, at: 1000 }))).toBe(false);
  });

  it('at which the log was pruned is gone on from', () => {
    const playback = new Playback({ type: 'lsn', lsn: 4 }, atTwo());
    expect(playback.feed(page(2, 2, { prunedLsn: 2 }))).toBe(true);
    expect(playback.afterLsn).toBe(2);
    expect(playback.feed(page(2, 4, { prunedLsn: 2 }))).toBe(true);
    expect(playback.answer).toMatchObject({ text: 'abcd' });
  });

  it('before what was pruned is of no use', () => {
    const playback = new Playback({ type: 'lsn', lsn: 4 }, atTwo());
    expect(playback.feed(page(3, 4, { prunedLsn: 3 }))).toBe(false);
  });
});

it('a page of another history, or a shorter one, is refused', () => {
  const playback = new Playback({ type: 'lsn', lsn: 4 });
  playback.feed(page(0, 2));
  expect(playback.feed(page(2, 4, { epoch: 8 }))).toBe(false);
  expect(playback.feed(page(2, 2, { lsn: 1 }))).toBe(false);
  expect(playback.feed({ head: null, rows: [] })).toBe(false);
  expect(playback.answer).toBeNull();
});
