/** The inside of a thread for the test of JobThread: answers, fails or dies as it is told. */
import { threadId, workerData } from 'node:worker_threads';
import { serveJobs } from '../job-thread-main.ts';

/** What the thread is told. */
export interface EchoJob {
  readonly say: string;
  readonly end?: 'fail' | 'throw' | 'exit';
}

let performed = 0;

serveJobs(async ({ say, end }: EchoJob) => {
  performed += 1;
  if (end === 'fail') throw new Error(`failed at ${say}`);
  if (end === 'exit') process.exit(3);
  if (end === 'throw') {
    setImmediate(() => {
      throw new Error(`died of ${say}`);
    });
    await new Promise(() => {});
  }
  return { said: `${workerData.greeting} ${say}`, performed, threadId };
});
