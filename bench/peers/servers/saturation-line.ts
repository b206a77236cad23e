/**
 * The highest rate at which an edit still reaches the others in time, by trying: rates grow until
 * one fails twice, then the gap to the last good one is halved twice. A rate counts only if the
 * generator was in time itself; where it was not, the limit may be the generator's, which is told.
 */
import type { LoadReport } from '../../server/load.ts';
import { ServerLoad } from '../../server/measure.ts';
import type { Line, Run } from './line.ts';

export interface SaturationOptions {
  readonly connections: number;
  readonly documents: number;
  readonly generators: number;
  /** Of one step. */
  readonly seconds: number;
}

const p99MsMax = 50;
const lateMsMax = 5;
const firstRate = 400;
const leastRate = 25;
const growth = 1.5;
const halvings = 2;
const warmUpSeconds = 2;
const attempts = 2;

interface Step {
  readonly rate: number;
  readonly isGood: boolean;
  readonly report: LoadReport;
}

export function saturationLine(options: SaturationOptions): Line {
  const { connections, documents, seconds } = options;
  return {
    name: 'saturation',
    title:
      `Highest edits/s with A to B p99 < ${p99MsMax} ms, the generator late by p99 < ` +
      `${lateMsMax} ms; ${documents} documents, ${connections} clients, steps of ${seconds} s`,
    metrics: [
      { key: 'rate', label: 'edits/s', better: 'more' },
      { key: 'p99', label: 'A to B p99 there, ms', better: 'told' },
      { key: 'failedP99', label: 'p99 at the next rate that failed, ms', better: 'told' },
      { key: 'failedLate', label: 'generator late p99 there, ms', better: 'told' },
      { key: 'stolen', label: 'stolen, processors, at most', better: 'told' },
    ],
    measure: async (run) => {
      const steps = await search(run, options);
      const good = steps.filter(({ isGood }) => isGood).sort((a, b) => b.rate - a.rate)[0];
      const failed = steps
        .filter(({ isGood, rate }) => !isGood && rate > (good?.rate ?? 0))
        .sort((a, b) => a.rate - b.rate)[0];
      return {
        rate: good?.rate ?? 0,
        p99: good?.report.broadcastMs.p99 ?? null,
        failedP99: failed?.report.broadcastMs.p99 ?? null,
        failedLate: failed?.report.generatorLateMsP99 ?? null,
        stolen: Math.max(...steps.map(({ report }) => report.stolenCpu)),
      };
    },
  };
}

async function search(run: Run, options: SaturationOptions): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const attempt = async (rate: number): Promise<boolean> => {
    for (let left = attempts; left > 0; left--) {
      const step = await oneStep(run, options, Math.round(rate));
      steps.push(step);
      if (step.isGood) return true;
    }
    return false;
  };
  let good = 0;
  let bad = Infinity;
  for (let rate = firstRate; bad === Infinity; rate *= growth) {
    if (await attempt(rate)) good = rate;
    else bad = rate;
  }
  for (; good === 0 && bad > leastRate; ) {
    if (await attempt(bad / 2)) good = bad / 2;
    else bad /= 2;
  }
  for (let left = halvings; left > 0 && good > 0; left--) {
    const middle = Math.sqrt(good * bad);
    if (await attempt(middle)) good = middle;
    else bad = middle;
  }
  return steps;
}

/** With clients of its own: a rate that was too high leaves something behind. */
async function oneStep(
  { entrant: { dialect }, venue, generatorScript }: Run,
  options: SaturationOptions,
  rate: number,
): Promise<Step> {
  const load = await ServerLoad.open({ dialect, generatorScript, venue }, options);
  try {
    const { seconds } = options;
    const pace = { editsPerSecond: rate, seconds, warmUpSeconds, presence: false, seed: rate };
    const { report, ended } = await load.run(pace);
    const { broadcastMs, generatorLateMsP99, missing } = report;
    const isInTime = broadcastMs.p99 < p99MsMax && generatorLateMsP99 < lateMsMax;
    return { rate, isGood: isInTime && missing === 0 && ended === 0, report };
  } finally {
    load.end();
  }
}
