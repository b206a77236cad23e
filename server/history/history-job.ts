/**
 * What the history thread can be asked, and how it answers. A job is one file `*-job.ts`, a line in
 * the union here and one in the switch of history-jobs.ts.
 *
 * Bodies are encoded in the thread, so that the event loop of the node only passes bytes on.
 */
import type { ProblemCode } from '../../proto/codes.ts';
import type { AuthorsJob } from './authors-job.ts';
import type { ChangesJob } from './changes-job.ts';
import type { DiffJob } from './diff-job.ts';
import type { EditJob } from './edit-job.ts';
import type { Deadline, FoldSource } from './fold-source.ts';
import type { GroupsJob } from './groups-job.ts';
import type { PlaceJob } from './place-job.ts';
import type { ResolvedMoment } from './resolved-moment.ts';
import type { TextJob } from './text-job.ts';

export type HistoryJob =
  | TextJob
  | AuthorsJob
  | DiffJob
  | ChangesJob
  | GroupsJob
  | PlaceJob
  | EditJob;

/** What a job works with. */
export interface JobTools {
  readonly source: FoldSource;
  readonly deadline: Deadline;
}

/** An answer whose body is complete. */
export interface WholeAnswer {
  readonly type: 'whole';
  /** The moments that it depends on; with them it is always the same. */
  readonly resolved: readonly ResolvedMoment[];
  readonly body: Uint8Array;
  /** SHA-256 of the text, if that was asked for. */
  readonly hash: string | null;
}

/** A job as it is posted. */
export interface TimedJob {
  readonly job: HistoryJob;
  /** Time that it may take once it has begun. */
  readonly limitMs: number;
}

/** There is no answer, and why. */
export interface Refused {
  readonly type: 'refused';
  readonly code: ProblemCode;
  readonly detail: string;
}

export function encodeJson(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** Whether the thread answered with this type. The thread is ours: the type tells all. */
export function isAnswer<Answer extends { readonly type: string }>(
  type: Answer['type'],
  answer: unknown,
): answer is Answer {
  return typeof answer === 'object' && answer !== null && 'type' in answer && answer.type === type;
}
