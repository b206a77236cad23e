/** A node for which there are no snapshots. */
import type { SnapshotPort } from '../../driver/ports.ts';

export const withoutSnapshots: SnapshotPort = {
  load: (_document, done) => done(null),
  make: (_document, done) => done(null),
};
