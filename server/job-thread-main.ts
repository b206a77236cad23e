/** The inside of a JobThread (job-thread.ts): does what it is told, one after the other. */
import { parentPort } from 'node:worker_threads';
import { assert } from '../engine/assert.ts';
import type { JobAnswer } from './job-thread.ts';

/** Answers every message with what `perform` makes of it. */
export function serveJobs<Job>(perform: (job: Job) => Promise<unknown>): void {
  const port = parentPort;
  assert(port !== null, 'a thread, not a process of its own');
  let before: Promise<void> = Promise.resolve();
  port.on('message', (job: Job) => {
    before = before.then(async () => port.postMessage(await answerOf(() => perform(job))));
  });
}

async function answerOf(work: () => Promise<unknown>): Promise<JobAnswer> {
  try {
    return { type: 'done', result: await work() };
  } catch (error) {
    return { type: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}
