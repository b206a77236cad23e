/**
 * What every log must keep beyond appends and pages: heads of many documents at once, and times
 * that are closed (LogPort, HistoryPort of engine/driver/ports.ts).
 *
 * Method: as in log-contract.ts. A time is past when the log says so: it is asked until then.
 */
import { describe, expect, it } from 'vitest';
import type { LogRow } from '../../engine/driver/ports.ts';
import {
  append,
  at,
  bodies,
  closeTime,
  closeWhenPast,
  committed,
  heads,
  read,
  readAll,
  row,
} from './log-calls.ts';
import { type LogNode, type OpenLog, withLog } from './log-contract.ts';

const hourMs = 3_600_000;

/** Registers the tests; each opens a log of its own. */
export function historyContract(open: OpenLog): void {
  describe('heads', () => headsContract(open));
  describe('a time', () => {
    closeContract(open);
    openTimeContract(open);
    closeLockContract(open);
    closeCrowdContract(open);
  });
}

function headsContract(open: OpenLog): void {
  it('are those of the documents that were written', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      await append(node, 'heads-a', row(1), 7);
      const result = await append(node, 'heads-a', row(2), 7);
      await append(node, 'heads-b', row(3), 8);
      const head = { epoch: 7, lsn: 2, state: 'live', ...at(result) };
      const asked = ['heads-b', 'heads-absent', 'heads-a'];
      expect(await heads(node, asked)).toEqual([
        ['heads-a', head],
        ['heads-b', expect.objectContaining({ epoch: 8, lsn: 1 })],
      ]);
      expect(await heads(node, ['heads-a', 'heads-a'])).toEqual([['heads-a', head]]);
      expect(await heads(node, ['heads-absent'])).toEqual([]);
      expect(await heads(node, [])).toEqual([]);
    });
  });

  it('of thousands come at once, written or not', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      const names = Array.from({ length: 3_000 }, (_, n) => `many-${String(n).padStart(4, '0')}`);
      const written = names.filter((_, n) => n % 3 !== 0);
      await Promise.all(written.map((name, n) => append(node, name, row(n), n + 1)));
      const found = await heads(node, names);
      expect(found?.map(([name, { epoch, lsn }]) => [name, epoch, lsn])).toEqual(
        written.map((name, n) => [name, n + 1, 1]),
      );
    });
  });

  it('are of one moment', async () => {
    await withLog(open, async (log) => {
      const [node, reader] = [await log.node(), await log.node()];
      const names = ['moment-a', 'moment-b'];
      for (const name of names) await append(node, name, row(0));
      let isWriting = true;
      let looks = 0;
      const watch = async (): Promise<void> => {
        while (isWriting) {
          const found = await heads(reader, names.toReversed());
          const [first = 0, second = 0] = found?.map(([, { lsn }]) => lsn) ?? [];
          // The second one is written when the first one is committed.
          expect([0, 1]).toContain(first - second);
          looks += 1;
        }
      };
      const watching = watch();
      for (let n = 1; n <= 40; n++) {
        for (const name of names) await append(node, name, row(n));
      }
      isWriting = false;
      await watching;
      expect(looks).toBeGreaterThan(5);
    });
  });

  it('fail while nobody reaches the log', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      await append(node, 'heads-outage', row(1));
      const end = await log.outage();
      expect(await heads(node, ['heads-outage'])).toBeNull();
      await end();
      await node.connected();
      expect(await heads(node, ['heads-outage'])).toHaveLength(1);
    });
  });
}

function closeContract(open: OpenLog): void {
  it('that is past is closed: the head is later, and so is all that follows', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      const past = at(await append(node, 'close', row(1))).at;
      expect(await closeWhenPast(other, 'close', past)).toBe('closed');
      expect((await read(node, 'close'))?.head).toMatchObject({ lsn: 1, at: past + 1 });
      expect(at(await append(node, 'close', row(2))).at).toBeGreaterThan(past);
    });
  });

  it('that is closed stays so, and closing it again changes nothing', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      const past = at(await append(node, 'close-again', row(1))).at;
      await closeWhenPast(node, 'close-again', past);
      const before = await read(node, 'close-again');
      for (const earlier of [0, 1, hourMs]) {
        expect(await closeTime(node, 'close-again', past - earlier)).toBe('closed');
      }
      expect(await read(node, 'close-again')).toEqual(before);
    });
  });

  it('of a deleted document is not closed', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      const past = at(await append(node, 'close-deleted', row(1))).at;
      await log.remove('close-deleted');
      expect(await closeTime(node, 'close-deleted', past)).toBe('deleted');
    });
  });
}

function openTimeContract(open: OpenLog): void {
  it('that is not past stays open, and nothing is changed', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      const now = at(await append(node, 'close-future', row(1))).at;
      const before = await read(node, 'close-future');
      expect(await closeTime(node, 'close-future', now + hourMs)).toBe('future');
      expect(await read(node, 'close-future')).toEqual(before);
      const next = await append(node, 'close-future', row(2));
      expect(at(next).at).toBeLessThan(now + hourMs);
    });
  });

  it('is past by the clock of the database, or when the head is later', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      await append(node, 'close-clock', row(1));
      await log.setClockBack('close-clock');
      await append(node, 'close-clock', row(2));
      const { at: last = 0 } = (await read(node, 'close-clock'))?.head ?? {};
      expect(await closeTime(node, 'close-clock', last)).toBe('future');
      expect(await closeTime(node, 'close-clock', last - 1)).toBe('closed');
    });
  });

  it('of a document that was never written stays open, and does not make it exist', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      expect(await closeTime(node, 'close-absent', 1)).toBe('absent');
      expect(await read(node, 'close-absent')).toEqual({ head: null, rows: [] });
    });
  });

  it('is of unknown state while nobody reaches the log', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      const past = at(await append(node, 'close-outage', row(1))).at;
      const end = await log.outage();
      expect(await closeTime(node, 'close-outage', past)).toBe('unknown');
      await end();
      await node.connected();
      expect(await closeWhenPast(node, 'close-outage', past)).toBe('closed');
    });
  });
}

function closeLockContract(open: OpenLog): void {
  it('is closed behind an append that waits, in the order of the lock', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      const past = at(await append(node, 'close-wait', row(1))).at;
      const release = await log.holdHead('close-wait');
      const appending = append(node, 'close-wait', row(2));
      const closing = closeWhenPast(other, 'close-wait', past);
      await release();
      expect(await closing).toBe('closed');
      const result = await appending;
      expect(result).toEqual(committed(2));
      const rows = await readAll(other, 'close-wait');
      expect(rows.map((each) => each.at)).toEqual([past, at(result).at]);
      expect((await read(other, 'close-wait'))?.head?.at).toBeGreaterThan(past);
    });
  });

  it('stays as it is while the head stays locked', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node({ impatient: true }), await log.node()];
      const past = at(await append(other, 'close-locked', row(1))).at;
      // It is past when a time of another document is later.
      await append(other, 'close-free', row(1));
      await closeWhenPast(other, 'close-free', past);
      const release = await log.holdHead('close-locked', { tooLong: true });
      expect(await closeTime(node, 'close-locked', past)).toBe('unknown');
      expect((await read(other, 'close-locked'))?.head?.at).toBe(past);
      await release();
      await node.connected();
      await log.settled();
      expect(await closeTime(other, 'close-locked', past)).toBe('closed');
    });
  });
}

function closeCrowdContract(open: OpenLog): void {
  it('has the same rows for ever once it is closed, however many append', async () => {
    await withLog(open, async (log) => {
      const [node, other, reader] = [await log.node(), await log.node(), await log.node()];
      const seen: { readonly past: number; readonly rows: readonly LogRow[] }[] = [];
      let isWriting = true;
      const write = async (writer: LogNode, from: number): Promise<void> => {
        for (let n = from; n < from + 40; n++) await append(writer, 'close-crowd', row(n));
      };
      const watch = async (): Promise<void> => {
        while (isWriting) {
          const past = (await read(reader, 'close-crowd'))?.head?.at ?? 0;
          if ((await closeWhenPast(reader, 'close-crowd', past)) !== 'closed') continue;
          seen.push({ past, rows: upTo(past, await readAll(reader, 'close-crowd')) });
        }
      };
      await append(node, 'close-crowd', row(999));
      const watching = watch();
      await Promise.all([write(node, 0), write(other, 100)]);
      isWriting = false;
      await watching;
      const all = await readAll(reader, 'close-crowd');
      expect(all).toHaveLength(81);
      expect(seen.length).toBeGreaterThan(5);
      for (const { past, rows } of seen) expect(bodies(upTo(past, all))).toEqual(bodies(rows));
    });
  });
}

function upTo(past: number, rows: readonly LogRow[]): readonly LogRow[] {
  return rows.filter((each) => each.at <= past);
}
