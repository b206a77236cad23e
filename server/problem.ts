/** HTTP errors as Problem Details (RFC 9457). */
import { STATUS_CODES } from 'node:http';

export const problemType = 'application/problem+json';

/** The body; `detail` tells a person what was wrong and what to do. */
export function problemBody(status: number, detail: string): string {
  const title = STATUS_CODES[status] ?? 'Error';
  return `${JSON.stringify({ type: 'about:blank', title, status, detail })}\n`;
}
