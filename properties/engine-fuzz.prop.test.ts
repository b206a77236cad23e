/**
 * A few of the damaged updates and snapshots of engine-fuzz.ts; `npm run fuzz:engine` tries a
 * million.
 */
import { expect, test } from 'vitest';
import { fuzz } from './engine-fuzz.ts';
import { seed } from './seed.ts';

const inputs = 6_000;

test(`${inputs} damaged updates and snapshots: a named error or a sound document`, () => {
  const { accepted, refused, forged, skipped } = fuzz({ seed, from: 0, count: inputs });
  expect(accepted + refused + forged + skipped).toBe(inputs);
  // Damage that is too tame or too wild says nothing.
  expect(accepted / inputs).toBeGreaterThan(0.1);
  expect(refused / inputs).toBeGreaterThan(0.1);
  expect(skipped / inputs).toBeLessThan(0.1);
});
