/**
 * Every bound of the formats: what a decoder accepts from the other side. Bounds of behaviour
 * (windows, rates, heartbeats) are the engine's.
 *
 * UTF-16 units are what an application counts, bytes what a socket does: the name says which.
 */

/** A client frame as a whole; the server's socket refuses longer messages unread. */
export const clientFrameBytesMax = 1_048_576;
/** The same before its sender is authenticated: room for a token and a name. */
export const helloFrameBytesMax = 16_384;
/** Batches in one edit frame. */
export const editBatchesMax = 1_000;
/** Splices in one thin edit or patch. */
export const splicesMax = 1_000;

/** A replica's secret: 128 bits. */
export const secretBytes = 16;
/** SHA-256 of the secret. */
export const secretHashBytes = 32;
/** Who was authenticated, as the log keeps it. */
export const principalUnitsMax = 1_024;
export const tokenBytesMax = 8_192;
export const documentNameUnitsMax = 200;

/** Name and colour of a presence. */
export const presenceNameUnitsMax = 64;
export const presenceColorUnitsMax = 32;
/** Peers in one presence update, and sessions that it says are gone. */
export const presencePeersMax = 1_000;

export const errorMessageUnitsMax = 1_024;

/** Fields of unknown numbers in one decoded frame, update or snapshot. */
export const unknownFieldsMax = 64;

/** Operations in one snapshot: their numbers have 31 bits, and some room above. */
export const snapshotOperationsMax = 0x7fff_ff00;
/** Sections of a snapshot, decompressed. Its columns take up to thirty times as much in memory. */
export const snapshotTextBytesMax = 268_435_456;
export const snapshotColumnsBytesMax = 67_108_864;

/** A record of an exported history: a row of at most 8 MiB, and what is around it. */
export const exportRecordBytesMax = 8_388_608 + 4_096;
/** The snapshot in an exported history: its two sections and its head, which are held in memory. */
export const exportSnapshotBytesMax = 536_870_912;
/** Name of a version. */
export const versionNameUnitsMax = 200;
