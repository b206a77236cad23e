/** Which moment a text means, and which texts mean none. */
import { describe, expect, it } from 'vitest';
import { momentText, readMoment } from './asked-moment.ts';

const quarterToEleven = Date.UTC(2026, 10, 27, 10, 45);

describe('a moment', () => {
  it.each([
    ['now', { type: 'now' }],
    ['lsn:0', { type: 'lsn', lsn: 0 }],
    ['lsn:9007199254740991', { type: 'lsn', lsn: 2 ** 53 - 1 }],
    ['version:before the talk', { type: 'version', name: 'before the talk' }],
    ['0', { type: 'time', at: 0 }],
    ['8640000000000000', { type: 'time', at: 8.64e15 }],
    [String(quarterToEleven), { type: 'time', at: quarterToEleven }],
    ['2026-11-27T10:45:00Z', { type: 'time', at: quarterToEleven }],
    ['2026-11-27t10:45:00z', { type: 'time', at: quarterToEleven }],
    ['2026-11-27T11:45:00+01:00', { type: 'time', at: quarterToEleven }],
    ['2026-11-27T11:45:00 01:00', { type: 'time', at: quarterToEleven }],
    ['2026-11-27T10:45:00.0019Z', { type: 'time', at: quarterToEleven + 1 }],
  ])('%s is read', (text, moment) => {
    expect(readMoment(text)).toEqual(moment);
  });

  it.each([
    '',
    'yesterday',
    '-1',
    '1e3',
    '2026-11-27',
    '2026-11-27T10:45:00',
    '2026-02-30T10:45:00Z',
    '1969-12-31T23:59:59Z',
    '8640000000000001',
    'lsn:',
    'lsn:-1',
    'lsn:9007199254740992',
    'version:',
    `version:${'x'.repeat(101)}`,
  ])('%s is none', (text) => {
    expect(readMoment(text)).toBeNull();
  });

  it('is read from what it is written as', () => {
    for (const text of ['now', 'lsn:7', '1700000000000', 'version:a:b']) {
      const moment = readMoment(text);
      expect(moment && momentText(moment)).toBe(text);
    }
  });
});
