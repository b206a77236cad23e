/**
 * The order that lets live clients be where the trace's authors were. Method: small traces written
 * out, and synthetic ones sent through a log that takes what it gets in a random order, many at a
 * time; at every stop the client's prefix of the log must be exactly the ancestors.
 */
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { must } from '../../engine/assert.ts';
import { Random } from '../../engine/random.ts';
import { seed } from '../../properties/seed.ts';
import {
  ancestorsOf,
  commitOrder,
  concurrentShare,
  covers,
  type Schedule,
  type Scheduled,
  scheduleOf,
} from './schedule.ts';
import { syntheticDefaults, syntheticTrace } from './synthetic-trace.ts';
import { parseTrace, type Trace } from './trace.ts';

/** `a: b c` = a transaction of agent a with parents 0-based; agents by name, e.g. "A B:0 A:0,1". */
function traceOf(notation: string): Trace {
  const transactions = notation.split(' ').map((word) => {
    const [agent = '', parents = ''] = word.split(':');
    const indexes = parents === '' ? [] : parents.split(',').map(Number);
    return { agent: agent.charCodeAt(0) - 65, parents: indexes, patches: [[0, 0, 'x']] as const };
  });
  return { name: notation, transactions, endContent: null };
}

function synthetic(run: number): Trace {
  const options = { ...syntheticDefaults, seed: run, transactions: 300, authors: 2 + (run % 4) };
  return parseTrace('synthetic', gunzipSync(syntheticTrace(options)).toString('utf8'));
}

test('a transaction waits for nothing when nobody stops between others', () => {
  const { clients } = scheduleOf(traceOf('A A:0 A:1 B:2'));
  expect(clients[0]?.map(({ sendAfter }) => sendAfter)).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});

test('what another author did not know yet waits until what he knew is acknowledged', () => {
  // B types at the state after A's first transaction; A's second must not share its row.
  const { clients } = scheduleOf(traceOf('A A:0 B:0'));
  expect(clients[0]?.map(({ sendAfter }) => sendAfter)).toEqual([
    [0, 0],
    [1, 0],
  ]);
});

test('a third author holds back one of two others who have nothing to do with each other', () => {
  // C knows B's transaction when it does not know A's second.
  const { clients } = scheduleOf(traceOf('A A:0 B:0 C:0,2'));
  expect(clients[0]?.[1]?.sendAfter).toEqual([1, 1, 0]);
});

test('an agent with two branches becomes two clients', () => {
  const { clients } = scheduleOf(traceOf('A A:0 A:0 A:1 A:2'));
  expect(clients.map((line) => line.map(({ index }) => index))).toEqual([
    [0, 1, 3],
    [2, 4],
  ]);
});

test('three authors who contradict each other are found out', () => {
  // A goes on with B's but not C's, B with C's but not A's, C with A's but not B's.
  const trace = traceOf('A A:0 B:0 C:0 A:1,2 B:2,3 C:3,1');
  expect(commitOrder(scheduleOf(trace)).impossible).toBeGreaterThan(0);
});

test('concurrent are those of which another one and its author did not know each other', () => {
  expect(concurrentShare(ancestorsOf(scheduleOf(traceOf('A A:0 B:0 A:1,2'))))).toBe(2 / 4);
  expect(concurrentShare(ancestorsOf(scheduleOf(traceOf('A B:0 A:1'))))).toBe(0);
});

test('every client can be stopped at exactly the ancestors of each of its transactions', () => {
  for (let run = 0; run < 12; run++) {
    const trace = synthetic(seed + run);
    const schedule = scheduleOf(trace);
    expect(commitOrder(schedule)).toMatchObject({ impossible: 0 });
    expect(playOnLog(schedule, new Random(seed + run))).toBe(trace.transactions.length);
  }
});

/** Transactions typed, each at exactly its ancestors; rows take what was sent in any order. */
function playOnLog({ clients }: Schedule, random: Random): number {
  const log: (readonly Scheduled[])[] = [];
  const nothing = clients.map(() => 0);
  const players = clients.map((line) => ({ line, typed: 0, sent: 0, rows: 0, has: [...nothing] }));
  const acked = [...nothing];
  const goOn = (player: (typeof players)[number]): boolean => {
    const { has, line, typed, rows } = player;
    const next = line[typed];
    const row = log[rows];
    if (next !== undefined && covers(has, next.ancestors)) {
      expect(has).toEqual(next.ancestors);
      has[next.client] = ++player.typed;
      return true;
    }
    if (row === undefined || !row.every((each) => isWanted(each, next))) return false;
    player.rows++;
    for (const { client, sequence } of row) has[client] = Math.max(has[client] ?? 0, sequence + 1);
    return true;
  };
  for (;;) {
    for (const player of players) while (goOn(player));
    const mayBeSent = (player: (typeof players)[number]): boolean =>
      player.sent < player.typed && covers(acked, player.line[player.sent]?.sendAfter ?? []);
    if (!players.some(mayBeSent)) return players.reduce((sum, { typed }) => sum + typed, 0);
    const row: Scheduled[] = [];
    while (row.length === 0 || random.below(4) > 0) {
      const able = players.filter(mayBeSent);
      if (able.length === 0) break;
      const player = random.pick(able);
      row.push(must(player.line[player.sent], 'a transaction'));
      player.sent++;
    }
    for (const { client, sequence } of row) acked[client] = sequence + 1;
    log.push(row);
  }
}

/** Whether the row's transaction may be shown to the author of `next` before that is typed. */
function isWanted({ client, sequence }: Scheduled, next: Scheduled | undefined): boolean {
  if (next === undefined || client === next.client) return true;
  return sequence < must(next.ancestors[client], 'a client');
}
