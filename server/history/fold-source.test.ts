/**
 * Goal: a fold begins as late as it can, and never from what the log does not have. Method: a log
 * and snapshots in memory, which count what is read; the text against all rows folded in order.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { must } from '../../engine/assert.ts';
import type { LogHead, LogRow, SnapshotPointer } from '../../engine/driver/ports.ts';
import { rowFromLog } from '../../engine/sync/durability.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { snapshotOf } from '../../engine/sync/fold-snapshot.ts';
import { Sequence } from '../../engine/text/sequence.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import { FoldCache } from './fold-cache.ts';
import { FoldSource } from './fold-source.ts';

const rowCount = 400;
const soon = { hasPassed: false };

let rows: LogRow[];
let head: LogHead;
let rowsRead: number;
let pointers: SnapshotPointer[];
let bodies: Map<string, Uint8Array>;
let bad: string[];
let indexIsUp: boolean;
let source: FoldSource;

/** Each row adds 100 units. */
function rowsOf(letter: string): LogRow[] {
  const sequence = new Sequence();
  return Array.from({ length: rowCount }, (_, i) => {
    const splice = { index: 0, deleted: 0, inserted: letter.repeat(100) };
    const batch = must(sequence.edit(5, [splice], i), 'a change');
    return { lsn: i + 1, at: 1000 + i, body: encodeUpdate({ batches: [batch] }) };
  });
}

function foldTo(lsn: number): Fold {
  const fold = new Fold(7);
  for (const row of rows.slice(0, lsn)) fold.apply(rowFromLog(7, row));
  return fold;
}

function addSnapshot(lsn: number, bytes = snapshotOf(foldTo(lsn), { bindings: true })): void {
  const at = must(rows[lsn - 1], 'a row').at;
  const key = `snapshot/${lsn}`;
  pointers.unshift({ epoch: 7, lsn, at, key, bytes: bytes.length, checksum: `${bytes.length}` });
  bodies.set(key, bytes);
}

beforeEach(() => {
  rows = rowsOf('a');
  head = { epoch: 7, lsn: rowCount, at: 1000 + rowCount - 1, state: 'live' };
  [rowsRead, pointers, bodies, bad, indexIsUp] = [0, [], new Map(), [], true];
  source = new FoldSource({
    log: {
      read(_document, afterLsn, bytesMax, done) {
        const page: LogRow[] = [];
        let bytes = 0;
        for (const row of rows.slice(afterLsn < (head.prunedLsn ?? 0) ? rowCount : afterLsn)) {
          bytes += row.body.length;
          if (bytes > bytesMax && page.length > 0) break;
          page.push(row);
        }
        rowsRead += page.length;
        queueMicrotask(() => done({ head, rows: page }));
      },
      closeTime: (_document, _at, done) => queueMicrotask(() => done('closed')),
    },
    snapshots: {
      index: {
        newest(_document, moment, max, done) {
          const found = pointers.filter((pointer) =>
            moment.type === 'lsn' ? pointer.lsn <= moment.lsn : pointer.at <= moment.at,
          );
          queueMicrotask(() => done(indexIsUp ? found.slice(0, max) : null));
        },
        add: (_document, _pointer, done) => queueMicrotask(() => done('stale')),
      },
      objects: {
        get: (key, done) => queueMicrotask(() => done(bodies.get(key) ?? null)),
        put: (_key, _bytes, done) => queueMicrotask(() => done(false)),
        list: (_prefix, done) => queueMicrotask(() => done(null)),
        remove: (_key, done) => queueMicrotask(() => done(false)),
      },
      checksumOf: (bytes) => `${bytes.length}`,
      compressions: [],
      onBad: ({ reason }) => bad.push(reason),
    },
    cache: new FoldCache(1e9),
  });
});

/** Asks, checks the text, gives the fold back; how many rows were read for it. */
async function ask(lsn: number): Promise<number> {
  const before = rowsRead;
  const { fold, closed } = await source.foldAt('doc', { type: 'lsn', lsn }, soon);
  expect([fold.lsn, fold.sequence.text, closed]).toEqual([lsn, foldTo(lsn).sequence.text, true]);
  source.giveBack('doc', fold);
  return rowsRead - before;
}

describe('a fold begins', () => {
  it('with the first row if there is nothing else', async () => {
    expect(await ask(300)).toBeGreaterThanOrEqual(300);
  });

  it('with the last snapshot that is no later', async () => {
    for (const lsn of [100, 290, 350]) addSnapshot(lsn);
    expect(await ask(300)).toBeLessThan(210);
    expect(bad).toEqual([]);
  });

  it('with where the last question ended, if no snapshot is nearer', async () => {
    addSnapshot(100);
    await ask(380);
    expect(await ask(390)).toBeLessThan(30);
    bodies.clear();
    addSnapshot(395);
    expect(await ask(399)).toBeLessThan(20);
    expect(bad).toEqual([]);
  });

  it('with a snapshot before, if one cannot be read', async () => {
    addSnapshot(290);
    addSnapshot(299, new Uint8Array([1, 2, 3]));
    expect(await ask(300)).toBeLessThan(210);
    expect(bad).toEqual(['unreadable']);
  });

  it('with what the log was pruned to', async () => {
    addSnapshot(200);
    head = { ...head, prunedLsn: 200 };
    expect(await ask(210)).toBeLessThanOrEqual(200);
    await expect(ask(199)).rejects.toMatchObject({ code: 'history-pruned' });
  });
});

it('a kept fold of another history is not gone on from', async () => {
  await ask(300);
  rows = rowsOf('b').map((row) => ({ ...row, at: row.at + 1 }));
  await ask(310);
  head = { ...head, epoch: 8 };
  const { fold } = await source.foldAt('doc', { type: 'now' }, soon);
  expect(fold.epoch).toBe(8);
});

it('what takes too long is refused, and goes on from there when asked for again', async () => {
  const late = { hasPassed: true };
  await expect(source.foldAt('doc', { type: 'now' }, late)).rejects.toMatchObject({
    code: 'overloaded',
  });
  const before = rowsRead;
  const { fold, closed } = await source.foldAt('doc', { type: 'now' }, soon);
  expect([fold.lsn, closed]).toEqual([rowCount, false]);
  expect(rowsRead - before).toBeLessThan(rowCount);
});

it('an index that does not answer is told, and no row is read', async () => {
  indexIsUp = false;
  await expect(ask(300)).rejects.toMatchObject({ code: 'unavailable' });
  expect(rowsRead).toBe(0);
});
