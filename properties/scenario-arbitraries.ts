/**
 * Scenarios that fast-check makes up, and shrinks: who there is, what people type, what goes wrong.
 * Everything that the simulator knows can occur; lists only get long with `size: 'max'`.
 */
import fc from 'fast-check';
import type { Fault, FaultRates } from '../sim/scenario/faults.ts';
import type { ScenarioChoice } from '../sim/scenario/scenario.ts';
import type { Action, Intent, Question } from '../sim/scenario/workload.ts';

export const durationMs = 3000;

const clientNames = ['c0', 'c1', 'c2', 'c3', 'c4'];
const nodeNames = ['n0', 'n1', 'n2'];
const documents = ['doc0', 'doc1'];

const place = fc.integer({ min: 0, max: 1_000_000 });
const atMs = fc.integer({ min: 1, max: durationMs - 1 });
const client = fc.constantFrom(...clientNames);
const node = fc.constantFrom(...nodeNames);
const document = fc.constantFrom(...documents);
const forMs = fc.integer({ min: 1, max: 2500 });

export const text: fc.Arbitrary<string> = fc.string({
  unit: 'binary',
  minLength: 1,
  maxLength: 12,
});

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('type'), text, backward: fc.boolean() }),
  fc.record({ type: fc.constant('move'), to: place }),
  fc.record({ type: fc.constant('erase'), units: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('delete'), from: place, units: fc.integer({ min: 1, max: 20 }) }),
  fc.record({
    type: fc.constant('replace'),
    from: place,
    units: fc.integer({ min: 0, max: 8 }),
    text,
  }),
  fc.record({ type: fc.constant('presence') }),
);

export const intents: fc.Arbitrary<Intent[]> = fc
  .array(fc.record({ atMs, client, action }), { maxLength: 120, size: 'max' })
  .map((all) => all.sort((a, b) => a.atMs - b.atMs));

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    type: fc.constant('cut'),
    atMs,
    client,
    keepUp: place,
    keepDown: place,
    clientHears: fc.boolean(),
    serverHears: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('stall'),
    atMs,
    client,
    direction: fc.constantFrom('up', 'down'),
    forMs,
  }),
  fc.record({
    type: fc.constant('partition'),
    atMs,
    clients: fc.subarray(clientNames, { minLength: 1 }),
    nodes: fc.subarray(nodeNames, { minLength: 1 }),
    direction: fc.constantFrom('up', 'down', 'both'),
    forMs,
  }),
  fc.record({ type: fc.constant('offline'), atMs, client, noticed: fc.boolean(), forMs }),
  fc.record({
    type: fc.constant('tab closed'),
    atMs,
    client,
    whileWriting: fc.boolean(),
    store: fc.constantFrom('intact', 'stale', 'lost'),
    forMs,
  }),
  fc.record({ type: fc.constant('crash'), atMs, node, whileAppending: fc.boolean(), forMs }),
  fc.record({ type: fc.constant('pause'), atMs, node, forMs }),
  fc.record({ type: fc.constant('drain'), atMs, node, forMs }),
  fc.record({ type: fc.constant('database cut'), atMs, node, forMs }),
  fc.record({ type: fc.constant('database outage'), atMs, forMs }),
  fc.record({ type: fc.constant('database crash'), atMs, forMs }),
  fc.record({ type: fc.constant('head locked'), atMs, document, forMs }),
  fc.record({ type: fc.constant('bus outage'), atMs, node, forMs }),
  fc.record({ type: fc.constant('bus kick'), atMs, node }),
  fc.record({ type: fc.constant('objects outage'), atMs, forMs }),
  fc.record({
    type: fc.constant('clock step'),
    atMs,
    clock: fc.constantFrom('database', ...clientNames, ...nodeNames),
    byMs: fc.integer({ min: -10_000, max: 10_000 }),
  }),
);

/** Now and then a database that loses what it had committed: much is excused then. */
const failover: fc.Arbitrary<Fault> = fc.record({
  type: fc.constant('failover'),
  atMs,
  forMs,
  lagMs: fc.integer({ min: 1, max: 1500 }),
});

export const faults: fc.Arbitrary<Fault[]> = fc
  .oneof(
    { weight: 4, arbitrary: fc.array(fault, { maxLength: 25, size: 'max' }) },
    { weight: 1, arbitrary: fc.array(fc.oneof(fault, failover), { maxLength: 25, size: 'max' }) },
  )
  .map((all) => all.sort((a, b) => a.atMs - b.atMs));

const chance = (max: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat({ max }));
const span = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

const rates: fc.Arbitrary<FaultRates> = fc.record({
  latencyMinMs: fc.constant(0),
  latencyMaxMs: span(100),
  slowPerMillion: chance(200_000),
  slowFactor: fc.constant(20),
  unknownPerMillion: chance(400_000),
  refusePerMillion: chance(500_000),
  readFailurePerMillion: chance(400_000),
  logLatencyMaxMs: span(100),
  busLossPerMillion: chance(500_000),
  busTwicePerMillion: chance(200_000),
  busLatencyMaxMs: span(100),
  objectFailurePerMillion: chance(400_000),
  objectLatencyMaxMs: span(200),
  clockOffsetMaxMs: fc.nat({ max: 10_000 }),
  clockDriftMaxPpm: fc.nat({ max: 500 }),
});

const questions: fc.Arbitrary<Question[]> = fc.array(
  fc.record({
    atMs,
    document,
    of: fc.constantFrom('version' as const, 'ago' as const, 'row' as const),
    value: place,
  }),
  { maxLength: 10 },
);

/** Actors that a list names and that are not there are nobody. */
export const scenarioChoice: fc.Arbitrary<ScenarioChoice> = fc.record({
  nodes: fc.integer({ min: 1, max: 3 }).map((count) => nodeNames.slice(0, count)),
  clients: fc
    .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 2 }))
    .map(([count, documentCount]) =>
      clientNames.slice(0, count).map((name, index) => {
        return { name, document: documents[index % documentCount] ?? 'doc0' };
      }),
    ),
  durationMs: fc.constant(durationMs),
  snapshotRows: fc.constantFrom(1, 5, 50),
  rates,
  faults,
  intents,
  questions,
});
