/** The smallest list that still fails, for generators that are plain loops. */

/**
 * A sublist of `items` that still `fails`, from which no single item can be left out without it
 * passing. `items` fails itself.
 */
export function shrink<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => boolean,
): readonly T[] {
  let kept = items;
  for (let size = Math.ceil(items.length / 2); size >= 1; ) {
    let isSmaller = false;
    for (let start = 0; start < kept.length; ) {
      const rest = kept.toSpliced(start, size);
      if (fails(rest)) {
        kept = rest;
        isSmaller = true;
      } else start += size;
    }
    // Leaving one out can make another one needless.
    if (size > 1) size = Math.floor(size / 2);
    else if (!isSmaller) break;
  }
  return kept;
}
