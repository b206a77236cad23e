/** Something that every one of many clients does once in a period, spread evenly over it. */
import { nowMs } from './own-clock.ts';

const stepMs = 20;

/** Calls `act` with 0 … `count` - 1 in turn; returns how to stop that. */
export function startRounds(
  { periodMs, count }: { readonly periodMs: number; readonly count: number },
  act: (index: number) => void,
): () => void {
  const startMs = nowMs();
  let done = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((nowMs() - startMs) / periodMs) * count);
    // A process that stood still does not make up for it.
    done = Math.max(done, due - count);
    for (; done < due; done++) act(done % count);
  }, stepMs);
  return () => clearInterval(timer);
}
