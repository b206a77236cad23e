/**
 * Interleaves: every round has each entrant once, so that what else the machine does meets all of
 * them. Each run has a server of its own on empty storage.
 */
import { type Postgres, startVenue } from '../../server/venue.ts';
import type { Entrant } from './entrants.ts';
import type { Line, Outcome, Values } from './line.ts';

export interface ComparisonOptions {
  readonly entrants: readonly Entrant[];
  readonly line: Line;
  readonly rounds: number;
  readonly postgres: Postgres;
  readonly generatorScript: string;
  readonly say: (message: string) => void;
}

/** One entrant after the other, as often as there are rounds. What fails is told, not thrown. */
export async function compare(options: ComparisonOptions): Promise<Outcome[]> {
  const { entrants, line, rounds, say } = options;
  const able = entrants.filter(({ contender }) => line.cannot?.[contender.name] === undefined);
  const outcomes: Outcome[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const entrant of able) {
      const outcome = await runOnce(options, entrant, round);
      const { failure, values } = outcome;
      const told = failure ?? line.metrics.map(({ key }) => `${key} ${values[key]}`).join('  ');
      say(`${line.name} ${round}/${rounds} ${entrant.contender.name}: ${told}`);
      outcomes.push(outcome);
    }
  }
  return outcomes;
}

async function runOnce(
  { line, postgres, generatorScript }: ComparisonOptions,
  entrant: Entrant,
  round: number,
): Promise<Outcome> {
  const head = { line: line.name, entrant: entrant.contender.name, round };
  const nothing: Values = {};
  try {
    const venue = await startVenue(entrant.contender, postgres, entrant.flags);
    try {
      const values = await line.measure({ entrant, venue, round, generatorScript });
      return { ...head, values, failure: null };
    } finally {
      await venue.stop();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...head, values: nothing, failure: reason.slice(0, 300) };
  }
}
