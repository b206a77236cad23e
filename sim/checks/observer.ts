/** What the checkers are told of, at the moment when it happens. They may throw a Violation. */

import type { LogEvent } from '../../engine/driver/gateway-driver.ts';
import type { CloseOutcome } from '../../engine/driver/ports.ts';
import type { ReplicaEvent } from '../../engine/driver/replica-driver.ts';
import type { BadSnapshot } from '../../engine/driver/snapshot-loader.ts';
import type { Moment, PastDocument } from '../../engine/sync/playback.ts';
import type { StoredReplica } from '../../engine/sync/replica-options.ts';
import type { SimClient } from '../actors/sim-client.ts';
import type { StoreFate } from '../world/local-store.ts';
import type { Link } from '../world/sim-network.ts';

/** An answer about the past, and how it came about. */
export interface PlayedBack {
  readonly document: string;
  readonly moment: Moment;
  /** What became of closing the time first; null = it was not tried. */
  readonly closing: CloseOutcome | null;
  /** LSN of the snapshot that it began with; 0 = none. */
  readonly snapshotLsn: number;
  /** Rows that the log had lost when it was asked for. */
  readonly lostBefore: number;
  readonly answer: PastDocument;
}

export interface Observer {
  /** A node's process has begun: it knows nothing. */
  nodeStarted(node: string): void;
  /** A client tries to connect, so many ms earlier than it may. */
  reconnecting(client: SimClient, earlyMs: number): void;
  /** A connection is made. */
  connecting(link: Link): void;
  /** A frame reaches a node. */
  nodeReceived(link: Link): void;
  /** A node sends an append on its way. */
  nodeAppends(node: string, document: string): void;
  /** Its outcome; `lsn` null: not committed, as far as the node knows. */
  appendSettled(node: string, document: string, lsn: number | null): void;
  /** A node has read rows up to this one. */
  nodeRead(node: string, document: string, lsn: number): void;
  /** A node has begun with a snapshot of this row. */
  nodeLoaded(node: string, document: string, lsn: number): void;
  /** A message of the bus reaches a node. */
  nodeHeard(node: string, document: string, bytes: Uint8Array): void;
  /** A frame leaves a node. */
  serverSent(link: Link, bytes: Uint8Array): void;
  /** A node closes a connection. */
  serverCloses(link: Link, code: number): void;
  /** A node publishes a row. */
  published(node: string, document: string, bytes: Uint8Array): void;
  /** A node tells its operator something. */
  serverLogged(node: string, event: LogEvent): void;
  /** A client's core tells its application something, in the middle of a step. */
  clientTold(client: SimClient, event: ReplicaEvent): void;
  /** A client's core has finished a step. */
  clientStepped(client: SimClient): void;
  /** A tab is about to be opened again, with what its store held; `client.core` is the old one. */
  clientReopened(client: SimClient, held: StoredReplica | null, fate: StoreFate): void;
  /** A snapshot cannot be used. */
  badSnapshot(lane: string, bad: BadSnapshot): void;
  /** A question about the past was answered. */
  playedBack(played: PlayedBack): void;
}
