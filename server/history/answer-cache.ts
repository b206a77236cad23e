/**
 * Answers that are closed, kept for the next who asks the same.
 *
 * Closed is for ever but for what an operator does: delete, prune, a new epoch after a restore. So
 * one look at the log comes before each use: the head, and the row that the answer ends with.
 */
import { ByteCache } from '../byte-cache.ts';
import type { LogLook, LogReader } from '../postgres/log-reader.ts';
import { type Encoding, pack } from './answer-headers.ts';
import type { PastMoment } from './asked-moment.ts';
import type { WholeAnswer } from './history-job.ts';
import type { ResolvedMoment } from './resolved-moment.ts';

/** What an entry takes besides its bodies. */
const entryBytes = 1024;

export interface KnownAnswer {
  readonly answer: WholeAnswer;
  /** As it was packed so far. */
  readonly packed: Map<Encoding, Uint8Array>;
}

export class AnswerCache {
  readonly #log: Pick<LogReader, 'look'>;
  readonly #known: ByteCache<KnownAnswer>;

  constructor(options: { readonly log: Pick<LogReader, 'look'>; readonly bytesMax: number }) {
    this.#log = options.log;
    this.#known = new ByteCache(options.bytesMax);
  }

  /** null: not known, or not true any more. `moments`: what was asked, as it was resolved. */
  async find(
    document: string,
    key: string,
    moments: readonly PastMoment[],
  ): Promise<KnownAnswer | null> {
    const known = this.#known.get(key);
    if (known === undefined) return null;
    const { resolved } = known.answer;
    for (const [i, moment] of resolved.entries()) {
      // A database that does not answer: whoever asks the thread is told so.
      const look = await this.#log.look(document, moment.lsn).catch(() => null);
      if (look !== null && isStillTrue(look, moment, moments[i])) continue;
      this.#known.delete(key);
      return null;
    }
    return known;
  }

  /** Kept if it is closed. */
  add(key: string, answer: WholeAnswer): KnownAnswer {
    const known: KnownAnswer = { answer, packed: new Map([['identity', answer.body]]) };
    if (answer.resolved.every(({ closed }) => closed)) this.#keep(key, known);
    return known;
  }

  /** The body, packed now if it was not before. */
  async bodyOf(key: string, known: KnownAnswer, encoding: Encoding): Promise<Uint8Array> {
    const body = known.packed.get(encoding) ?? (await pack(known.answer.body, encoding));
    known.packed.set(encoding, body);
    if (this.#known.get(key) === known) this.#keep(key, known);
    return body;
  }

  #keep(key: string, known: KnownAnswer): void {
    let bytes = entryBytes + key.length;
    for (const body of known.packed.values()) bytes += body.length;
    this.#known.set(key, known, bytes);
  }
}

function isStillTrue(
  look: LogLook,
  { epoch, lsn, at }: ResolvedMoment,
  asked: PastMoment | undefined,
): boolean {
  if (look.state !== 'live' || look.epoch !== epoch) return false;
  if (lsn === 0 ? look.prunedLsn > 0 : look.rowAt !== at) return false;
  return asked?.type !== 'time' || look.headAt > asked.at;
}
