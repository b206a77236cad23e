/**
 * The clock of all processes of a run: that of the machine, monotonic, in ms. As `nowMs` of
 * bench/cluster, without a BigInt for each look.
 */
const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export function nowMs(): number {
  return performance.now() + offsetMs;
}
