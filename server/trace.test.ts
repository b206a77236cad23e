/** Goal: a trace id is taken over if its header is valid, and made up if not. */
import { expect, it } from 'vitest';
import { traceIdOf } from './trace.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = '00f067aa0ba902b7';

it.each([`00-${trace}-${parent}-01`, `00-${trace}-${parent}-00`, `01-${trace}-${parent}-01-more`])(
  'the trace id of %s is taken over',
  (header) => expect(traceIdOf(header)).toBe(trace),
);

it.each([
  undefined,
  '',
  'hello',
  `ff-${trace}-${parent}-01`,
  `00-${trace}-${parent}-01-more`,
  `00-${'0'.repeat(32)}-${parent}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${parent}-01`,
  `00-${trace}-${parent}-01\n{"level":"info"}`,
])('that of %j is made up, each time another', (header) => {
  const [first, second] = [traceIdOf(header), traceIdOf(header)];
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(first).not.toBe(trace);
  expect(second).not.toBe(first);
});
