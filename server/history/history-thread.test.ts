/** What waits, what is handed over, what is given up. The thread is played by the test. */
import { expect, it } from 'vitest';
import { must } from '../../engine/assert.ts';
import type { HistoryJob, WholeAnswer } from './history-job.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { HistoryThread } from './history-thread.ts';

interface Handed {
  readonly job: unknown;
  readonly answer: (answer: unknown) => void;
  readonly fail: (error: Error) => void;
}

function setUp(waitingMax = 10) {
  const handed: Handed[] = [];
  const run = (job: unknown): Promise<unknown> =>
    new Promise((answer, fail) => handed.push({ job, answer, fail }));
  const thread = new HistoryThread({ thread: { run }, waitingMax, limitMs: 7 });
  const ask = (lsn: number, signal = new AbortController().signal): Promise<WholeAnswer> => {
    const asked = thread.ask<WholeAnswer>('whole', jobAt(lsn), signal);
    asked.catch(() => {});
    return asked;
  };
  return { handed, thread, ask };
}

function jobAt(lsn: number): HistoryJob {
  return { type: 'text', document: 'doc', moment: { type: 'lsn', lsn }, format: 'json' };
}

const whole: WholeAnswer = { type: 'whole', resolved: [], body: new Uint8Array(), hash: null };

it('two questions are with the thread; the others follow in order', async () => {
  const { handed, thread, ask } = setUp();
  const first = ask(1);
  for (const lsn of [2, 3, 4]) void ask(lsn);
  expect([handed.length, thread.waiting]).toEqual([2, 2]);
  must(handed[0], 'a job').answer(whole);
  expect(await first).toBe(whole);
  expect(handed.map(({ job }) => job)).toEqual(
    [1, 2, 3].map((lsn) => ({ job: jobAt(lsn), limitMs: 7 })),
  );
});

it('a question that does not fit is refused, and nothing is lost', async () => {
  const { thread, ask } = setUp(1);
  for (const lsn of [1, 2, 3]) void ask(lsn);
  await expect(ask(4)).rejects.toMatchObject({ code: 'overloaded' });
  expect(thread.waiting).toBe(1);
});

it('what is given up before it has begun never begins', async () => {
  const { handed, thread, ask } = setUp();
  const gone = new AbortController();
  const [first] = [ask(1), ask(2)];
  const givenUp = ask(3, gone.signal);
  void ask(4);
  gone.abort(new Error('gone'));
  await expect(givenUp).rejects.toThrow('gone');
  expect(thread.waiting).toBe(1);
  must(handed[0], 'a job').answer(whole);
  await first;
  expect(handed.at(-1)?.job).toMatchObject({ job: jobAt(4) });
  await expect(ask(5, gone.signal)).rejects.toThrow('gone');
});

it('a refusal and a death of the thread reach who asked, and the next has its turn', async () => {
  const { handed, ask } = setUp();
  const [refused, failed] = [ask(1), ask(2)];
  const third = ask(3);
  must(handed[0], 'a job').answer({ type: 'refused', code: 'bad-moment', detail: 'too late' });
  await expect(refused).rejects.toThrow(new HistoryRefusal('bad-moment', 'too late'));
  must(handed[1], 'a job').fail(new Error('the thread ended'));
  await expect(failed).rejects.toThrow('the thread ended');
  must(handed[2], 'a job').answer(whole);
  expect(await third).toBe(whole);
});
