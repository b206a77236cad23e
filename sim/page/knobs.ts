/**
 * What makes this run unlike an ordinary one: rates that are not calm, limits that are not the
 * default, and the settings that every run draws.
 */
import { defaultLimits } from '../../engine/limits.ts';
import { calm } from '../scenario/faults.ts';
import type { Scenario } from '../scenario/scenario.ts';

export interface Knob {
  readonly name: string;
  readonly value: string;
  /** What it is without this scenario; null if there is no such thing. */
  readonly usual: string | null;
}

export interface KnobGroup {
  readonly title: string;
  readonly knobs: readonly Knob[];
}

/** The groups that have something to show. */
export function knobsOf(scenario: Scenario): KnobGroup[] {
  const groups = [
    { title: 'Fault rates that are not calm', knobs: unusual(scenario.rates, calm) },
    { title: 'Limits that are not the default', knobs: unusual(scenario.limits, defaultLimits) },
    { title: 'Client settings', knobs: listed(scenario.settings) },
    { title: 'Scenario', knobs: shapeOf(scenario) },
  ];
  return groups.filter(({ knobs }) => knobs.length > 0);
}

function unusual(values: object, usual: object): Knob[] {
  const known = new Map<string, unknown>(Object.entries(usual));
  return Object.entries(values)
    .filter(([name, value]) => known.get(name) !== value)
    .map(([name, value]) => {
      return { name, value: grouped(String(value)), usual: grouped(String(known.get(name))) };
    });
}

function listed(values: object): Knob[] {
  return Object.entries(values).map(([name, value]) => {
    return { name, value: grouped(String(value)), usual: null };
  });
}

function shapeOf(scenario: Scenario): Knob[] {
  const { nodes, clients, durationMs, snapshotRows, faults, intents, questions } = scenario;
  const types = new Map<string, number>();
  for (const { type } of faults) types.set(type, (types.get(type) ?? 0) + 1);
  const faultWords = [...types].map(([type, count]) => (count === 1 ? type : `${count} × ${type}`));
  return listed({
    durationMs,
    snapshotRows,
    nodes: nodes.join(', '),
    clients: clients.map(({ name, document }) => `${name} in ${document}`).join(', '),
    faults: faultWords.join(', ') || 'none',
    intents: intents.length,
    questions: questions.length,
  });
}

/** Digits in groups of three; the same everywhere. */
export function grouped(value: string | number): string {
  return String(value).replace(/^-?\d{5,}$/, (digits) =>
    digits.replace(/\B(?=(\d{3})+$)/g, '\u202f'),
  );
}
