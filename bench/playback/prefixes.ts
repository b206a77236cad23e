/**
 * The texts that a trace had on its way, by the trace alone: a list of characters and `splice`.
 * Nothing of the engine decides here.
 */
import type { Trace } from '../../tools/replay/trace.ts';

/** Operations that each prefix of the transactions takes, one for a character. */
export function operationCounts({ transactions }: Trace): number[] {
  let count = 0;
  const counts = transactions.map(({ patches }) => {
    for (const [, deleted, inserted] of patches) count += deleted + inserted.length;
    return count;
  });
  return [0, ...counts];
}

/** The text after so many transactions, for each of `prefixes`. */
export function textsAfter(trace: Trace, prefixes: readonly number[]): Map<number, string> {
  const wanted = [...new Set(prefixes)].sort((a, b) => a - b);
  const texts = new Map<number, string>();
  const characters: string[] = [];
  let done = 0;
  for (const prefix of wanted) {
    for (; done < prefix; done++) {
      for (const [at, deleted, inserted] of trace.transactions[done]?.patches ?? []) {
        characters.splice(at, deleted, ...inserted);
      }
    }
    texts.set(prefix, characters.join(''));
  }
  return texts;
}
