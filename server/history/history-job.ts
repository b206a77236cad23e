/**
 * What the history thread can be asked, and how it answers. A job is one file `*-job.ts`, a line in
 * the union here and one in the switch of history-jobs.ts.
 *
 * Bodies are encoded in the thread, so that the event loop of the node only passes bytes on.
 */
import type { BadSnapshot } from '../../engine/driver/snapshot-loader.ts';
import type { ProblemCode } from '../../proto/codes.ts';
import type { AuthorsJob } from './authors-job.ts';
import type { ChangesJob, ChangesPiece } from './changes-job.ts';
import type { DiffJob } from './diff-job.ts';
import type { EditAnswer, EditJob } from './edit-job.ts';
import type { Deadline, FoldSource } from './fold-source.ts';
import type { GroupsJob } from './groups-job.ts';
import type { PlaceAnswer, PlaceJob } from './place-job.ts';
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

export type HistoryAnswer = WholeAnswer | ChangesPiece | PlaceAnswer | EditAnswer | Refused;

export type AnswerOf<Type> = Extract<HistoryAnswer, { readonly type: Type }>;

/** An answer as it is posted. */
export interface TimedAnswer {
  readonly answer: HistoryAnswer;
  /** Snapshots that were passed over on the way. */
  readonly bad: readonly BadSnapshot[];
  /** Calls of the object store that failed, in words. */
  readonly failures: readonly string[];
}

export function encodeJson(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** Whether the answer is of this type. */
export function isAnswer<Type extends HistoryAnswer['type']>(
  type: Type,
  answer: HistoryAnswer,
): answer is AnswerOf<Type> {
  return answer.type === type;
}
