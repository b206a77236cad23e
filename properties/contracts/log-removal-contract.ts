/**
 * What every log must keep when an operator removes rows: a deleted document takes nothing and
 * shows nothing, a pruned one shows what follows and goes on.
 *
 * Method: as in log-contract.ts; the operator is `remove` and `prune` of the log under test.
 */
import { describe, expect, it } from 'vitest';
import { append, at, bodies, committed, heads, read, readAll, rejected, row } from './log-calls.ts';
import { type OpenLog, withLog } from './log-contract.ts';

/** Registers the tests; each opens a log of its own. */
export function removalContract(open: OpenLog): void {
  describe('a deleted document', () => {
    deleteContract(open);
    deleteRaceContract(open);
  });
  describe('a pruned document', () => {
    pruneContract(open);
    pruneRefusalContract(open);
  });
}

function deleteContract(open: OpenLog): void {
  it('takes no rows, in any epoch, and says why', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      await append(node, 'removed', row(1), 5);
      expect(await log.remove('removed')).toBe('deleted');
      const epoch = (await read(node, 'removed'))?.head?.epoch ?? 0;
      expect(epoch).not.toBe(5);
      for (const each of [5, epoch, 7]) {
        expect(await append(node, 'removed', row(2), each)).toEqual(rejected('deleted'));
      }
    });
  });

  it('shows none of its rows, and that it was one', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      for (let n = 1; n <= 3; n++) await append(node, 'removed-rows', row(n));
      await log.remove('removed-rows');
      for (const afterLsn of [0, 2, 3]) {
        const page = await read(node, 'removed-rows', afterLsn);
        expect(page?.rows).toEqual([]);
        expect(page?.head).toMatchObject({ lsn: 3, prunedLsn: 3, state: 'deleted' });
      }
      expect(await heads(node, ['removed-rows'])).toMatchObject([
        ['removed-rows', { state: 'deleted' }],
      ]);
    });
  });

  it('may be deleted again; one that was never written is told', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      await append(node, 'removed-twice', row(1));
      await log.remove('removed-twice');
      const before = await read(node, 'removed-twice');
      expect(await log.remove('removed-twice')).toBe('deleted');
      expect(await read(node, 'removed-twice')).toEqual(before);
      expect(await log.remove('removed-never')).toBe('absent');
      expect(await read(node, 'removed-never')).toEqual({ head: null, rows: [] });
    });
  });
}

function deleteRaceContract(open: OpenLog): void {
  it('has no row of those who go on appending', async () => {
    await withLog(open, async (log) => {
      const nodes = [await log.node(), await log.node()];
      let committedCount = 0;
      const writing = nodes.map(async (node, index) => {
        for (let n = 0; ; n++) {
          const result = await append(node, 'removed-busy', row(index * 1_000 + n));
          if (result.outcome !== 'committed') return result;
          committedCount += 1;
          if (committedCount === 20) await log.remove('removed-busy');
        }
      });
      expect(await Promise.all(writing)).toEqual([rejected('deleted'), rejected('deleted')]);
      const [reader] = nodes;
      const page = reader === undefined ? null : await read(reader, 'removed-busy');
      expect(page?.rows).toEqual([]);
      expect(page?.head?.lsn).toBe(committedCount);
    });
  });

  it('is so for an append that was begun before', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      await append(other, 'removed-begun', row(1));
      const slow = await log.beginSlowly(node, 'removed-begun', row(2));
      await log.remove('removed-begun');
      await slow.release();
      expect(await slow.result).toEqual(rejected('deleted'));
    });
  });
}

function pruneContract(open: OpenLog): void {
  it('keeps the rows that follow, as they were, and goes on', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      const times: number[] = [];
      for (let n = 1; n <= 5; n++) times.push(at(await append(node, 'pruned', row(n))).at);
      expect(await log.prune('pruned', 3)).toBe('pruned');
      const page = await read(node, 'pruned', 3);
      expect(page?.head).toEqual({ epoch: 1, lsn: 5, at: times[4], state: 'live', prunedLsn: 3 });
      expect(page?.rows).toEqual(
        [4, 5].map((lsn) => ({ lsn, at: times[lsn - 1], body: row(lsn) })),
      );
      expect(await append(node, 'pruned', row(6))).toEqual(committed(6));
      expect(bodies((await read(node, 'pruned', 4))?.rows ?? [])).toEqual([row(5), row(6)]);
      expect((await heads(node, ['pruned']))?.[0]?.[1]).toMatchObject({ prunedLsn: 3 });
    });
  });

  it('has no page that begins in what was removed', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      for (let n = 1; n <= 4; n++) await append(node, 'pruned-page', row(n));
      await log.prune('pruned-page', 2);
      for (const afterLsn of [0, 1]) {
        const page = await read(node, 'pruned-page', afterLsn);
        expect(page?.rows).toEqual([]);
        expect(page?.head).toMatchObject({ lsn: 4, prunedLsn: 2 });
      }
      expect((await read(node, 'pruned-page', 2))?.rows).toHaveLength(2);
    });
  });

  it('may lose all its rows, and goes on with the next number', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      for (let n = 1; n <= 3; n++) await append(node, 'pruned-all', row(n));
      expect(await log.prune('pruned-all', 3)).toBe('pruned');
      expect(await append(node, 'pruned-all', row(4))).toEqual(committed(4));
      expect(bodies((await read(node, 'pruned-all', 3))?.rows ?? [])).toEqual([row(4)]);
    });
  });
}

function pruneRefusalContract(open: OpenLog): void {
  it('is never pruned beyond its head', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      for (let n = 1; n <= 2; n++) await append(node, 'pruned-beyond', row(n));
      expect(await log.prune('pruned-beyond', 3)).toBe('beyond');
      expect(await readAll(node, 'pruned-beyond')).toHaveLength(2);
    });
  });

  it('gets nothing back when less is pruned later', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      for (let n = 1; n <= 4; n++) await append(node, 'pruned-less', row(n));
      await log.prune('pruned-less', 3);
      const before = await read(node, 'pruned-less', 3);
      for (const lsn of [0, 1, 3]) expect(await log.prune('pruned-less', lsn)).toBe('pruned');
      expect(await read(node, 'pruned-less', 3)).toEqual(before);
    });
  });

  it('must be there, and not deleted', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      expect(await log.prune('pruned-never', 1)).toBe('absent');
      await append(node, 'pruned-deleted', row(1));
      await log.remove('pruned-deleted');
      expect(await log.prune('pruned-deleted', 1)).toBe('deleted');
    });
  });
}
