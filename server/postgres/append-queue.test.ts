/** Which appends share a statement. Method: the queue alone, with documents named by one letter. */
import { describe, expect, it } from 'vitest';
import { AppendQueue, type AppendQueueLimits } from './append-queue.ts';

const roomy: AppendQueueLimits = { queuedBytesMax: 1e6, groupBytesMax: 1e6, groupRowsMax: 100 };

/** `names`: one append per letter, in this order; every body has `bodyBytes` bytes. */
function queueOf(names: string, limits: AppendQueueLimits = roomy, bodyBytes = 1): AppendQueue {
  const queue = new AppendQueue(limits);
  for (const document of names) queue.push(append(document, bodyBytes));
  return queue;
}

function append(document: string, bodyBytes: number) {
  return { document, epoch: 1, body: new Uint8Array(bodyBytes), done: () => {} };
}

/** Letters of the groups taken until the queue is empty. */
function groupsOf(queue: AppendQueue): string[] {
  const groups: string[] = [];
  while (!queue.empty) {
    const group = queue.takeGroup();
    groups.push(group.map(({ document }) => document).join(''));
  }
  return groups;
}

describe('append queue', () => {
  it('puts everything that waits into one group, in order of arrival', () => {
    expect(groupsOf(queueOf('cab'))).toEqual(['cab']);
  });

  it('lets a second append for a document wait for the next group', () => {
    expect(groupsOf(queueOf('aabaac'))).toEqual(['abc', 'a', 'a', 'a']);
  });

  it('moves a document that has more waiting behind those that have not had their turn', () => {
    const limits = { ...roomy, groupRowsMax: 2 };
    expect(groupsOf(queueOf('aabcd', limits))).toEqual(['ab', 'cd', 'a']);
  });

  it('keeps a group below the limit in bytes, but takes a larger body alone', () => {
    const limits = { ...roomy, groupBytesMax: 10 };
    expect(groupsOf(queueOf('abc', limits, 5))).toEqual(['ab', 'c']);
    expect(groupsOf(queueOf('abc', limits, 11))).toEqual(['a', 'b', 'c']);
  });

  it('refuses what would pass its limit, and takes it when there is room again', () => {
    const queue = new AppendQueue({ ...roomy, queuedBytesMax: 3000 });
    expect([1000, 1000, 1].map((bytes) => queue.push(append('a', bytes)))).toEqual([
      true,
      false,
      true,
    ]);
    queue.takeGroup();
    expect(queue.push(append('b', 1000))).toBe(true);
    expect(queue.takeAll()).toHaveLength(2);
    expect(queue.push(append('b', 2000))).toBe(true);
  });
});
