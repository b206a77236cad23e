/**
 * Loaded into any Node server that is measured (`--import`): how late its event loop ran, how long
 * its garbage collections took, and what is in its memory. Its parent asks over the IPC channel;
 * the server ends with its parent.
 *
 * The delay is of a timer that fires every `stepMs`; what it adds to the load is the same for all
 * servers, about half a percent of a core.
 */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** `reset`: figures begin anew. `collect`: tell the memory after garbage was collected. */
export type ProbeQuestion = 'reset' | 'read' | 'collect';

export interface ProbeRequest {
  readonly type: 'probe';
  readonly id: number;
  readonly question: ProbeQuestion;
}

export interface ProbeAnswer {
  readonly type: 'probe';
  /** Of the request. */
  readonly id: number;
  /** Delay of the event loop since the reset, ms. */
  readonly loopDelayMaxMs: number;
  readonly loopDelayP99Ms: number;
  /** Longest pause for garbage collection since the reset, ms, and the sum of all. */
  readonly gcMaxMs: number;
  readonly gcTotalMs: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** Memory of buffers, outside of the heap. */
  readonly externalBytes: number;
}

const stepMs = 5;
/** What is given back by one collection may free more in the next turn. */
const collections = 4;

const delay = monitorEventLoopDelay({ resolution: stepMs });
let gcMaxMs = 0;
let gcTotalMs = 0;
const observer = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    gcMaxMs = Math.max(gcMaxMs, duration);
    gcTotalMs += duration;
  }
});

delay.enable();
observer.observe({ entryTypes: ['gc'] });
process.on('message', (message) => void answer(message));
process.once('disconnect', () => process.exit(1));
process.channel?.unref();

async function answer(message: unknown): Promise<void> {
  if (!isRequest(message)) return;
  const { id, question } = message;
  // Entries come some turns after the pause that they tell of.
  await nextTurn();
  if (question === 'reset') {
    delay.reset();
    [gcMaxMs, gcTotalMs] = [0, 0];
  }
  if (question === 'collect') await collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  const told: ProbeAnswer = {
    ...{ type: 'probe', id },
    loopDelayMaxMs: afterStep(delay.max),
    loopDelayP99Ms: afterStep(delay.percentile(99)),
    ...{ gcMaxMs, gcTotalMs },
    ...{ rssBytes: rss, heapUsedBytes: heapUsed, externalBytes: external },
  };
  process.send?.(told);
}

/** The histogram holds times from one firing to the next, in ns. */
function afterStep(ns: number): number {
  return Math.max(0, ns / 1e6 - stepMs);
}

async function collect(): Promise<void> {
  for (let turn = 0; turn < collections; turn++) {
    globalThis.gc?.();
    await nextTurn();
  }
}

/** The server may get messages of its own on the channel. */
function isRequest(message: unknown): message is ProbeRequest {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    message.type === 'probe' &&
    'question' in message
  );
}
