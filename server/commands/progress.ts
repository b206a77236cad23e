/** How far long work is, as a line that is written over; only where somebody looks. */
import type { Terminal } from './command.ts';

/** Of the line: more often is not seen. */
const intervalMs = 100;

/** Returns what to call with what is done of how much. The last call clears the line. */
export function progressLine(
  { stderr }: Pick<Terminal, 'stderr'>,
  label: string,
): (done: number, total: number) => void {
  if (stderr.isTTY !== true) return () => {};
  let shownMs = Number.NEGATIVE_INFINITY;
  return (done, total) => {
    const isLast = done >= total;
    if (!isLast && performance.now() - shownMs < intervalMs) return;
    shownMs = performance.now();
    const percent = Math.floor((100 * done) / Math.max(total, 1));
    stderr.write(isLast ? '\r\u001b[K' : `\r${label}: ${percent} % (${done} of ${total})\u001b[K`);
  };
}
