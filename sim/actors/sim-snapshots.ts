/**
 * A node's snapshots: the product's loading and making over the simulated index, store and log.
 * Making goes on beside the node's work, as its thread does, and ends with its process.
 */
import type { LogPort, ObjectStorePort, SnapshotPort } from '../../engine/driver/ports.ts';
import { loadSnapshot, type SnapshotSource } from '../../engine/driver/snapshot-loader.ts';
import { makeSnapshot } from '../../engine/driver/snapshot-maker.ts';
import { crc32 } from '../../proto/crc32.ts';
import type { Observer } from '../checks/observer.ts';
import type { SimSnapshotIndex } from '../world/sim-snapshot-index.ts';

const pageBytesMax = 4_000;

/** What loading needs, for one process on the machine `lane`. */
export function simSnapshotSource(parts: {
  readonly lane: string;
  readonly isAlive: () => boolean;
  readonly index: SimSnapshotIndex;
  readonly objects: ObjectStorePort;
  readonly observer: Observer;
}): SnapshotSource {
  const { lane, isAlive, index, objects, observer } = parts;
  return {
    index: index.connect(lane, isAlive),
    objects,
    checksumOf: (bytes) => String(crc32(bytes)),
    compressions: [],
    onBad: (bad) => observer.badSnapshot(lane, bad),
  };
}

/** `life`: name of the process, which none has had before. */
export function simSnapshots(parts: {
  readonly life: string;
  readonly source: SnapshotSource;
  readonly log: LogPort;
  readonly rowsMin: number;
}): SnapshotPort {
  const { life, source, log, rowsMin } = parts;
  let made = 0;
  return {
    load: (document, done) =>
      loadSnapshot(source, document, { type: 'lsn', lsn: Number.MAX_SAFE_INTEGER }, (found) =>
        done(found === null || found === 'failed' ? found : found.fold),
      ),
    make: (document, done) => {
      made++;
      const key = `${document}/${life}-${made}`;
      const leastGrowth = { rows: Math.ceil(rowsMin / 2), bytes: Number.MAX_SAFE_INTEGER };
      const making = { ...source, log, pageBytesMax, leastGrowth, newKey: () => key };
      makeSnapshot(making, document, (outcome) => {
        if (outcome.type === 'failed') done(null);
        else done(outcome.type === 'made' ? outcome.pointer.lsn : outcome.lsn);
      });
    },
  };
}
