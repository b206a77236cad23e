/** A question about the past that has no answer: why, with a code from the closed list. */
import type { ProblemCode } from '../../proto/codes.ts';

export class HistoryRefusal extends Error {
  readonly code: ProblemCode;

  /** `detail` tells a person what was wrong and what to do. */
  constructor(code: ProblemCode, detail: string) {
    super(detail);
    this.name = 'HistoryRefusal';
    this.code = code;
  }
}
