/** Kills as a line: each run kills one server, which goes on with what it stored, several times. */
import { must } from '../../../engine/assert.ts';
import { Random } from '../../../engine/random.ts';
import { type KillOptions, type KillOutcome, killOnce } from './kills.ts';
import type { Line } from './line.ts';

export interface KillsLineOptions extends KillOptions {
  /** Of one run. */
  readonly kills: number;
  readonly seed: number;
  readonly say: (message: string) => void;
}

export function killsLine(options: KillsLineOptions): Line {
  const { kills, documents, authors, editsPerSecond, afterMs, seed, say } = options;
  const clients = `${documents} documents with ${authors} clients each`;
  const moment = `${afterMs.min / 1_000} to ${afterMs.max / 1_000} s after the first edit`;
  return {
    name: 'kills',
    title: `${kills} times SIGKILL, ${moment}; ${clients}, ${editsPerSecond} edits/s`,
    metrics: [
      {
        key: 'lost',
        label: 'lost that a client had seen acknowledged or broadcast',
        better: 'less',
      },
      { key: 'lostAcknowledged', label: 'of them acknowledged', better: 'told' },
      { key: 'lostMost', label: 'lost by one kill, at most', better: 'less' },
      { key: 'lostLeast', label: 'lost by one kill, at least', better: 'less' },
      { key: 'known', label: 'seen acknowledged or broadcast', better: 'told' },
      { key: 'typed', label: 'typed', better: 'told' },
      { key: 'kills', label: 'kills', better: 'told' },
      { key: 'restartMs', label: 'restart, mean ms', better: 'told' },
    ],
    measure: async ({ entrant, venue, round }) => {
      const child = must(venue.running.child, 'a server of this machine');
      const random = new Random(seed, `kills of round ${round}`);
      const outcomes: KillOutcome[] = [];
      for (let kill = 1; kill <= kills; kill++) {
        const outcome = await killOnce(entrant, child, { ...options, random, prefix: `k${kill}` });
        const { afterMs: at, lost, known, typed } = outcome;
        const place = `${entrant.contender.name} kill ${kill}/${kills} after ${at} ms`;
        say(`${place}: ${lost} of ${known} lost, ${typed} typed`);
        outcomes.push(outcome);
      }
      const sum = (of: (outcome: KillOutcome) => number): number =>
        outcomes.reduce((all, outcome) => all + of(outcome), 0);
      const losses = outcomes.map(({ lost }) => lost);
      return {
        lost: sum(({ lost }) => lost),
        lostAcknowledged: sum(({ lostAcknowledged }) => lostAcknowledged),
        lostMost: Math.max(...losses),
        lostLeast: Math.min(...losses),
        known: sum(({ known }) => known),
        typed: sum(({ typed }) => typed),
        kills,
        restartMs: Math.round(sum(({ restartMs }) => restartMs) / kills),
      };
    },
  };
}
