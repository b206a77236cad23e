/**
 * What every index of snapshots must keep, the real one and the model: SnapshotIndexPort of
 * engine/driver/ports.ts.
 *
 * Method: an index beside the log that it is about; what operators and failovers do to that log
 * decides which pointers still count. Calls are promises, which reject when they are answered
 * within the call and note when they are answered again.
 */
import { describe, expect, it } from 'vitest';
import { assert } from '../../engine/assert.ts';
import type { LogPort, SnapshotIndexPort, SnapshotPointer } from '../../engine/driver/ports.ts';
import type { Moment } from '../../engine/sync/playback.ts';
import { append, at, row } from './log-calls.ts';

/** An index and its log. Names of documents are used once per run. */
export interface SnapshotIndexUnderTest {
  readonly port: SnapshotIndexPort;
  readonly log: LogPort;
  /** An operator deletes the document, or removes the rows up to `lsn` of the history 1. */
  remove(document: string): Promise<void>;
  prune(document: string, lsn: number): Promise<void>;
  /** An operator gives the document another epoch; resolves with it. */
  renew(document: string): Promise<number>;
  /** A failover took the last row; another one, with another time, is in its place. */
  replaceLast(document: string): Promise<void>;
  /** Every call fails until the end that it resolves with. */
  outage(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export type OpenSnapshotIndex = () => Promise<SnapshotIndexUnderTest>;

/** Registers the tests; each opens an index of its own. */
export function snapshotIndexContract(open: OpenSnapshotIndex): void {
  describe('the newest snapshots', () => {
    momentContract(open);
    failureContract(open);
  });
  describe('a pointer is taken', () => addContract(open));
  describe('a pointer counts', () => historyContract(open));
}

function momentContract(open: OpenSnapshotIndex): void {
  it('are those no later than the moment, newest first, and no more than asked for', async () => {
    await withIndex(open, async (calls) => {
      const pointers = await calls.write('moments', 6);
      for (const n of [5, 1, 3]) expect(await calls.add('moments', pointers[n])).toBe('added');
      const [, one, , three, , five] = pointers;
      expect(await calls.newest('moments')).toEqual([five, three, one]);
      expect(await calls.newest('moments', upTo(6), 2)).toEqual([five, three]);
      expect(await calls.newest('moments', upTo(five?.lsn ?? 0))).toEqual([five, three, one]);
      expect(await calls.newest('moments', upTo(5))).toEqual([three, one]);
      expect(await calls.newest('moments', upTo(1))).toEqual([]);
    });
  });

  it('at a time have rows of that time and before, ties included', async () => {
    await withIndex(open, async (calls) => {
      const pointers = await calls.write('times', 4);
      for (const pointer of pointers) await calls.add('times', pointer);
      for (const { at: time } of pointers) {
        for (const moment of [time - 1, time]) {
          const expected = pointers.filter((pointer) => pointer.at <= moment).toReversed();
          expect(await calls.newest('times', { type: 'time', at: moment })).toEqual(expected);
        }
      }
    });
  });

  it('are of the document that is asked for, and none where none was made', async () => {
    await withIndex(open, async (calls) => {
      const [pointer] = await calls.write('mine', 1);
      await calls.write('mine-too', 1);
      await calls.add('mine', pointer);
      expect(await calls.newest('mine')).toEqual([pointer]);
      for (const other of ['mine-too', 'min', 'never'])
        expect(await calls.newest(other)).toEqual([]);
    });
  });
}

function failureContract(open: OpenSnapshotIndex): void {
  it('are not told, nor is a pointer taken for certain, while the database is away', async () => {
    await withIndex(open, async (calls, index) => {
      const [pointer] = await calls.write('away', 1);
      const end = await index.outage();
      expect(await calls.newest('away')).toBeNull();
      expect(await calls.add('away', pointer)).toBe('unknown');
      await end();
      expect(await calls.add('away', pointer)).toBe('added');
      expect(await calls.newest('away')).toEqual([pointer]);
    });
  });
}

function addContract(open: OpenSnapshotIndex): void {
  it('again, as often as it is offered, and is there once', async () => {
    await withIndex(open, async (calls) => {
      const [pointer] = await calls.write('twice', 1);
      const offers = [1, 2, 3].map(() => calls.add('twice', pointer));
      expect(await Promise.all(offers)).toEqual(['added', 'added', 'added']);
      expect(await calls.add('twice', pointer)).toBe('added');
      expect(await calls.newest('twice')).toEqual([pointer]);
    });
  });

  it('beside another one of the same row', async () => {
    await withIndex(open, async (calls) => {
      const [pointer] = await calls.write('race', 1);
      const other = { ...present(pointer), key: 'snapshots/race/other' };
      const offers = [calls.add('race', pointer), calls.add('race', other)];
      expect(await Promise.all(offers)).toEqual(['added', 'added']);
      const keys = (await calls.newest('race'))?.map(({ key }) => key);
      expect(keys?.toSorted()).toEqual([other.key, pointer?.key].toSorted());
    });
  });

  it('only of a row that the log has, at this time and in this epoch', async () => {
    await withIndex(open, async (calls) => {
      const pointer = present((await calls.write('exact', 2))[1]);
      const wrong = [
        { ...pointer, epoch: 2 },
        { ...pointer, at: pointer.at + 1 },
        { ...pointer, lsn: 3 },
      ];
      for (const each of wrong) expect(await calls.add('exact', each)).toBe('stale');
      expect(await calls.add('never', { ...pointer, lsn: 1 })).toBe('stale');
      expect(await calls.newest('exact')).toEqual([]);
    });
  });

  it('not of a row that was pruned, of a deleted document, or of an earlier epoch', async () => {
    await withIndex(open, async (calls, index) => {
      const pruned = await calls.write('add-pruned', 3);
      await index.prune('add-pruned', 2);
      expect(await calls.add('add-pruned', pruned[1])).toBe('stale');
      expect(await calls.add('add-pruned', pruned[2])).toBe('added');
      const [deleted] = await calls.write('add-deleted', 1);
      await index.remove('add-deleted');
      expect(await calls.add('add-deleted', deleted)).toBe('stale');
      const [renewed] = await calls.write('add-renewed', 1);
      await index.renew('add-renewed');
      expect(await calls.add('add-renewed', renewed)).toBe('stale');
    });
  });
}

function historyContract(open: OpenSnapshotIndex): void {
  it('not when a failover put another row in its place, and those before it do', async () => {
    await withIndex(open, async (calls, index) => {
      const pointers = await calls.write('replaced', 3);
      for (const pointer of pointers) await calls.add('replaced', pointer);
      await index.replaceLast('replaced');
      expect(await calls.newest('replaced')).toEqual([pointers[1], pointers[0]]);
      expect(await calls.add('replaced', { ...present(pointers[2]), key: 'again' })).toBe('stale');
    });
  });

  it('when its row was pruned', async () => {
    await withIndex(open, async (calls, index) => {
      const pointers = await calls.write('pruned', 3);
      for (const pointer of pointers) await calls.add('pruned', pointer);
      await index.prune('pruned', 2);
      expect(await calls.newest('pruned')).toEqual(pointers.toReversed());
    });
  });

  it('not when its document was deleted', async () => {
    await withIndex(open, async (calls, index) => {
      const [pointer] = await calls.write('deleted', 1);
      await calls.add('deleted', pointer);
      await index.remove('deleted');
      expect(await calls.newest('deleted')).toEqual([]);
    });
  });

  it('in the next epoch, pruned or not, if it did in the one before', async () => {
    await withIndex(open, async (calls, index) => {
      const pointers = await calls.write('renewed', 4);
      for (const pointer of pointers) await calls.add('renewed', pointer);
      await index.prune('renewed', 2);
      await index.replaceLast('renewed');
      const epoch = await index.renew('renewed');
      const expected = pointers.slice(0, 3).map((pointer) => ({ ...pointer, epoch }));
      expect(await calls.newest('renewed')).toEqual(expected.toReversed());
    });
  });
}

class Calls {
  readonly #index: SnapshotIndexUnderTest;
  repeated = 0;

  constructor(index: SnapshotIndexUnderTest) {
    this.#index = index;
  }

  /** Writes the document's rows, in epoch 1; a pointer to each. */
  async write(document: string, rows: number): Promise<readonly SnapshotPointer[]> {
    const pointers: SnapshotPointer[] = [];
    for (let lsn = 1; lsn <= rows; lsn++) {
      const time = at(await append({ port: this.#index.log }, document, row(lsn)));
      const body = { key: `snapshots/${document}/${lsn}`, bytes: 7, checksum: 'ab'.repeat(32) };
      pointers.push({ epoch: 1, lsn, ...time, ...body });
    }
    return pointers;
  }

  newest(
    document: string,
    moment: Moment = upTo(Number.MAX_SAFE_INTEGER),
    max = 10,
  ): Promise<readonly SnapshotPointer[] | null> {
    return this.#answer((done) => this.#index.port.newest(document, moment, max, done));
  }

  add(
    document: string,
    pointer: SnapshotPointer | undefined,
  ): Promise<'added' | 'stale' | 'unknown'> {
    return this.#answer((done) => this.#index.port.add(document, present(pointer), done));
  }

  #answer<T>(call: (done: (result: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      let state: 'within' | 'waiting' | 'answered' = 'within';
      call((result) => {
        if (state === 'answered') this.repeated += 1;
        if (state === 'within') reject(new Error('answered within the call'));
        state = 'answered';
        resolve(result);
      });
      if (state === 'within') state = 'waiting';
    });
  }
}

async function withIndex(
  open: OpenSnapshotIndex,
  body: (calls: Calls, index: SnapshotIndexUnderTest) => Promise<void>,
): Promise<void> {
  const index = await open();
  const calls = new Calls(index);
  try {
    await body(calls, index);
    expect(calls.repeated).toBe(0);
  } finally {
    await index.close();
  }
}

function upTo(lsn: number): Moment {
  return { type: 'lsn', lsn };
}

function present(pointer: SnapshotPointer | undefined): SnapshotPointer {
  assert(pointer !== undefined, 'a pointer');
  return pointer;
}
