/**
 * Damaged snapshots whose checksums are right again, so that damage reaches what is behind them.
 */
import { crc32 } from '../crc32.ts';
import { sve } from './generated.ts';

const magic = [0x53, 0x56, 0x45, 0x31];

/** The parts of a snapshot, for `sealSnapshot`. */
export interface SnapshotParts {
  readonly format: number;
  readonly head: sve.ISnapshotHead;
  readonly text: Uint8Array;
  readonly columns: Uint8Array;
}

/** A snapshot of these parts; what its head says of the stored bytes is right unless given. */
export function sealSnapshot({ format, head, text, columns }: SnapshotParts): Uint8Array {
  const full = { textChecksum: crc32(text), columnsChecksum: crc32(columns), ...head };
  const checksum = crc32(sve.Snapshot.encode({ format, head: full }).finish());
  const message = sve.Snapshot.encode({ format, head: full, checksum, text, columns }).finish();
  return Uint8Array.from([...magic, ...message]);
}

/**
 * A snapshot with the checksums that its parts call for; one that cannot be parted stays as it is.
 */
export function reseal(bytes: Uint8Array): Uint8Array {
  try {
    const { format, head, text, columns } = sve.Snapshot.decode(bytes.subarray(magic.length));
    const { textChecksum, columnsChecksum, ...rest } = head ?? {};
    const isPlain = (rest.compression ?? 0) === 0;
    const sized = isPlain ? { ...rest, columnsBytes: columns.length } : rest;
    return sealSnapshot({ format, head: sized, text, columns });
  } catch {
    return bytes;
  }
}
