/**
 * Calls at given times, to a fraction of a millisecond: a thread waits for each and wakes the event
 * loop. Node's own timers come up to 1 ms late, which is half of what is to be measured, and a loop
 * that looks at the clock all the time would take a core from the server.
 */
import { Worker } from 'node:worker_threads';

/** Runs in the thread. `shared`: 1 while a message is on its way; how many times have come. */
const code = `
const { parentPort, workerData } = require('node:worker_threads');
const { shared, times } = workerData;
const never = new Int32Array(new SharedArrayBuffer(4));
for (const [index, time] of times.entries()) {
  const ms = time - Number(process.hrtime.bigint()) / 1e6;
  if (ms > 0) Atomics.wait(never, 0, 0, ms);
  Atomics.store(shared, 1, index + 1);
  if (Atomics.exchange(shared, 0, 1) === 0) parentPort.postMessage(0);
}
`;

/**
 * Calls `fire` with the index of each time (of own-clock.ts, ascending), in order, when it has come
 * or as soon as the event loop gets to it. Resolves after the last.
 */
export function pace(times: Float64Array, fire: (index: number) => void): Promise<void> {
  if (times.length === 0) return Promise.resolve();
  const shared = new Int32Array(new SharedArrayBuffer(8));
  return new Promise((resolve, reject) => {
    const worker = new Worker(code, { eval: true, workerData: { shared, times } });
    let next = 0;
    worker.on('error', reject);
    worker.on('message', () => {
      // First the one, then the other: a time that comes after the look brings another message.
      Atomics.store(shared, 0, 0);
      const come = Atomics.load(shared, 1);
      while (next < come) fire(next++);
      if (next === times.length) resolve();
    });
  });
}
