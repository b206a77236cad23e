/** Job: the text of a document at a moment. */
import { createHash } from 'node:crypto';
import type { PastMoment } from './asked-moment.ts';
import { encodeJson, type JobTools, type WholeAnswer } from './history-job.ts';
import { momentBody, resolvedOf } from './resolved-moment.ts';

export interface TextJob {
  readonly type: 'text';
  readonly document: string;
  readonly moment: PastMoment;
  readonly format: 'plain' | 'json';
}

export async function textAtMoment(job: TextJob, tools: JobTools): Promise<WholeAnswer> {
  const { document, moment, format } = job;
  const past = await tools.source.foldAt(document, moment, tools.deadline);
  const resolved = resolvedOf(past);
  const { text } = past.fold.sequence;
  tools.source.giveBack(document, past.fold);
  const plain = Buffer.from(text);
  const hash = createHash('sha256').update(plain).digest('hex');
  const body =
    format === 'plain' ? plain : encodeJson({ document, ...momentBody(resolved), hash, text });
  return { type: 'whole', resolved: [resolved], body, hash };
}
