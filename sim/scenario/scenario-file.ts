/**
 * A scenario as a file: the whole run as data, with what it once showed. A seed alone rots, since
 * it means something else as soon as a generator changes; this does not.
 *
 *   { format, story, property, fingerprint, planted, found: { seed, commit }, scenario }
 *
 * Limits, rates and settings are stored as differences from their defaults, so that files stay
 * small and a field that is added later takes its default in old ones. One intent, fault or
 * question a line, so that a change of a file can be read.
 */
import { defaultLimits } from '../../engine/limits.ts';
import { defaultSettings, defaultSnapshotRows, differences, type Setting } from './defaults.ts';
import { calm, type Fault, type FaultType, faultTypes } from './faults.ts';
import { JsonField } from './json-field.ts';
import type { Scenario } from './scenario.ts';
import { scenarioMistake } from './scenario-mistake.ts';
import type { Action, Intent, Question } from './workload.ts';

const scenarioFormat = 1;

export interface ScenarioFile {
  readonly format: typeof scenarioFormat;
  /** What happens in it, in plain English. */
  readonly story: string;
  /** What it broke. */
  readonly property: string;
  readonly fingerprint: string;
  /** The planted bug with which it breaks that; null: it was a bug of the product, now mended. */
  readonly planted: string | null;
  /** The seed from which it was made, and the sources of that time, if known. */
  readonly found: { readonly seed: number; readonly commit: string | null };
  readonly scenario: Scenario;
}

/** Ends with a line feed. */
export function encodeScenarioFile(file: Omit<ScenarioFile, 'format'>): string {
  const { story, property, fingerprint, planted, found, scenario } = file;
  const { limits, settings, rates, intents, faults, questions, ...shape } = scenario;
  const lines = [
    ...Object.entries(shape).map((entry) => member(...entry)),
    member('limits', differences(limits, defaultLimits)),
    member('settings', differences(settings, defaultSettings)),
    member('rates', differences(rates, calm)),
    list('faults', faults),
    list('intents', intents),
    list('questions', questions),
  ];
  const head = { format: scenarioFormat, story, property, fingerprint, planted, found };
  const members = Object.entries(head).map((entry) => `  ${member(...entry)}`);
  const body = lines.map((line) => `    ${line}`).join(',\n');
  return `{\n${members.join(',\n')},\n  "scenario": {\n${body}\n  }\n}\n`;
}

/** Throws an error that names the field that is wrong. */
export function decodeScenarioFile(text: string): ScenarioFile {
  const file = new JsonField(parse(text), 'file');
  const format = file.field('format');
  if (format.integer() !== scenarioFormat) format.refuse(`format ${scenarioFormat}`);
  const [planted, found] = [file.field('planted'), file.field('found')];
  const commit = found.field('commit');
  return {
    format: scenarioFormat,
    story: file.field('story').text(),
    property: file.field('property').text(),
    fingerprint: file.field('fingerprint').text(),
    planted: planted.isNull ? null : planted.text(),
    found: { seed: found.field('seed').integer(), commit: commit.isNull ? null : commit.text() },
    scenario: readScenario(file.field('scenario')),
  };
}

function member(name: string, value: unknown): string {
  return `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
}

function list(name: string, items: readonly unknown[]): string {
  if (items.length === 0) return `${JSON.stringify(name)}: []`;
  const lines = items.map((item) => `      ${JSON.stringify(item)}`);
  return `${JSON.stringify(name)}: [\n${lines.join(',\n')}\n    ]`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error('not a scenario file: no JSON', { cause });
  }
}

function readScenario(field: JsonField): Scenario {
  const snapshotRows = field.field('snapshotRows');
  const scenario: Scenario = {
    seed: field.field('seed').integer(),
    nodes: field.field('nodes').list((node) => node.text()),
    clients: field.field('clients').list((client) => {
      return { name: client.field('name').text(), document: client.field('document').text() };
    }),
    durationMs: field.field('durationMs').integer(1),
    snapshotRows: snapshotRows.isMissing ? defaultSnapshotRows : snapshotRows.integer(1),
    limits: over(defaultLimits, field.field('limits')),
    settings: over(defaultSettings, field.field('settings')),
    rates: over(calm, field.field('rates')),
    faults: field.field('faults').list(readFault),
    intents: field.field('intents').list(readIntent),
    questions: field.field('questions').list(readQuestion),
  };
  const mistake = scenarioMistake(scenario);
  if (mistake !== null) throw new Error(`scenario: ${mistake}`);
  return scenario;
}

/** The defaults, with the differences of a file. */
function over<T extends object>(defaults: T, differing: JsonField): T {
  if (differing.isMissing) return defaults;
  const known: ReadonlyMap<string, unknown> = new Map(Object.entries(defaults));
  const changes: Record<string, Setting> = {};
  for (const name of differing.names()) {
    const field = differing.field(name);
    if (!known.has(name)) field.refuse(`none; there are ${[...known.keys()].join(', ')}`);
    changes[name] = typeof known.get(name) === 'boolean' ? field.flag() : field.integer();
  }
  return { ...defaults, ...changes };
}

function readIntent(field: JsonField): Intent {
  const [atMs, client] = [field.field('atMs').integer(), field.field('client').text()];
  return { atMs, client, action: readAction(field.field('action')) };
}

function readAction(field: JsonField): Action {
  const kinds = ['type', 'move', 'erase', 'delete', 'replace', 'presence'] as const;
  const type = field.field('type').oneOf(kinds);
  const count = (name: string): number => field.field(name).integer();
  switch (type) {
    case 'type': {
      const [text, backward] = [field.field('text').text(), field.field('backward').flag()];
      return { type, text, backward };
    }
    case 'move':
      return { type, to: count('to') };
    case 'erase':
      return { type, units: count('units') };
    case 'delete':
      return { type, from: count('from'), units: count('units') };
    case 'replace': {
      const text = field.field('text').text();
      return { type, from: count('from'), units: count('units'), text };
    }
    case 'presence':
      return { type };
  }
}

function readQuestion(field: JsonField): Question {
  return {
    atMs: field.field('atMs').integer(),
    document: field.field('document').text(),
    of: field.field('of').oneOf(['version', 'ago', 'row']),
    value: field.field('value').integer(),
  };
}

function readFault(field: JsonField): Fault {
  return readFaultOf(field, field.field('type').oneOf(faultTypes));
}

/** `type` is of the wide type, so that a fault that is new does not compile until it is here. */
function readFaultOf(field: JsonField, type: FaultType): Fault {
  const number = (name: string): number => field.field(name).integer();
  const name = (of: string): string => field.field(of).text();
  const flag = (of: string): boolean => field.field(of).flag();
  const names = (of: string): string[] => field.field(of).list((item) => item.text());
  const atMs = number('atMs');
  switch (type) {
    case 'cut': {
      const kept = { keepUp: number('keepUp'), keepDown: number('keepDown') };
      const heard = { clientHears: flag('clientHears'), serverHears: flag('serverHears') };
      return { type, atMs, client: name('client'), ...kept, ...heard };
    }
    case 'stall': {
      const direction = field.field('direction').oneOf(['up', 'down']);
      return { type, atMs, client: name('client'), direction, forMs: number('forMs') };
    }
    case 'partition': {
      const direction = field.field('direction').oneOf(['up', 'down', 'both']);
      const sides = { clients: names('clients'), nodes: names('nodes') };
      return { type, atMs, ...sides, direction, forMs: number('forMs') };
    }
    case 'offline':
      return {
        type,
        atMs,
        client: name('client'),
        noticed: flag('noticed'),
        forMs: number('forMs'),
      };
    case 'tab closed': {
      const store = field.field('store').oneOf(['intact', 'stale', 'lost']);
      const who = { client: name('client'), whileWriting: flag('whileWriting') };
      return { type, atMs, ...who, store, forMs: number('forMs') };
    }
    case 'crash': {
      const whileAppending = flag('whileAppending');
      return { type, atMs, node: name('node'), whileAppending, forMs: number('forMs') };
    }
    case 'pause':
    case 'drain':
    case 'database cut':
    case 'bus outage':
      return { type, atMs, node: name('node'), forMs: number('forMs') };
    case 'database outage':
    case 'database crash':
    case 'objects outage':
      return { type, atMs, forMs: number('forMs') };
    case 'failover':
      return { type, atMs, forMs: number('forMs'), lagMs: number('lagMs') };
    case 'head locked':
      return { type, atMs, document: name('document'), forMs: number('forMs') };
    case 'bus kick':
      return { type, atMs, node: name('node') };
    case 'clock step': {
      const byMs = field.field('byMs').integer(Number.MIN_SAFE_INTEGER);
      return { type, atMs, clock: name('clock'), byMs };
    }
  }
}
