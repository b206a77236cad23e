/**
 * Passes that take a scenario's numbers back to what is usual: rates, latencies, limits, settings.
 *
 * Latencies have two calm forms, the usual one and the steady one, in which every message takes the
 * same time. The steady one counts as simpler; nothing goes from it to the other, so that the
 * passes do not undo each other for ever.
 */
import { defaultLimits } from '../../engine/limits.ts';
import {
  defaultSettings,
  defaultSnapshotRows,
  differences,
  type Setting,
} from '../scenario/defaults.ts';
import { calm, type FaultRates } from '../scenario/faults.ts';
import type { Attempts } from './attempts.ts';

type RateName = keyof FaultRates;

/** Rates that are drawn together, by what they hit. */
const families: readonly (readonly RateName[])[] = [
  ['latencyMinMs', 'latencyMaxMs', 'slowPerMillion', 'slowFactor'],
  ['unknownPerMillion'],
  ['refusePerMillion'],
  ['readFailurePerMillion'],
  ['logLatencyMaxMs'],
  ['busLossPerMillion', 'busTwicePerMillion', 'busLatencyMaxMs'],
  ['objectFailurePerMillion', 'objectLatencyMaxMs'],
  ['clockOffsetMaxMs', 'clockDriftMaxPpm'],
];
const everyRate: readonly RateName[] = families.flat();

/** Nothing is left to chance in how long anything takes. */
const steady: FaultRates = {
  ...calm,
  latencyMinMs: 1,
  latencyMaxMs: 1,
  logLatencyMaxMs: 1,
  busLatencyMaxMs: 1,
  objectLatencyMaxMs: 1,
};
const latencies: readonly RateName[] = everyRate.filter((name) => steady[name] !== calm[name]);

/** Families of rates, all of them, each, and each rate alone. */
export function calmRates(attempts: Attempts): void {
  const choices = [everyRate, ...families, ...everyRate.map((name) => [name])];
  for (const names of choices) {
    const { rates } = attempts.scenario;
    const excited = names.filter((name) => {
      return rates[name] !== calm[name] && rates[name] !== steady[name];
    });
    if (excited.length > 0) attempts.attempt({ rates: changed(rates, excited, calm) });
  }
}

export function steadyLatencies(attempts: Attempts): void {
  const ownWay: readonly RateName[] = ['latencyMinMs', 'latencyMaxMs'];
  const choices = [latencies, ownWay, ...latencies.map((name) => [name])];
  for (const names of choices) {
    const { rates } = attempts.scenario;
    if (names.every((name) => rates[name] === steady[name])) continue;
    attempts.attempt({ rates: changed(rates, names, steady) });
  }
  const { rates } = attempts.scenario;
  const isUsual = rates.latencyMaxMs === calm.latencyMaxMs;
  if (rates.latencyMinMs < rates.latencyMaxMs && !isUsual) {
    attempts.attempt({ rates: { ...rates, latencyMaxMs: rates.latencyMinMs } });
  }
}

/** Limits and settings: all at once, then one by one. */
export function usualLimits(attempts: Attempts): void {
  const usual = {
    limits: defaultLimits,
    settings: defaultSettings,
    snapshotRows: defaultSnapshotRows,
  };
  for (const part of ['limits', 'settings'] as const) {
    const names = Object.keys(differences(attempts.scenario[part], usual[part]));
    if (names.length === 0 || attempts.attempt({ [part]: usual[part] })) continue;
    for (const name of names) usualOne(attempts, part, name);
  }
  if (attempts.scenario.snapshotRows !== usual.snapshotRows) {
    attempts.attempt({ snapshotRows: usual.snapshotRows });
  }
}

function usualOne(attempts: Attempts, part: 'limits' | 'settings', name: string): void {
  const all: ReadonlyMap<string, Setting> = new Map(
    Object.entries(part === 'limits' ? defaultLimits : defaultSettings),
  );
  const change = { [name]: all.get(name) };
  attempts.attempt({ [part]: { ...attempts.scenario[part], ...change } });
}

function changed(rates: FaultRates, names: readonly RateName[], to: FaultRates): FaultRates {
  const changes = Object.fromEntries(names.map((name) => [name, to[name]]));
  return { ...rates, ...changes };
}
