/**
 * Goal: channels are put together as a cluster allows it, and a refusal is told from an answer that
 * belongs to another command. Method: slots as the specification of Redis Cluster has them.
 */
import { describe, expect, it } from 'vitest';
import { commandsFor, isElsewhere, plainPubSub, shardedPubSub } from './redis-dialect.ts';

describe('the slot of a channel', () => {
  it('is that of its tag, if it has one', () => {
    expect(shardedPubSub.slotOf('123456789')).toBe(0x31c3);
    expect(shardedPubSub.slotOf('a{123456789}b')).toBe(0x31c3);
    expect(shardedPubSub.slotOf('{}123456789')).not.toBe(0x31c3);
  });
});

describe('commandsFor', () => {
  it('puts channels of one slot together, a thousand at most', () => {
    const tagged = Array.from({ length: 2_500 }, (_, n) => `{t}${n}`);
    const commands = commandsFor(shardedPubSub, ['foo', ...tagged, 'bar']);
    expect(commands.map((command) => command.length)).toEqual([1, 1_000, 1_000, 500, 1]);
    expect(commands.flat().toSorted()).toEqual(['foo', ...tagged, 'bar'].toSorted());
    expect(commandsFor(plainPubSub, ['foo', 'bar'])).toEqual([['foo', 'bar']]);
    expect(commandsFor(plainPubSub, [])).toEqual([]);
  });
});

describe('isElsewhere', () => {
  it('is a refusal of this slot, and of no other', () => {
    expect(isElsewhere(new Error('MOVED 7 127.0.0.1:1'), 7)).toBe(true);
    expect(isElsewhere(new Error('MOVED 8 127.0.0.1:1'), 7)).toBe(false);
    expect(isElsewhere(new Error('CLUSTERDOWN Hash slot not served'), 7)).toBe(true);
    expect(isElsewhere(new Error('TRYAGAIN Multiple keys'), 7)).toBe(true);
    expect(isElsewhere(new Error('NOPERM no permission'), 7)).toBe(false);
    expect(isElsewhere('MOVED 7 127.0.0.1:1', 7)).toBe(false);
  });
});
