/** Tags, what matches them, how bodies are packed and how long they may be kept. */
import { expect, it } from 'vitest';
import { cacheHeaders, encodingFor, etagOf, matchOf, tagOf } from './answer-headers.ts';

const moment = { epoch: 7, lsn: 12, at: 1000, closed: true };
const tag = tagOf([moment], 'plain');

it('a tag is another one for each moment, format and packing, and when a moment closes', () => {
  const tags = [
    etagOf(tag, 'identity'),
    etagOf(tag, 'gzip'),
    etagOf(tag, 'br'),
    etagOf(tagOf([moment], 'json'), 'identity'),
    ...[{ epoch: 8 }, { lsn: 13 }, { at: 1001 }, { closed: false }].map((other) =>
      etagOf(tagOf([{ ...moment, ...other }], 'plain'), 'identity'),
    ),
    etagOf(tagOf([moment, moment], 'plain'), 'identity'),
  ];
  expect(new Set(tags)).toHaveLength(tags.length);
  for (const each of tags) expect(each).toMatch(/^"[\w.-]+"$/);
});

it.each([
  [undefined, null],
  ['', null],
  ['"other"', null],
  [`"${tag}"`, `"${tag}"`],
  [`W/"${tag}-br"`, `"${tag}-br"`],
  [`"other" , "${tag}-gzip"`, `"${tag}-gzip"`],
  ['*', `"${tag}"`],
])('If-None-Match %s is matched by %s', (header, match) => {
  expect(matchOf(header, tag)).toBe(match);
});

it.each([
  [undefined, 5_000, 'identity'],
  ['gzip, deflate, br', 5_000, 'br'],
  ['GZIP', 5_000, 'gzip'],
  ['br;q=0, gzip;q=0.5', 5_000, 'gzip'],
  ['br;q=0.000', 5_000, 'identity'],
  ['brotli', 5_000, 'identity'],
  ['br', 1_000, 'identity'],
])('to who accepts %s, %i bytes go as %s', (header, bytes, encoding) => {
  expect(encodingFor(header, bytes)).toBe(encoding);
});

it('only what is closed in all its moments is kept without asking', () => {
  const open = { ...moment, closed: false };
  expect(cacheHeaders([moment, moment])['Cache-Control']).toMatch(/max-age=3600, immutable/);
  expect(cacheHeaders([moment, open])['Cache-Control']).toBe('private, no-cache');
});
