/** HTTP errors as Problem Details (RFC 9457), with a code from the closed list (proto/codes.ts). */
import { STATUS_CODES } from 'node:http';
import { type ProblemCode, problemCodes } from '../proto/codes.ts';

export const problemType = 'application/problem+json';

export function problemStatus(code: ProblemCode): number {
  return problemCodes[code].http;
}

/** The body; `detail` tells a person what was wrong and what to do. */
export function problemBody(code: ProblemCode, detail: string): string {
  const status = problemStatus(code);
  const title = STATUS_CODES[status] ?? 'Error';
  return `${JSON.stringify({ type: 'about:blank', title, status, detail, code })}\n`;
}
