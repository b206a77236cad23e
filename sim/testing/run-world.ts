/**
 * Runs a world beside promises: one task per turn of the event loop, so that whoever awaits what a
 * task did goes on before the next task. Order depends on the seed alone, as long as what is
 * awaited comes from the world.
 */
import type { World } from '../world/world.ts';

export interface RunningWorld {
  /** Resolves when no task is left. */
  idle(): Promise<void>;
  stop(): void;
}

/** Starts at the next turn. */
export function runWorld(world: World): RunningWorld {
  let isStopped = false;
  let onIdle: (() => void)[] = [];
  const turn = (): void => {
    if (isStopped) return;
    if (!world.step()) {
      const waiting = onIdle;
      onIdle = [];
      for (const done of waiting) done();
    }
    setImmediate(turn);
  };
  setImmediate(turn);
  return {
    idle: () => new Promise((resolve) => onIdle.push(resolve)),
    stop() {
      isStopped = true;
    },
  };
}
