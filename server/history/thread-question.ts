/** A question to the history thread that is given up after a while, waiting included. */
import type { AnswerOf, HistoryAnswer, HistoryJob } from './history-job.ts';
import { HistoryRefusal } from './history-refusal.ts';
import type { HistoryThread } from './history-thread.ts';

/** How a request asks, and when it gives up. */
export interface Asking {
  readonly thread: Pick<HistoryThread, 'ask'>;
  readonly limitMs: number;
  /** The caller is gone. */
  readonly signal: AbortSignal;
}

/** See HistoryThread.ask; `overloaded` if it takes too long. */
export async function askInTime<Type extends HistoryAnswer['type']>(
  { thread, limitMs, signal }: Asking,
  type: Type,
  job: HistoryJob,
): Promise<AnswerOf<Type>> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    return await thread.ask(type, job, AbortSignal.any([signal, limit]));
  } catch (error) {
    throw limit.aborted ? waitedTooLong() : error;
  }
}

function waitedTooLong(): HistoryRefusal {
  return new HistoryRefusal('overloaded', 'the request waited too long; ask again later');
}
