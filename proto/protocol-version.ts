/**
 * Version of the frames and of what they mean, as a hello names it.
 *
 * Raise it when an old peer would misunderstand a new one; a field that may be skipped needs no new
 * version. Servers are deployed first, so a server speaks every version from `minimum` on, a client
 * only the newest that it knows. Rows of the log and snapshots have format numbers of their own.
 *
 *   1  the first: hello, edit, thin edit, presence, token, heartbeat, leave; rows as parts
 */
export const protocolVersion = {
  /** Spoken by this client, and the highest that this server speaks. */
  current: 1,
  /** Lowest that this server speaks. */
  minimum: 1,
} as const;
