/** An event of a trace as a line for people. */
import { cut } from '../trace/story.ts';
import type { TraceEvent } from '../trace/trace.ts';

const columnsMax = 160;

/** Number, time in seconds, lane, what happened; at most 160 columns. */
export function traceLine({ n, t, lane, kind, what, detail }: TraceEvent): string {
  const words = [kind, what, detail ?? ''].filter((part) => part !== '').join('  ');
  const line = `${String(n).padStart(5)}  ${(t / 1000).toFixed(3)} s  ${lane.padEnd(8)} ${words}`;
  return cut(visible(line), columnsMax);
}

/** Control characters, line feeds too, by their number. */
export function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
