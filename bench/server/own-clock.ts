/**
 * The clock of all processes of a run: that of the machine, monotonic, in ms. As `nowMs` of
 * bench/cluster, without a BigInt for each look.
 */
const looks = 10;

/** Of two looks in a row the second is later: the greatest difference is the nearest. */
const offsetMs = Math.max(
  ...Array.from({ length: looks }, () => Number(process.hrtime.bigint()) / 1e6 - performance.now()),
);

export function nowMs(): number {
  return performance.now() + offsetMs;
}
