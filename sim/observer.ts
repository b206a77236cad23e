/** What the checkers are told of, at the moment when it happens. They may throw a Violation. */
import type { LogEvent } from '../engine/driver/gateway-driver.ts';
import type { ReplicaEvent } from '../engine/driver/replica-driver.ts';
import type { SimClient } from './sim-client.ts';
import type { Link } from './sim-network.ts';

export interface Observer {
  /** A frame leaves a node. */
  serverSent(link: Link, bytes: Uint8Array): void;
  /** A node publishes a row. */
  published(node: string, document: string, bytes: Uint8Array): void;
  /** A node tells its operator something. */
  serverLogged(node: string, event: LogEvent): void;
  /** A client's core tells its application something, in the middle of a step. */
  clientTold(client: SimClient, event: ReplicaEvent): void;
  /** A client's core has finished a step. */
  clientStepped(client: SimClient): void;
}
