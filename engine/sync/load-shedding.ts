/**
 * Who is closed first when memory is short: whoever does not read what it is sent, by how much
 * waits for it; then whoever has not edited for longest. They are told to come back later, each at
 * another time.
 */
import type { Connection } from './connections.ts';

/** Up to `count` of them, in this order. */
export function dispensable(all: Iterable<Connection>, count: number): Connection[] {
  return [...all].toSorted(compare).slice(0, count);
}

function compare(a: Connection, b: Connection): number {
  if (a.writable !== b.writable) return a.writable ? 1 : -1;
  if (!a.writable) return b.unflushed - a.unflushed || a.id - b.id;
  return a.editedMs - b.editedMs || a.id - b.id;
}
