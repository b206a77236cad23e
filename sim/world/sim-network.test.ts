/**
 * Goal: a connection does what TCP does. While it lives, everything arrives in order; when it
 * breaks, a suffix is lost in each direction; who is not told hears nothing.
 */
import { describe, expect, it } from 'vitest';
import type { ConnId } from '../../engine/ids.ts';
import { encodeClientFrame } from '../../proto/client-frame.ts';
import { encodeHeartbeatPart } from '../../proto/server-frame.ts';
import { faultsWith } from '../testing/fault-choice.ts';
import { Link, Partitions } from './sim-network.ts';
import { World } from './world.ts';

interface Heard {
  readonly client: (number | string)[];
  readonly server: (number | string)[];
}

/** A link over slow streams; messages are heartbeats that carry a number. */
function connect(
  options: {
    readonly seed?: number;
    readonly world?: World;
    readonly partitions?: Partitions;
  } = {},
) {
  const world = options.world ?? new World({ seed: options.seed ?? 1 });
  const faults = faultsWith({ latencyMinMs: 0, latencyMaxMs: 50, slowPerMillion: 100_000 });
  const heard: Heard = { client: [], server: [] };
  const partitions = options.partitions ?? new Partitions();
  const link = new Link({
    world,
    faults,
    connection: 1,
    partitions,
    client: {
      name: 'c0',
      label: 'c0',
      document: 'doc0',
      replica: 1,
      opened: () => heard.client.push('opened'),
      received: (_, bytes) => heard.client.push(bytes.at(-1) ?? -1),
      closed: (_, code) => heard.client.push(`closed ${code}`),
    },
    server: {
      name: 'n0',
      accept: () => 1 as ConnId,
      received: (_, bytes) => heard.server.push(bytes.at(-1) ?? -1),
      closed: () => heard.server.push('closed'),
    },
  });
  const up = (at: number): void =>
    link.sendUp(encodeClientFrame({ channel: 0, body: { type: 'heartbeat', at } }));
  const down = (at: number): void => link.sendDown(encodeHeartbeatPart(at));
  const run = (untilMs = Number.POSITIVE_INFINITY): void => {
    while ((world.nextMs ?? untilMs) < untilMs) world.step();
  };
  const settle = (): void => {
    while (world.step());
  };
  settle();
  return { world, link, heard, up, down, run, settle };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

describe('a connection', () => {
  it('delivers everything in order, whatever each message takes', () => {
    const { heard, up, down, settle } = connect();
    for (const n of numbers(100)) {
      up(n);
      down(n);
    }
    settle();
    expect(heard.client).toEqual(['opened', ...numbers(100)]);
    expect(heard.server).toEqual(numbers(100));
  });

  it('that one side closes delivers what that side sent before, and then says so', () => {
    const { heard, link, up, down, settle } = connect();
    for (const n of numbers(5)) up(n);
    down(9);
    link.closeByClient();
    settle();
    expect(heard.server).toEqual([...numbers(5), 'closed']);
    // What was on its way to a client still comes, as from `ws`: the core has to know it for old.
    expect(heard.client).toEqual(['opened', 9]);
  });

  it('of a client that died brings it nothing any more', () => {
    const { heard, link, down, settle } = connect();
    down(9);
    link.clientDied();
    settle();
    expect(heard.client).toEqual(['opened']);
    expect(heard.server).toEqual(['closed']);
  });

  it('is parted by a partition that began before it, until that ends', () => {
    const world = new World({ seed: 1 });
    const partitions = new Partitions();
    const parted = { clients: ['c0'], nodes: ['n0'], untilMs: 500 } as const;
    partitions.add({ ...parted, direction: 'up' });
    expect(partitions.untilMs('c0', 'n0', 'up')).toBe(500);
    expect(partitions.untilMs('c0', 'n0', 'down')).toBe(0);
    expect(partitions.untilMs('c1', 'n0', 'up')).toBe(0);
    const { heard } = connect({ world, partitions });
    expect(heard.client).toEqual(['opened']);
    expect(world.nowMs).toBeGreaterThanOrEqual(500);
  });

  it('that is stalled in one direction goes on in the other', () => {
    const { heard, world, link, up, down, run, settle } = connect();
    link.stall('down', world.nowMs + 5000);
    up(1);
    down(1);
    run(world.nowMs + 4000);
    expect([heard.client, heard.server]).toEqual([['opened'], [1]]);
    settle();
    expect(heard.client).toEqual(['opened', 1]);
  });

  it('tells when what was sent has left, not before', () => {
    const { heard, link, down, settle } = connect();
    for (const n of numbers(3)) down(n);
    link.whenDrained(() => heard.client.push('drained'));
    expect(heard.client).toEqual(['opened']);
    settle();
    expect(heard.client).toEqual(['opened', 1, 2, 'drained', 3]);
  });
});

describe('a connection that breaks', () => {
  it('loses a suffix in each direction, and no more', () => {
    const kept = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const { heard, link, up, down, settle } = connect({ seed });
      for (const n of numbers(10)) {
        up(n);
        down(n);
      }
      const [keepUp, keepDown] = [(seed * 50_000) % 1_000_000, (seed * 330_000) % 1_000_000];
      link.cut({ keepUp, keepDown, clientHears: true, serverHears: true });
      up(11);
      settle();
      const arrivedUp = heard.server.filter((item) => typeof item === 'number');
      const arrivedDown = heard.client.filter((item) => typeof item === 'number');
      expect(arrivedUp).toEqual(numbers(arrivedUp.length));
      expect(arrivedDown).toEqual(numbers(arrivedDown.length));
      expect(heard.server.at(-1)).toBe('closed');
      expect(heard.client.at(-1)).toBe('closed 1006');
      kept.add(`${arrivedUp.length} ${arrivedDown.length}`);
    }
    expect(kept.size).toBeGreaterThan(10);
  });

  it('half-open is silence for both, for ever', () => {
    const { heard, link, up, down, settle } = connect();
    link.cut({ keepUp: 0, keepDown: 0, clientHears: false, serverHears: false });
    up(1);
    down(1);
    settle();
    expect([heard.client, heard.server]).toEqual([['opened'], []]);
    expect(link.isOpen).toBe(true);
  });
});
