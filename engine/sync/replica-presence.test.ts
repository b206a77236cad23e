/** What a client makes of news about others. Method: the messages that a node sends, by hand. */
import { expect, it } from 'vitest';
import type { Peer } from '../../proto/server-frame.ts';
import { Fold } from './fold.ts';
import { ReplicaPresence } from './replica-presence.ts';

const start = { replica: 0, timestamp: 0, side: 'after' } as const;
const ann: Peer = {
  session: 5,
  state: { name: 'Ann', color: 'teal', head: start, anchor: null },
  ...{ line: 1, column: 1, moved: false },
};

function seen(...news: readonly (readonly Peer[])[]): (readonly [string, number | null])[] {
  const fold = new Fold(7);
  const presence = new ReplicaPresence();
  for (const peers of news) presence.receive(fold, { peers, left: [], full: false }, 1);
  return presence.peers(fold).map(({ name, head }) => [name, head] as const);
}

it('who moves keeps name and colour, and has no caret if none is told', () => {
  const nameless = { name: '', color: '', head: start, anchor: null };
  expect(seen([ann], [{ ...ann, state: nameless, moved: true }])).toEqual([['Ann', 0]]);
  expect(seen([ann], [{ ...ann, state: null, moved: true }])).toEqual([['Ann', null]]);
});

it('who shows nothing any more is gone, and who moved without a name is not shown yet', () => {
  expect(seen([ann], [{ ...ann, state: null }])).toEqual([]);
  expect(seen([{ ...ann, moved: true }])).toEqual([]);
});
