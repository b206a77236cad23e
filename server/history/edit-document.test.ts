/**
 * Goal: an edit with one key is done once, whatever the log does, and everybody who asks is told
 * the same row.
 *
 * Method: a log in memory whose appends are committed, lost, or committed without a word, at once
 * or after others, and whose reads fail. Several nodes are asked for the same at once, in an order
 * drawn from the seed; who creates the document gives it its epoch.
 */
import { describe, expect, it } from 'vitest';
import type {
  AppendResult,
  CloseOutcome,
  HistoryPort,
  LogPage,
  LogPort,
  LogRow,
} from '../../engine/driver/ports.ts';
import { Random } from '../../engine/random.ts';
import { rowFromLog } from '../../engine/sync/durability.ts';
import { Fold } from '../../engine/sync/fold.ts';
import type { ProblemCode } from '../../proto/codes.ts';
import { type EditOutcome, type EditParts, editDocument } from './edit-document.ts';
import type { EditRequest } from './edit-identity.ts';
import { type ComposedEdit, composeEdit } from './edit-job.ts';
import { FoldCache } from './fold-cache.ts';
import { FoldSource } from './fold-source.ts';
import { HistoryRefusal } from './history-refusal.ts';

const document = 'd';
const deadline = { hasPassed: false };
/** What is said where the log does not say in time. */
const doubtful: readonly string[] = ['unavailable', 'outcome-unknown'];

/** One document. Answers come in an order by chance. */
class DoubtfulLog implements LogPort, HistoryPort {
  readonly rows: LogRow[] = [];
  epoch = 0;
  readonly #random: Random;
  readonly #faultsPerMillion: number;
  readonly #waiting: (() => void)[] = [];
  #isBusy = false;

  constructor(random: Random, faultsPerMillion: number) {
    this.#random = random;
    this.#faultsPerMillion = faultsPerMillion;
  }

  append(_: string, epoch: number, body: Uint8Array, done: (result: AppendResult) => void): void {
    this.#later(() => {
      if (!this.#fails()) return done(this.#put(epoch, body));
      if (this.#random.chance(300_000)) this.#put(epoch, body);
      else if (this.#random.chance(500_000)) this.#later(() => this.#put(epoch, body));
      done({ outcome: 'unknown' });
    });
  }

  read(_: string, afterLsn: number, bytesMax: number, done: (page: LogPage | null) => void): void {
    this.#later(() => {
      const { epoch, rows } = this;
      const last = rows.at(-1);
      if (this.#fails()) done(null);
      else if (last === undefined) done({ head: null, rows: [] });
      else {
        const head = { epoch, lsn: last.lsn, at: last.at, state: 'live' } as const;
        done({ head, rows: rows.slice(afterLsn, afterLsn + Math.max(1, bytesMax / 100)) });
      }
    });
  }

  heads(): void {
    throw new Error('not asked for');
  }

  closeTime(_: string, _at: number, done: (outcome: CloseOutcome) => void): void {
    this.#later(() => done('closed'));
  }

  #fails(): boolean {
    return this.#random.chance(this.#faultsPerMillion);
  }

  #put(epoch: number, body: Uint8Array): AppendResult {
    if (this.epoch !== 0 && this.epoch !== epoch) return { outcome: 'rejected', code: 'epoch' };
    this.epoch = epoch;
    const lsn = this.rows.length + 1;
    const row = { lsn, at: 1_000 + lsn, body };
    this.rows.push(row);
    return { outcome: 'committed', lsn, at: row.at };
  }

  /** One after the other, any that waits. */
  #later(work: () => void): void {
    this.#waiting.push(work);
    if (this.#isBusy) return;
    this.#isBusy = true;
    setImmediate(() => {
      while (this.#waiting.length > 0) {
        const [next] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1);
        next?.();
      }
      this.#isBusy = false;
    });
  }
}

function nodeOn(log: DoubtfulLog, random: Random): EditParts {
  const source = new FoldSource({ log, snapshots: null, cache: new FoldCache(1_000_000) });
  return {
    compose: async (job) => (await composeEdit(job, { source, deadline })).edit,
    log,
    announce: () => {},
    random,
    wait: () => new Promise((done) => setImmediate(done)),
  };
}

function typing(key: string, text: string, base: number | null = null): EditRequest {
  const edits = [{ type: 'append', text } as const];
  return { document, principal: 'anna', key, wish: { type: 'edits', edits, base } };
}

function foldOfLog({ epoch, rows }: DoubtfulLog): Fold {
  const fold = new Fold(epoch);
  for (const row of rows) fold.apply(rowFromLog(epoch, row));
  return fold;
}

/** Where the edit was told to be; null: the log did not say in time. */
async function placeOf(parts: EditParts, request: EditRequest): Promise<number | null> {
  try {
    const outcome = await editDocument(parts, request);
    return outcome.type === 'done' ? outcome.lsn : null;
  } catch (error) {
    if (error instanceof HistoryRefusal && doubtful.includes(error.code)) return null;
    throw error;
  }
}

describe('on a log that fails, loses and repeats', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'an edit is done once (seed %i)',
    async (seed) => {
      const random = new Random(seed, 'edit');
      const log = new DoubtfulLog(random, 200_000);
      const nodes = Array.from({ length: 3 }, (_, n) => nodeOn(log, new Random(seed, `n${n}`)));
      const letters = [...'ABCDEF'];
      const asked = letters.flatMap((letter) =>
        nodes.map(async (node) => ({ letter, lsn: await placeOf(node, typing(letter, letter)) })),
      );
      const told = await Promise.all(asked);
      const fold = foldOfLog(log);
      for (const letter of letters) {
        const places = told.filter((each) => each.letter === letter).map(({ lsn }) => lsn);
        const known = new Set(places.filter((lsn) => lsn !== null));
        expect(known.size, `${letter} at ${places}`).toBeLessThanOrEqual(1);
        const count = fold.sequence.text.split(letter).length - 1;
        if (known.size === 1) expect(count).toBe(1);
        expect(count).toBeLessThanOrEqual(1);
      }
      expect(told.filter(({ lsn }) => lsn !== null).length).toBeGreaterThan(0);
    },
  );
});

describe('after an append of which nothing is known', () => {
  const unknown: Pick<LogPort, 'append'> = {
    append: (_document, _epoch, _body, done) => setImmediate(done, { outcome: 'unknown' }),
  };

  /** What is told if, from the second look on, the edit cannot be made. */
  function told(later: () => ComposedEdit): Promise<EditOutcome> {
    const log = new DoubtfulLog(new Random(1), 0);
    const node = nodeOn(log, new Random(1));
    let looks = 0;
    const parts: EditParts = {
      ...node,
      log: { append: unknown.append, read: log.read.bind(log), heads: log.heads.bind(log) },
      compose: (job) => (looks++ === 0 ? node.compose(job) : Promise.resolve().then(later)),
    };
    return editDocument(parts, typing('k', 'x'));
  }

  const refuse = (code: ProblemCode) => () => {
    throw new HistoryRefusal(code, 'a reason');
  };

  it.each(['bad-range', 'overloaded', 'unavailable'] as const)(
    'what cannot be made any more (%s) may be done',
    async (code) => {
      await expect(told(refuse(code))).rejects.toMatchObject({ code: 'outcome-unknown' });
    },
  );

  it('what is not needed any more may be done', async () => {
    const outcome = told(() => ({ type: 'unchanged', epoch: 1, lsn: 1, at: 1 }));
    await expect(outcome).rejects.toMatchObject({ code: 'outcome-unknown' });
  });

  it.each(['document-deleted', 'idempotency-key-reused'] as const)(
    'what is refused for ever (%s) is not done',
    async (code) => {
      await expect(told(refuse(code))).rejects.toMatchObject({ code });
    },
  );
});
