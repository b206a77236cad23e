/**
 * What a batch of seeds has to come to: properties that must be put to the test ("always"), and
 * states that must occur ("sometimes"). A property that is never checked and a state that is never
 * reached are holes in the test, and fail the batch.
 *
 * After Antithesis' sometimes assertions and FoundationDB's test macros.
 */
import { Violation } from './violation.ts';

/** Each is checked in some run of every batch; docs/simulation.md says what each one means. */
export const properties = [
  'S1',
  'S2',
  'S3',
  'S4',
  'S5',
  'S6',
  'S7',
  'S8',
  'S9',
  'S10',
  'S11',
  'S12',
  'S13',
  'S14',
  'G4',
  'P1',
  'P2',
  'P3',
  'P4',
  'P5',
  'L1',
  'L2',
  'L3',
  'L4',
  'L5',
  'L6',
  'L7',
] as const;

export type Property = (typeof properties)[number];

/** Each must occur in some run of every batch of a thousand seeds. */
export const sometimes = [
  'unknown outcome that had committed, appended again',
  'ack lost after the commit',
  'commits in another order than they began',
  'reconnect to another node with unsent edits',
  'gap found by LSN',
  'duplicate batch in the log',
  'edit waits for its base',
  'resume by snapshot',
  'resume by rows',
  'playback at the very time of a row',
  'playback from a snapshot and a tail',
  'a room that begins with a snapshot',
  'a snapshot that cannot be reached',
  'playback of a closed time, asked again',
  'playback of a time that was closed for it',
  'heartbeat ends a half-open connection',
  'crash with a commit in flight',
  'cursor ahead of the head after a failover',
  'siblings with one left and two right origins',
  'insert beside a tombstone',
  'surrogate pair at the edge of an edit',
  'more unsent than one frame takes',
  'two nodes append to one document at once',
  'tab reopened with unsent edits',
  'old copy of a local store is found out',
  'node drained with edits on their way',
  'node stood still longer than a heartbeat',
  'wall clock stepped back',
] as const;

export type Sometimes = (typeof sometimes)[number];

/** Counts, for one run, what was checked and what occurred. */
export class Coverage {
  readonly checked = new Map<Property, number>();
  readonly reached = new Map<Sometimes, number>();

  /** Throws a safety violation unless `condition` holds. */
  always(
    property: Property,
    condition: boolean,
    message: () => string,
    ...about: readonly string[]
  ): asserts condition {
    this.put(property);
    if (!condition) throw new Violation(property, message(), { about });
  }

  /** A property was put to the test, whatever came out. */
  put(property: Property): void {
    this.checked.set(property, (this.checked.get(property) ?? 0) + 1);
  }

  occurred(state: Sometimes): void {
    this.reached.set(state, (this.reached.get(state) ?? 0) + 1);
  }
}
