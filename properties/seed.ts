/**
 * The seed of every random test: `SEED` from the environment, else a fixed one, so that two runs of
 * one commit do the same. `SEED=$(git rev-parse HEAD)` explores new ground with each commit and can
 * still be repeated. vitest runs this file once (`setup`, which prints the seed) and in each
 * worker, where loading it configures fast-check.
 *
 * A failing property prints its own seed and path; those two replay it.
 */
import fc from 'fast-check';

const fixedSeed = 20_261_122;

/** The seed in force: a 32-bit integer. */
export const seed = seedOf(process.env.SEED);

fc.configureGlobal({ seed });

/** Called by vitest once per run. */
export function setup(): void {
  process.stdout.write(`seed ${seed} (SEED=… for another)\n`);
}

/** A number as it is, hexadecimal after `0x`; any other text (a commit hash) by its FNV-1a hash. */
export function seedOf(text: string | undefined): number {
  if (text === undefined || text === '') return fixedSeed;
  const number = Number(text);
  if (Number.isInteger(number)) return number | 0;
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash | 0;
}
