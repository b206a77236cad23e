/**
 * Job: the difference between two moments, in either direction. The fold of the later one knows
 * both texts: it is asked for the version that the earlier one had.
 */
import type { PastMoment } from './asked-moment.ts';
import { encodeJson, type JobTools, type WholeAnswer } from './history-job.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { momentBody, resolvedOf } from './resolved-moment.ts';
import { countSplices } from './splice-count.ts';

export interface DiffJob {
  readonly type: 'diff';
  readonly document: string;
  readonly from: PastMoment;
  readonly to: PastMoment;
}

export async function differenceOf(job: DiffJob, tools: JobTools): Promise<WholeAnswer> {
  const { document } = job;
  const before = await versionAt(job, job.from, tools);
  const after = await versionAt(job, job.to, tools);
  if (before.resolved.epoch !== after.resolved.epoch) {
    throw new HistoryRefusal('history-changed', 'the history changed in between; ask again');
  }
  const lsn = Math.max(before.resolved.lsn, after.resolved.lsn);
  const { fold } = await tools.source.foldAt(document, { type: 'lsn', lsn }, tools.deadline);
  const splices = fold.sequence.changesBetween(before.version, after.version);
  tools.source.giveBack(document, fold);
  const body = encodeJson({
    document,
    from: momentBody(before.resolved),
    to: momentBody(after.resolved),
    ...countSplices(splices),
    splices,
  });
  return { type: 'whole', resolved: [before.resolved, after.resolved], body, hash: null };
}

async function versionAt({ document }: DiffJob, moment: PastMoment, tools: JobTools) {
  const past = await tools.source.foldAt(document, moment, tools.deadline);
  const known = { resolved: resolvedOf(past), version: past.fold.committed.clone() };
  tools.source.giveBack(document, past.fold);
  return known;
}
