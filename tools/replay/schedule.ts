/**
 * When each transaction of a trace may be typed, and when it may be sent, so that live clients of
 * one log are at exactly the states at which the trace's authors were.
 *
 * A client shows a prefix of the log and its own operations, nothing else. It is where transaction
 * t was typed when the others' operations in that prefix are the ancestors of t. The gate stops a
 * client's deliveries there, which works only if the log has, for every client c, the others'
 * transactions in this order: the ancestors of c's first transaction, then what c's second one
 * adds, and so on. So for any two transactions u, v of clients other than c:
 *
 *   c has one with u but not v among its ancestors  →  u is in an earlier row than v
 *
 * A sender achieves that by itself: v waits until all such u are acknowledged (an acknowledgement
 * outlives every crash). What is not ordered so is in flight together. Two authors never get in
 * each other's way: all that the rule says is that a row does not run past the other's next
 * parents. With three or more the rules of different clients could contradict each other;
 * `commitOrder` finds out.
 *
 * An author whose transactions are not in one causal line (somebody with two browsers) becomes
 * several clients. The ancestors of a transaction are then told by one number per client.
 */
import { must } from '../../engine/assert.ts';
import type { Trace } from './trace.ts';

/** By client: how many of its transactions, the first ones. */
export type Counts = readonly number[];

export interface Scheduled {
  /** In the trace. */
  readonly index: number;
  readonly client: number;
  /** Position among the client's transactions. */
  readonly sequence: number;
  /** Its ancestors; of its own client all earlier ones. Typed when these, no others, are here. */
  readonly ancestors: Counts;
  /** Sent when these are acknowledged. */
  readonly sendAfter: Counts;
}

export interface Schedule {
  /** By client, in order. */
  readonly clients: readonly (readonly Scheduled[])[];
}

/** The order that the trace demands. Pure; time in proportion to transactions × clients². */
export function scheduleOf(trace: Trace): Schedule {
  const lines = causalLines(trace);
  const clients = lines.map((line, client) =>
    line.map(({ index, ancestors }, sequence) => {
      const full = lines.map((_, other) => ancestors[other] ?? 0);
      return { index, client, sequence, ancestors: full, sendAfter: lines.map(() => 0) };
    }),
  );
  for (const line of clients) {
    for (const watcher of clients) if (watcher !== line) restrain(line, watcher);
  }
  return { clients };
}

/** Whether `counts` has all that `wanted` asks for. */
export function covers(counts: Counts, wanted: Counts): boolean {
  return wanted.every((count, client) => (counts[client] ?? 0) >= count);
}

/**
 * One order in which the log can have all transactions, by their places in the trace, and how many
 * had to be sent against the rule because nothing else could go on: 0 means that every client can
 * be stopped at exactly the ancestors of each of its transactions.
 */
export function commitOrder({ clients }: Schedule): { order: Scheduled[]; impossible: number } {
  const committed = clients.map(() => 0);
  const order: Scheduled[] = [];
  const total = clients.reduce((sum, line) => sum + line.length, 0);
  let impossible = 0;
  /** The next of a client, if it can be typed now. */
  const nextOf = (client: number): Scheduled | null => {
    const next = clients[client]?.[committed[client] ?? 0];
    return next !== undefined && covers(committed, next.ancestors) ? next : null;
  };
  const commit = (next: Scheduled): void => {
    committed[next.client] = next.sequence + 1;
    order.push(next);
  };
  while (order.length < total) {
    const before = order.length;
    for (const client of clients.keys()) {
      let next = nextOf(client);
      for (; next !== null && covers(committed, next.sendAfter); next = nextOf(client))
        commit(next);
    }
    if (order.length > before) continue;
    const held = [...clients.keys()].flatMap((client) => nextOf(client) ?? []);
    const earliest = held.toSorted((a, b) => a.index - b.index)[0];
    commit(must(earliest, 'the earliest transaction that is not in the log can be typed'));
    impossible++;
  }
  return { order, impossible };
}

/**
 * The share of transactions for which there is another one such that neither knew the other.
 * `known(t)`: by client, how many transactions the author of t knew; growing along a client.
 */
export function concurrentShare(known: readonly (readonly Counts[])[]): number {
  let all = 0;
  let concurrent = 0;
  for (const [client, line] of known.entries()) {
    for (const [sequence, here] of line.entries()) {
      all++;
      const unaware = known.some((others, other) => {
        // The first one unknown here knows least of this client: if it knows this one, all do.
        const first = other === client ? undefined : others[here[other] ?? 0];
        return first !== undefined && (first[client] ?? 0) <= sequence;
      });
      if (unaware) concurrent++;
    }
  }
  return all === 0 ? 0 : concurrent / all;
}

/** What `concurrentShare` wants, as the trace tells it. */
export function ancestorsOf(schedule: Schedule): readonly (readonly Counts[])[] {
  return schedule.clients.map((line) => line.map(({ ancestors }) => ancestors));
}

interface Placed {
  readonly index: number;
  readonly client: number;
  readonly sequence: number;
  readonly ancestors: readonly number[];
}

/** The transactions as few lines, each of one agent and in causal order. */
function causalLines({ transactions }: Trace): readonly (readonly Placed[])[] {
  const lines: Placed[][] = [];
  const agents: number[] = [];
  const placed: Placed[] = [];
  for (const [index, { agent, parents }] of transactions.entries()) {
    const ancestors: number[] = [];
    for (const parent of parents) {
      const { client, sequence, ancestors: further } = must(placed[parent], 'parents come first');
      for (const [other, count] of further.entries()) {
        ancestors[other] = Math.max(ancestors[other] ?? 0, count);
      }
      ancestors[client] = Math.max(ancestors[client] ?? 0, sequence + 1);
    }
    let client = lines.findIndex(
      (line, at) => agents[at] === agent && line.length === (ancestors[at] ?? 0),
    );
    if (client < 0) {
      client = lines.push([]) - 1;
      agents.push(agent);
    }
    const line = must(lines[client], 'a line');
    const all = lines.map((_, other) => ancestors[other] ?? 0);
    const next = { index, client, sequence: line.length, ancestors: all };
    line.push(next);
    placed.push(next);
  }
  return lines;
}

/** Makes the transactions of `line` wait for what comes before them at the stops of `watcher`. */
function restrain(
  line: readonly { client: number; sequence: number; sendAfter: number[] }[],
  watcher: readonly Scheduled[],
): void {
  let seenFirstBy = 0;
  for (const { client, sequence, sendAfter } of line) {
    while ((watcher[seenFirstBy]?.ancestors[client] ?? Infinity) <= sequence) seenFirstBy++;
    const stop = watcher[seenFirstBy - 1];
    if (stop === undefined) continue;
    for (const [other, count] of stop.ancestors.entries()) {
      if (other !== stop.client) sendAfter[other] = Math.max(sendAfter[other] ?? 0, count);
    }
  }
}
