/**
 * A product's server as the bench starts it: a Node process of its own on storage of its own, with
 * the probe (probe.ts) loaded into it, which tells of its event loop, garbage and memory.
 */
import type { ServerChild } from './server-child.ts';

export interface Contender {
  /** Same as its dialect's. */
  readonly name: string;
  /** Of the product and what it stores its edits in, for people. */
  readonly title: string;
  /** Resolves when clients can connect. */
  start(place: Place): Promise<RunningContender>;
}

/** Where a server may keep things. All of it is empty at first and thrown away in the end. */
export interface Place {
  /** A folder, which exists. */
  readonly folder: string;
  /** A database without tables on a durable PostgreSQL. */
  readonly databaseUrl: string;
  /** Further flags for a server of ours; empty for the others. */
  readonly flags: readonly string[];
}

export interface RunningContender {
  /** `ws://host:port`, without a slash at the end; see Dialect.address. */
  readonly baseUrl: string;
  /** Its process, for the probe, to kill and to start again on the same storage; null: not ours. */
  readonly child: ServerChild | null;
  /** How often it has committed since its start, all documents together; null: it does not tell. */
  commits(): Promise<number | null>;
}
