/** All orders in which things can come that must come after others. */

/**
 * Every order of 0 … before.length - 1 in which each item comes after those in `before[item]`. The
 * yielded array is reused.
 */
export function* linearExtensions(
  before: readonly (readonly number[])[],
): Generator<readonly number[]> {
  const order: number[] = [];
  const done = new Set<number>();
  function* extend(): Generator<readonly number[]> {
    if (order.length === before.length) yield order;
    for (const [item, needed] of before.entries()) {
      if (done.has(item) || !needed.every((other) => done.has(other))) continue;
      order.push(item);
      done.add(item);
      yield* extend();
      done.delete(item);
      order.pop();
    }
  }
  yield* extend();
}
