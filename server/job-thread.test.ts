/**
 * Goal: every job is answered once, in order or with what went wrong, whatever the thread does; and
 * there is no thread while there is nothing to do. Method: a real thread that does what it is told.
 */
import { afterEach, expect, it, vi } from 'vitest';
import { JobThread, ThreadBusyError } from './job-thread.ts';
import type { EchoJob } from './testing/echo-thread.ts';

interface Answer {
  readonly said: string;
  /** Jobs of this thread so far. */
  readonly performed: number;
  readonly threadId: number;
}

const open: JobThread<EchoJob, Answer>[] = [];

function openThread({ jobsMax = 10, idleMs = 60_000 } = {}): JobThread<EchoJob, Answer> {
  const module = new URL('./testing/echo-thread', import.meta.url);
  const thread = new JobThread<EchoJob, Answer>({
    ...{ module, data: { greeting: 'hello' }, jobsMax, idleMs },
  });
  open.push(thread);
  return thread;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((thread) => thread.close()));
});

it('jobs are done by one thread, in order, and one that fails is told as it is', async () => {
  const thread = openThread();
  const [first, failed, last] = await Promise.allSettled([
    thread.run({ say: 'a' }),
    thread.run({ say: 'b', end: 'fail' }),
    thread.run({ say: 'c' }),
  ]);
  expect(first).toMatchObject({ value: { said: 'hello a', performed: 1 } });
  expect(failed).toMatchObject({ reason: new Error('failed at b') });
  expect(last).toMatchObject({ value: { said: 'hello c', performed: 3 } });
});

it('a queue that is full refuses, and takes jobs again when it is not', async () => {
  const thread = openThread({ jobsMax: 2 });
  const taken = [thread.run({ say: 'a' }), thread.run({ say: 'b' })];
  await expect(thread.run({ say: 'c' })).rejects.toThrow(ThreadBusyError);
  await Promise.all(taken);
  expect(await thread.run({ say: 'd' })).toMatchObject({ said: 'hello d', performed: 3 });
});

it.each([
  ['throw', 'died of b'],
  ['exit', 'the thread ended with code 3'],
] as const)(
  'a thread that dies (%s) fails its jobs, and the next has another',
  async (end, told) => {
    const thread = openThread();
    const before = await thread.run({ say: 'a' });
    const failed = await Promise.allSettled([
      thread.run({ say: 'b', end }),
      thread.run({ say: 'c' }),
    ]);
    for (const each of failed) expect(each).toMatchObject({ reason: new Error(told) });
    const after = await thread.run({ say: 'd' });
    expect(after).toMatchObject({ said: 'hello d', performed: 1 });
    expect(after.threadId).not.toBe(before.threadId);
  },
);

it('a thread without jobs ends, and the next job starts one', async () => {
  const thread = openThread({ idleMs: 1 });
  const { threadId } = await thread.run({ say: 'a' });
  const isAnother = async (): Promise<void> => {
    expect((await thread.run({ say: 'b' })).threadId).not.toBe(threadId);
  };
  // It is idle between two attempts.
  await vi.waitFor(isAnother, { timeout: 20_000, interval: 20 });
});

it('jobs that wait when it is closed fail, and so do later ones', async () => {
  const thread = openThread();
  const waiting = thread.run({ say: 'a' });
  const closed = thread.close();
  await expect(waiting).rejects.toThrow('the server stops');
  await closed;
  await expect(thread.run({ say: 'b' })).rejects.toThrow('the thread is closed');
});
