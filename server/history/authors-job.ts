/** Job: who wrote each range of the text at a moment. */
import type { PastMoment } from './asked-moment.ts';
import { encodeJson, type JobTools, type WholeAnswer } from './history-job.ts';
import { momentBody, resolvedOf } from './resolved-moment.ts';

export interface AuthorsJob {
  readonly type: 'authors';
  readonly document: string;
  readonly moment: PastMoment;
}

export async function authorsAtMoment(job: AuthorsJob, tools: JobTools): Promise<WholeAnswer> {
  const { document, moment } = job;
  const past = await tools.source.foldAt(document, moment, tools.deadline);
  const resolved = resolvedOf(past);
  const { sequence, table } = past.fold;
  const ranges = sequence.authorship().map((range) => ({
    ...range,
    principal: table.entryOf(range.replica)?.binding?.principal ?? null,
  }));
  tools.source.giveBack(document, past.fold);
  const body = encodeJson({ document, ...momentBody(resolved), ranges });
  return { type: 'whole', resolved: [resolved], body, hash: null };
}
