/** A line of the comparison: what is measured of each entrant in turn, round by round. */
import type { Venue } from '../../server/venue.ts';
import type { Entrant } from './entrants.ts';

export interface Metric {
  readonly key: string;
  /** With its unit. */
  readonly label: string;
  /** Which way is better; `told`: it only explains the others, and has no ratio. */
  readonly better: 'less' | 'more' | 'told';
}

/** By key of the metric; null: it could not be had. */
export type Values = Readonly<Record<string, number | null>>;

export interface Run {
  readonly entrant: Entrant;
  /** Fresh, and stopped by whoever gave it. */
  readonly venue: Venue;
  /** From 1. */
  readonly round: number;
  /** The bundled entry of a generator that speaks all dialects. */
  readonly generatorScript: string;
}

export interface Line {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** Entrants that cannot do it, with the reason. */
  readonly cannot?: Readonly<Record<string, string>>;
  measure(run: Run): Promise<Values>;
}

/** What came of one entrant in one round. */
export interface Outcome {
  readonly line: string;
  readonly entrant: string;
  readonly round: number;
  readonly values: Values;
  /** Null: it was measured. */
  readonly failure: string | null;
}
