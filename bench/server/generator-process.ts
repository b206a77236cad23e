/**
 * The process of a generator. An entry of two lines gives it the dialects that it may speak:
 *
 *   import { runGenerator } from './generator-process.ts';
 *   await runGenerator([ours]);
 *
 * and is bundled where the packages of its dialects are installed.
 */
import type { Dialect } from './dialect.ts';

/** Does what its parent asks for, until that ends. */
export async function runGenerator(dialects: readonly Dialect[]): Promise<void> {
  await Promise.resolve(dialects);
}
