/**
 * Histories with origins that no honest editor would name: any left origin before any right origin,
 * timestamps with gaps. A list of picks is plain data and stays valid when parts are left out.
 */
import { ReferenceDocument } from '../engine/text/reference.ts';
import { type Batch, batchLast } from '../proto/batch.ts';
import { isIn, needsOf } from './linear-extensions.ts';
import { describeReference } from './same-state.ts';

/** One operation of one replica. */
export interface Pick {
  readonly replica: number;
  /** Positions of the origins among what is there, as fractions of 10,000. */
  readonly from: number;
  readonly to: number;
  /** How far the timestamp is above the lowest one that is allowed. */
  readonly leap: number;
  readonly text: string;
  /** Delete the left origin instead. */
  readonly isDeletion: boolean;
  /** The origins are among the first characters that were inserted, as everybody else's. */
  readonly isCrowded: boolean;
}

export interface HostileHistory {
  readonly batches: readonly Batch[];
  /** For each batch, those that it refers to and its author's earlier ones. */
  readonly before: readonly (readonly number[])[];
  /** What they make, as `describeReference` tells it. */
  readonly state: string;
}

/** Batches whose characters are the origins of a crowd. */
const crowdedBatches = 2;

/** The batches of the picks, one each. */
export function hostileHistory(picks: readonly Pick[]): HostileHistory {
  const reference = new ReferenceDocument();
  const batches: Batch[] = [];
  for (const { replica, from, to, leap, text, isDeletion, isCrowded } of picks) {
    const first = batches.slice(0, crowdedBatches);
    const units = isCrowded
      ? reference.units.filter(({ id }) => first.some((batch) => isIn(batch, id)))
      : reference.units;
    // Boundaries -1 … n: -1 is the start of the document, n its end.
    const low = Math.floor((Math.min(from, to) / 10_000) * (units.length + 1)) - 1;
    const high = Math.floor((Math.max(from, to) / 10_000) * (units.length + 1));
    const left = units[low]?.id ?? null;
    const right = units[Math.max(high, low + 1)]?.id ?? null;
    const known = Math.max(0, ...batches.filter((b) => b.replica === replica).map(batchLast));
    const lowest = Math.max(known, left?.timestamp ?? 0, right?.timestamp ?? 0);
    const timestamp = lowest + 1 + leap;
    const batch: Batch = {
      ...{ replica, first: timestamp, gap: timestamp - 1 - known, base: 0 },
      ops: [
        isDeletion && left !== null
          ? { type: 'delete', timestamp, target: left, count: 1, reversed: false }
          : { type: 'insert', timestamp, left, right, text },
      ],
    };
    batches.push(batch);
    reference.integrate(batch);
  }
  return { batches, before: needsOf(batches), state: describeReference(reference) };
}
