/**
 * What people do at several real nodes and what breaks meanwhile, made up (and shrunk) by
 * fast-check. Clients and nodes are named by number, places in the text are fractions, so that
 * every part of a workload makes sense when another part is left out.
 */
import fc from 'fast-check';
import type { Cut } from '../server/testing/proxy-pair.ts';
import { text } from './scenario-arbitraries.ts';

/** A way of a node that can be broken. */
export type Way = 'toClients' | 'toPostgres' | 'toRedis';

export type Step =
  /** `at`, `from`: millionths of the text. */
  | { readonly type: 'type'; readonly client: number; readonly at: number; readonly text: string }
  | {
      readonly type: 'replace';
      readonly client: number;
      readonly from: number;
      readonly units: number;
      readonly text: string;
    }
  | { readonly type: 'leave'; readonly client: number }
  | { readonly type: 'go'; readonly client: number; readonly node: number }
  /** The next connection that meets the condition ends; for PostgreSQL: around the COMMIT. */
  | { readonly type: 'cut'; readonly node: number; readonly way: Way; readonly cut: Cut }
  | { readonly type: 'reset'; readonly node: number; readonly way: Way }
  /** SIGKILL, and a start right after it. */
  | { readonly type: 'kill'; readonly node: number }
  /** Others get on for so many round trips to PostgreSQL. */
  | { readonly type: 'wait'; readonly roundTrips: number };

export interface Workload {
  /** By client: its document. */
  readonly documents: readonly number[];
  readonly steps: readonly Step[];
}

/** How often each kind of trouble is; edits and waiting are 100 together. */
export interface Trouble {
  readonly moves: number;
  readonly commitCuts: number;
  readonly otherCuts: number;
  readonly kills: number;
}

const clientsMax = 4;
const client = fc.nat({ max: clientsMax - 1 });
const node = fc.nat({ max: 1 });
const place = fc.nat({ max: 1_000_000 });
const cut: fc.Arbitrary<Cut> = fc.oneof(
  fc.constantFrom<Cut>({ at: 'afterRequest' }, { at: 'beforeRequest' }),
  fc.nat({ max: 200 }).map((replyBytes): Cut => ({ at: 'inReply', replyBytes })),
);
const otherWay = fc.constantFrom<Way>('toClients', 'toRedis');
const anyWay = fc.constantFrom<Way>('toClients', 'toPostgres', 'toRedis');

function step({ moves, commitCuts, otherCuts, kills }: Trouble): fc.Arbitrary<Step> {
  const typing = fc.record({ type: fc.constant('type'), client, at: place, text });
  const units = fc.integer({ min: 1, max: 8 });
  const replacing = fc.record({
    ...{ type: fc.constant('replace'), client, from: place, units },
    text: fc.oneof(fc.constant(''), text),
  });
  const waiting = fc.record({
    type: fc.constant('wait'),
    roundTrips: fc.integer({ min: 1, max: 20 }),
  });
  const toPostgres = fc.constant<Way>('toPostgres');
  return fc.oneof(
    { weight: 45, arbitrary: typing },
    { weight: 15, arbitrary: replacing },
    { weight: 40, arbitrary: waiting },
    { weight: moves, arbitrary: fc.record({ type: fc.constant('leave'), client }) },
    { weight: moves, arbitrary: fc.record({ type: fc.constant('go'), client, node }) },
    {
      weight: commitCuts,
      arbitrary: fc.record({ type: fc.constant('cut'), node, way: toPostgres, cut }),
    },
    {
      weight: otherCuts,
      arbitrary: fc.record({ type: fc.constant('cut'), node, way: otherWay, cut }),
    },
    {
      weight: otherCuts,
      arbitrary: fc.record({ type: fc.constant('reset'), node, way: anyWay }),
    },
    { weight: kills, arbitrary: fc.record({ type: fc.constant('kill'), node }) },
  );
}

export function workload(trouble: Trouble): fc.Arbitrary<Workload> {
  return fc.record({
    documents: fc.array(fc.nat({ max: 1 }), { minLength: 2, maxLength: clientsMax, size: 'max' }),
    steps: fc.array(step(trouble), { minLength: 1, maxLength: 60, size: 'max' }),
  });
}
