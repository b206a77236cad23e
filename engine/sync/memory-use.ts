/** What a node's documents take in memory, by cause. Bytes; small objects are not counted. */
export interface MemoryUse {
  /** Texts with their histories: the tables of every fold. */
  readonly texts: number;
  /** Recent rows, encoded, for sessions that lag. */
  readonly rows: number;
  /** Whole states for newcomers. */
  readonly snapshots: number;
  /** Edits on their way to the log. */
  readonly backlog: number;
  /** Handed to sockets and not taken by their readers. */
  readonly sockets: number;
}

/** Of one document. */
export type RoomMemory = Pick<MemoryUse, 'texts' | 'rows' | 'snapshots'>;

/** All rooms together, and what is the node's. */
export function memoryUse(
  rooms: Iterable<{ readonly delivery: { readonly memory: RoomMemory } }>,
  own: Pick<MemoryUse, 'backlog' | 'sockets'>,
): MemoryUse {
  const sum = { texts: 0, rows: 0, snapshots: 0 };
  for (const { delivery } of rooms) {
    const { memory } = delivery;
    sum.texts += memory.texts;
    sum.rows += memory.rows;
    sum.snapshots += memory.snapshots;
  }
  return { ...sum, ...own };
}
