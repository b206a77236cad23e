/**
 * When something was typed, as its author says: the row's time minus how long the author had held
 * it. It is shown beside the row's time, which alone orders and finds anything.
 */
import type { Batch } from '../../proto/batch.ts';

/** Milliseconds since 1970; null: the author told nothing, or what cannot be. */
export function typedAtMs(rowAt: number, { heldMs }: Pick<Batch, 'heldMs'>): number | null {
  if (heldMs === undefined || heldMs > rowAt) return null;
  return rowAt - heldMs;
}

/** RFC 3339 in UTC. */
export function typedTime(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}
