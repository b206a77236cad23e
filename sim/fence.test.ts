/** Goal: what could make two runs differ throws while a simulation runs, and works again after. */
import { expect, it } from 'vitest';
import { fenced } from './fence.ts';

const forbidden: readonly (readonly [string, () => unknown])[] = [
  ['Date', () => Date.now()],
  ['random', () => Math.random()],
  ['performance', () => performance.now()],
  ['Promise', () => Promise.resolve()],
  ['setTimeout', () => setTimeout(() => undefined, 0)],
  ['queueMicrotask', () => queueMicrotask(() => undefined)],
  ['Intl', () => new Intl.Collator()],
  ['localeCompare', () => 'a'.localeCompare('b')],
  ['log', () => Math.log(2)],
  ['crypto', () => crypto.getRandomValues(new Uint8Array(1))],
];

it.each(forbidden)('%s throws behind the fence and is there after it', (name, use) => {
  expect(() => fenced(use)).toThrow(`${name} is not to be used in a simulation`);
  expect(use).not.toThrow();
});

it('what was forbidden is there again after work that throws', () => {
  const now = Date.now;
  expect(() =>
    fenced(() => {
      throw new Error('in the middle');
    }),
  ).toThrow('in the middle');
  expect(Date.now).toBe(now);
});

it('a fence inside a fence keeps both', () => {
  expect(() =>
    fenced(() => {
      fenced(() => 1);
      return Date.now();
    }),
  ).toThrow('Date');
  expect(typeof Date.now()).toBe('number');
});
