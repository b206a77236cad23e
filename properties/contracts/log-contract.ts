/**
 * What every log must keep, the real one and the model: LogPort of engine/driver/ports.ts.
 *
 * Method: nodes on one log, each with a connection that can be broken at every step of an append.
 * Every append and read of a test goes through log-calls.ts, which also sees to it that each is
 * answered once and never within its call. Nothing is timed: a test waits for answers.
 */
import { describe, expect, it } from 'vitest';
import { assert } from '../../engine/assert.ts';
import type { AppendResult, HistoryPort, LogPort, LogRow } from '../../engine/driver/ports.ts';
import {
  type Answered,
  append,
  at,
  bodies,
  committed,
  expectKept,
  read,
  readAll,
  rejected,
  row,
  takeRepeated,
  unknown,
} from './log-calls.ts';

/** Where an append's connection breaks. `late`: nobody hears of it, and it arrives long after. */
export type CutStep = 'before the request' | 'after the request' | 'in the reply' | 'late';

/** A log, and the means to break it. Names of documents are used once per run. */
export interface LogUnderTest {
  /**
   * Another node, connected. `impatient`: it gives up soon what does not go on; for tests in which
   * nothing else is asked of it.
   */
  node(options?: { readonly impatient: boolean }): Promise<LogNode>;
  /** The database refuses it whatever the document. */
  readonly refusedBody: Uint8Array;
  /**
   * Somebody else holds the lock of the document's head, for less time than a node waits;
   * `tooLong`: for more than an impatient one does. Resolves when it is held, with its release.
   */
  holdHead(document: string, options?: { readonly tooLong: boolean }): Promise<() => Promise<void>>;
  /** The database's clock is behind the last row of the document from now on. */
  setClockBack(document: string): Promise<void>;
  /** Nobody reaches the database; resolves with its end. */
  outage(): Promise<() => Promise<void>>;
  /** Resolves when nothing is on its way to the database any more. */
  settled(): Promise<void>;
  /**
   * An append that is begun, and does not get to the head before it is released; resolves when it
   * has begun.
   */
  beginSlowly(
    node: LogNode,
    document: string,
    body: Uint8Array,
  ): Promise<{ readonly result: Promise<AppendResult>; release(): Promise<void> }>;
  /** An operator deletes the document. */
  remove(document: string): Promise<'deleted' | 'absent'>;
  /** An operator removes the rows up to `lsn`. */
  prune(document: string, lsn: number): Promise<'pruned' | 'absent' | 'deleted' | 'beyond'>;
  close(): Promise<void>;
}

export interface LogNode {
  readonly port: LogPort & HistoryPort;
  /** The next append meets this; nothing else is sent meanwhile. */
  cutNext(step: CutStep): void;
  /** Resolves when the node reaches the log, again after a cut. */
  connected(): Promise<void>;
  /** The process ends without a word; null: this log cannot play that. */
  readonly die: (() => void) | null;
}

export type OpenLog = () => Promise<LogUnderTest>;

/** Registers the tests; each opens a log of its own. */
export function logContract(open: OpenLog, can: { readonly die: boolean }): void {
  describe('an append', () => {
    numberContract(open);
    refusalContract(open);
    visibilityContract(open);
  });
  describe('appends of several nodes', () => {
    orderContract(open);
    crowdContract(open);
  });
  describe('a read', () => readContract(open));
  describe('an append that breaks', () => {
    breakContract(open);
    patienceContract(open);
    cutsContract(open);
  });
  describe('an outage', () => outageContract(open));
  if (can.die) describe('a process that dies', () => deathContract(open));
}

function numberContract(open: OpenLog): void {
  it('gives the rows of each document the numbers 1, 2, 3', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      for (let lsn = 1; lsn <= 3; lsn++) {
        expect(await append(node, 'own-a', row(lsn))).toEqual(committed(lsn));
        expect(await append(node, 'own-b', row(lsn))).toEqual(committed(lsn));
      }
    });
  });

  it('gives a new document its epoch, up to the largest; others are rejected', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      const epoch = 2 ** 53 - 1;
      expect(await append(node, 'epoch', row(1), epoch)).toEqual(committed(1));
      expect(await append(other, 'epoch', row(2), 7)).toEqual(rejected('epoch'));
      expect(await append(other, 'epoch', row(3), epoch)).toEqual(committed(2));
      const page = await read(node, 'epoch');
      expect(page?.head).toMatchObject({ epoch, lsn: 2, state: 'live' });
    });
  });

  it('of two first ones with different epochs exactly one wins', async () => {
    await withLog(open, async (log) => {
      const nodes = [await log.node(), await log.node()];
      const results = await Promise.all(
        nodes.map((node, n) => append(node, 'first', row(n), n + 1)),
      );
      expect(results).toContainEqual(committed(1));
      expect(results).toContainEqual(rejected('epoch'));
    });
  });
}

function refusalContract(open: OpenLog): void {
  it('of a row that the database refuses is rejected, and nothing is written', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      expect(await append(node, 'refused', log.refusedBody)).toEqual(rejected('invalid'));
      expect(await read(node, 'refused')).toEqual({ head: null, rows: [] });
      expect(await append(node, 'refused', row(1))).toEqual(committed(1));
      expect(await append(node, 'refused', log.refusedBody)).toEqual(rejected('invalid'));
      expect(await append(node, 'refused', row(2))).toEqual(committed(2));
      expect(bodies(await readAll(node, 'refused'))).toEqual([row(1), row(2)]);
    });
  });

  it('that is refused takes none with it that was asked for in the same moment', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      await append(node, 'group-other', row(0), 7);
      const results = await Promise.all([
        append(node, 'group-a', row(1)),
        append(node, 'group-other', row(2), 8),
        append(node, 'group-refused', log.refusedBody),
        append(node, 'group-b', row(3)),
      ]);
      const expected = [committed(1), rejected('epoch'), rejected('invalid'), committed(1)];
      expect(results).toEqual(expected);
    });
  });
}

function visibilityContract(open: OpenLog): void {
  it('is visible to every node when it is committed', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      for (let lsn = 1; lsn <= 30; lsn++) {
        const result = await append(node, 'visible', row(lsn));
        const page = await read(other, 'visible', lsn - 1);
        expect(page?.head).toMatchObject({ lsn, ...at(result) });
        expect(page?.rows).toEqual([{ lsn, ...at(result), body: row(lsn) }]);
      }
    });
  });

  it('has a time that never falls, though the clock of the database does', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      await append(node, 'clock', row(1));
      await log.setClockBack('clock');
      const before = (await read(node, 'clock'))?.head?.at ?? 0;
      const results = [await append(other, 'clock', row(2)), await append(node, 'clock', row(3))];
      const times = [before, ...results.map((result) => at(result).at)];
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      const rows = await readAll(node, 'clock');
      expect(rows.slice(1).map((each) => each.at)).toEqual(times.slice(1));
    });
  });
}

function orderContract(open: OpenLog): void {
  it('that wait for a head get numbers without holes when it is free', async () => {
    await withLog(open, async (log) => {
      const nodes = [await log.node(), await log.node(), await log.node()];
      const [first] = nodes;
      assert(first !== undefined, 'three nodes');
      await append(first, 'held', row(0));
      const release = await log.holdHead('held');
      const waiting = [1, 2, 3, 4, 5, 6].map(async (n) => {
        const node = nodes[n % 3] ?? first;
        return { n, result: await append(node, 'held', row(n)) };
      });
      await release();
      await expectGapless(first, 'held', await Promise.all(waiting), [row(0)]);
    });
  });

  it('commit in another order than they were begun, when a head is held', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      await append(node, 'order-held', row(0));
      const release = await log.holdHead('order-held');
      const order: string[] = [];
      const held = append(node, 'order-held', row(1)).then(() => order.push('held'));
      for (let lsn = 1; lsn <= 3; lsn++) {
        expect(await append(other, 'order-free', row(lsn))).toEqual(committed(lsn));
      }
      order.push('free');
      expect((await read(other, 'order-held'))?.head?.lsn).toBe(1);
      await release();
      await held;
      expect(order).toEqual(['free', 'held']);
      expect((await read(other, 'order-held'))?.head?.lsn).toBe(2);
    });
  });

  it('to one document are numbered as they commit, not as they were begun', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      const slow = await log.beginSlowly(node, 'overtaken', row(1));
      expect(await append(other, 'overtaken', row(2))).toEqual(committed(1));
      await slow.release();
      expect(await slow.result).toEqual(committed(2));
      const rows = await readAll(other, 'overtaken');
      expect(bodies(rows)).toEqual([row(2), row(1)]);
      const times = rows.map((each) => each.at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });
  });
}

function crowdContract(open: OpenLog): void {
  it('have numbers without holes and times in order, whoever is first', async () => {
    await withLog(open, async (log) => {
      const nodes = await Promise.all([0, 1, 2, 3].map(() => log.node()));
      const writing = nodes.map(async (node, index) => {
        const results: { n: number; result: AppendResult }[] = [];
        for (let round = 0; round < 8; round++) {
          // Two at a time: the second one begins while the first one is on its way.
          const pair = [0, 1].map(async (half) => {
            const n = index * 100 + round * 2 + half;
            return { n, result: await append(node, 'crowd', row(n)) };
          });
          results.push(...(await Promise.all(pair)));
        }
        return results;
      });
      const [first] = nodes;
      assert(first !== undefined, 'four nodes');
      await expectGapless(first, 'crowd', (await Promise.all(writing)).flat(), []);
    });
  });

  it('never leave a hole for a reader, at any moment', async () => {
    await withLog(open, async (log) => {
      const [node, other, reader] = [await log.node(), await log.node(), await log.node()];
      let isWriting = true;
      const write = async (writer: LogNode, from: number): Promise<void> => {
        for (let n = from; n < from + 20; n++) {
          expect(await append(writer, 'watched', row(n))).toMatchObject({ outcome: 'committed' });
        }
      };
      const watch = async (): Promise<void> => {
        let known: readonly LogRow[] = [];
        while (isWriting) {
          const rows = await readAll(reader, 'watched');
          expect(rows.slice(0, known.length)).toEqual(known);
          known = rows;
        }
      };
      const watching = watch();
      await Promise.all([write(node, 0), write(other, 100)]);
      isWriting = false;
      await watching;
      expect(await readAll(reader, 'watched')).toHaveLength(40);
    });
  });
}

function readContract(open: OpenLog): void {
  it('gives what was written, byte by byte, as often as it is asked', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      const texts = ['x', '\0\u007f\u00ff', 'ü∞', '😀'.repeat(500), 'a'.repeat(9_000)];
      const written = texts.map((text, n) => row(n + 1, text));
      for (const body of written) await append(node, 'bytes', body);
      const first = await readAll(node, 'bytes');
      expect(bodies(first)).toEqual(written);
      for (let n = 0; n < 3; n++) expect(await readAll(await log.node(), 'bytes')).toEqual(first);
    });
  });

  it('gives rows after an LSN in order, while they fit, and one at least', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      const written = [10, 10, 60, 10].map((length, n) => row(n + 1, 'x'.repeat(length)));
      for (const body of written) await append(node, 'pages', body);
      const [first = 0, second = 0, third = 0] = written.map((body) => body.length);
      const lsns = async (afterLsn: number, bytesMax: number): Promise<readonly number[]> =>
        (await read(node, 'pages', afterLsn, bytesMax))?.rows.map(({ lsn }) => lsn) ?? [];
      expect(await lsns(0, 1e6)).toEqual([1, 2, 3, 4]);
      expect(await lsns(2, 1e6)).toEqual([3, 4]);
      expect(await lsns(4, 1e6)).toEqual([]);
      expect(await lsns(0, first + second)).toEqual([1, 2]);
      expect(await lsns(0, first + second - 1)).toEqual([1]);
      expect(await lsns(0, first + second + third - 1)).toEqual([1, 2]);
      expect(await lsns(0, 1)).toEqual([1]);
      expect(await lsns(2, 1)).toEqual([3]);
    });
  });

  it('says where the document ends, though its page ends before', async () => {
    await withLog(open, async (log) => {
      const node = await log.node();
      for (let n = 1; n <= 4; n++) await append(node, 'head', row(n), 9);
      const pages = [await read(node, 'head', 0, 1), await read(node, 'head', 4)];
      const rows = await readAll(node, 'head');
      const head = { epoch: 9, lsn: 4, at: rows.at(-1)?.at, state: 'live' };
      expect(pages.map((page) => page?.head)).toEqual([head, head]);
    });
  });

  it('tells a document that was never written from a failure', async () => {
    await withLog(open, async (log) => {
      expect(await read(await log.node(), 'never-written')).toEqual({ head: null, rows: [] });
    });
  });
}

function breakContract(open: OpenLog): void {
  it('before its request is unknown, and not there', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      expect(await appendCut(log, node, 'before the request', 'lost')).toEqual(unknown);
      expect(await read(other, 'lost')).toEqual({ head: null, rows: [] });
      expect(await append(node, 'lost', row(2))).toEqual(committed(1));
    });
  });

  for (const step of ['after the request', 'in the reply'] as const) {
    it(`${step} is unknown, and there once`, async () => {
      await withLog(open, async (log) => {
        const [node, other] = [await log.node(), await log.node()];
        const document = step.replaceAll(' ', '-');
        expect(await appendCut(log, node, step, document)).toEqual(unknown);
        expect(bodies(await readAll(other, document))).toEqual([row(1)]);
        expect(await append(node, document, row(2))).toEqual(committed(2));
      });
    });
  }
}

function patienceContract(open: OpenLog): void {
  it('because nobody answers is unknown; it comes later, or never, and not twice', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node({ impatient: true }), await log.node()];
      expect(await appendCut(log, node, 'late', 'late')).toEqual(unknown);
      const known = bodies(await readAll(other, 'late'));
      expect([[], [row(1)]]).toContainEqual(known);
      expect(await append(other, 'late', row(2))).toEqual(committed(known.length + 1));
      expect(bodies(await readAll(other, 'late'))).toEqual([...known, row(2)]);
    });
  });

  it('because the head stays locked is unknown, and the others go on', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node({ impatient: true }), await log.node()];
      await append(other, 'locked', row(1));
      const release = await log.holdHead('locked', { tooLong: true });
      const locked = append(node, 'locked', row(2));
      expect(await append(other, 'not-locked', row(1))).toEqual(committed(1));
      expect(await locked).toEqual(unknown);
      await release();
      await node.connected();
      await log.settled();
      const known = bodies(await readAll(other, 'locked'));
      expect([[row(1)], [row(1), row(2)]]).toContainEqual(known);
      expect(await append(other, 'locked', row(3))).toEqual(committed(known.length + 1));
    });
  });
}

function cutsContract(open: OpenLog): void {
  it('never shows a row twice, nor loses a committed one, wherever it breaks', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      const documents = ['cuts-a', 'cuts-b', 'cuts-c'];
      const seen = documents.map((): Answered[] => []);
      const steps: CutStep[] = ['before the request', 'after the request', 'in the reply'];
      for (let round = 0; round < 45; round++) {
        const step = round % 2 === 0 ? steps[(round / 2) % 3] : undefined;
        if (step !== undefined) node.cutNext(step);
        const answers = documents.map((document) => append(node, document, row(round)));
        for (const [index, answer] of answers.entries()) {
          seen[index]?.push({ n: round, result: await answer });
        }
        await node.connected();
      }
      await log.settled();
      const outcomes = new Set(seen.flat().map(({ result }) => result.outcome));
      expect(outcomes).toEqual(new Set(['committed', 'unknown']));
      for (const [index, document] of documents.entries()) {
        expectKept(await readAll(other, document), seen[index] ?? []);
      }
    });
  });
}

function outageContract(open: OpenLog): void {
  it('makes every append unknown and every read fail, each once, and passes', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      await append(node, 'outage', row(0));
      const end = await log.outage();
      const appends = [1, 2, 3, 4, 5].map((n) => append(node, 'outage', row(n)));
      const reads = [node, other].map((each) => read(each, 'outage'));
      expect(await Promise.all(appends)).toEqual(appends.map(() => unknown));
      expect(await Promise.all(reads)).toEqual([null, null]);
      await end();
      await Promise.all([node, other].map((each) => each.connected()));
      await log.settled();
      const known = await readAll(other, 'outage');
      expect(new Set(bodies(known).map(String)).size).toBe(known.length);
      expect(await append(node, 'outage', row(6))).toEqual(committed(known.length + 1));
      expect(await append(other, 'outage', row(7))).toEqual(committed(known.length + 2));
    });
  });
}

function deathContract(open: OpenLog): void {
  it('hears nothing any more; what it has begun goes on', async () => {
    await withLog(open, async (log) => {
      const [node, other] = [await log.node(), await log.node()];
      const calls: string[] = [];
      node.port.append('death', 1, row(1), () => calls.push('append'));
      node.port.read('death', 0, 1_000, () => calls.push('read'));
      node.die?.();
      await log.settled();
      expect(calls).toEqual([]);
      expect(bodies(await readAll(other, 'death'))).toEqual([row(1)]);
    });
  });
}

/** Appends `row(1)` over a connection that breaks, and waits until all is well and over again. */
async function appendCut(
  log: LogUnderTest,
  node: LogNode,
  step: CutStep,
  document: string,
): Promise<AppendResult> {
  node.cutNext(step);
  const result = await append(node, document, row(1));
  await node.connected();
  await log.settled();
  return result;
}

/** All are committed, and the log is `before` and then these, each where its answer says. */
async function expectGapless(
  node: LogNode,
  document: string,
  answers: readonly Answered[],
  before: readonly Uint8Array[],
): Promise<void> {
  const lsns = answers.map(({ result }) => (result.outcome === 'committed' ? result.lsn : 0));
  const expected = answers.map((_, n) => before.length + n + 1);
  expect(lsns.toSorted((a, b) => a - b)).toEqual(expected);
  const rows = await readAll(node, document);
  expect(bodies(rows.slice(0, before.length))).toEqual(before);
  expectKept(rows.slice(before.length), answers, before.length);
  const times = rows.map((each) => each.at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
}

/** Runs `body`, then sees to it that nothing was answered twice. */
export async function withLog(
  open: OpenLog,
  body: (log: LogUnderTest) => Promise<void>,
): Promise<void> {
  const log = await open();
  try {
    await body(log);
    await log.settled();
  } finally {
    await log.close();
  }
  expect(takeRepeated()).toEqual([]);
}
