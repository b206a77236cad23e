/** Job: which row a moment means. */
import type { PastMoment } from './asked-moment.ts';
import type { JobTools } from './history-job.ts';
import { type ResolvedMoment, resolvedOf } from './resolved-moment.ts';

export interface PlaceJob {
  readonly type: 'place';
  readonly document: string;
  readonly moment: PastMoment;
}

export interface PlaceAnswer {
  readonly type: 'place';
  readonly place: ResolvedMoment;
}

export async function placeOfMoment(
  { document, moment }: PlaceJob,
  { source, deadline }: JobTools,
): Promise<PlaceAnswer> {
  const past = await source.foldAt(document, moment, deadline);
  const place = resolvedOf(past);
  source.giveBack(document, past.fold);
  return { type: 'place', place };
}
