/**
 * Ctrl-C and its kin: the first ends the batch, which then tells what it has; a later one ends the
 * process.
 *
 * A terminal signals every process of its group, and tsx passes on what it got itself, so that one
 * Ctrl-C often arrives twice. What comes within a moment of the first is that one again.
 */

const signals = { SIGINT: 2, SIGTERM: 15 } as const;
const sameWithinMs = 1_000;

/** From now on signals call `stop` once. They stay handled until the process ends. */
export function onEndSignal(stop: () => void): void {
  let firstMs: number | null = null;
  for (const [signal, number] of Object.entries(signals)) {
    process.on(signal, () => {
      if (firstMs === null) {
        firstMs = performance.now();
        stop();
      } else if (performance.now() - firstMs > sameWithinMs) process.exit(128 + number);
    });
  }
}
