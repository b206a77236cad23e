/**
 * Goal: the judge sees what must never happen, in recorded histories of real clients. Method: right
 * and wrong histories made by hand: two people type on real sequences, rows and frames are made of
 * what they typed.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { must } from '../../engine/assert.ts';
import { Sequence } from '../../engine/text/sequence.ts';
import { type Batch, renameBatch } from '../../proto/batch.ts';
import type { Cursor } from '../../proto/frame-messages.ts';
import type { ServerFrame } from '../../proto/server-frame.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import { Judge } from './judge.ts';

const document = 'doc';
const link = {
  name: 'bob#1',
  replica: 22,
  client: { name: 'bob', document },
  server: { name: 'n0' },
};
const nothing = {
  ...{ channel: 0, rows: [], ack: null, welcome: null, snapshotPiece: null, rights: null },
};
const empty: ServerFrame = {
  ...{ ...nothing, presence: null, error: null },
  ...{ heartbeat: null, window: null, patch: null },
};

let judge: Judge;
let first: Batch;
let second: Batch;

beforeEach(() => {
  judge = new Judge();
  const [ann, bob] = [new Sequence(), new Sequence()];
  first = typed(ann, 11, 'ab');
  bob.integrate(first);
  second = typed(bob, 22, 'cd');
});

/** Types at the end, and has the judge know of it. */
function typed(sequence: Sequence, replica: number, text: string): Batch {
  const index = sequence.length;
  const splices = [{ index, deleted: 0, inserted: text }];
  const batch = must(sequence.edit(replica, splices, index / 2), 'a change');
  for (let i = 0; i < text.length; i++) {
    judge.ledgerOf(document).typed(sequence.idAt(index + i), text.charAt(i));
  }
  const last = sequence.versionVector.get(replica);
  judge.typed(document, { replica, last, operations: text.length });
  return batch;
}

/** Puts rows into the log, each of one batch. */
function commit(...batches: readonly Batch[]): void {
  for (const batch of batches) {
    const lsn = judge.truthOf(document).head + 1;
    const body = encodeUpdate({ batches: [batch] });
    judge.rows(document, 1, [{ lsn, at: 1_000 + lsn, body }]);
  }
}

function acknowledge(replica: number, through: number): void {
  judge.judge({ type: 'acknowledged', client: 'somebody', document, replica, through });
}

function welcome(cursor: Cursor = { epoch: 1, lsn: 0, at: 0, operations: 0 }): void {
  const state = { cursor, snapshot: null, through: 0, headLsn: 0, now: 0, heartbeatMs: 1_000 };
  const session = { writable: true, session: 1, protocol: 1, snapshotBytes: 0, expiresInMs: 0 };
  const window = { bytes: 1, operations: 1 };
  const frame = { ...empty, welcome: { ...state, ...session, window } };
  judge.judge({ type: 'received', link, frame });
}

/** Ann's batch arrives at Bob, as row 1. */
function receive(batch: Batch): void {
  const row = { at: 1_001, introduced: [11], batches: [renameBatch(batch, () => 1)], epoch: 1 };
  judge.judge({ type: 'received', link, frame: { ...empty, rows: [row] } });
}

/** Bob's client has come to row `lsn`, with these timestamps of Ann and of its own. */
function stepped(lsn: number, ann: number, bob: number): void {
  const versionVector = new Map([
    [11, ann],
    [22, bob],
  ]);
  const fold = { lsn, operations: null, committed: { get: () => 0 }, sequence: { versionVector } };
  const core = { replica: 22, fold };
  judge.judge({ type: 'stepped', client: { name: 'bob', document, core } });
}

describe('a history that is in order', () => {
  it('is found to be so, and its text is told', () => {
    commit(first);
    welcome();
    receive(first);
    stepped(1, 2, 4);
    commit(second);
    acknowledge(11, 2);
    acknowledge(22, 4);
    expect(judge.settle(document)).toBe('abcd');
    expect([judge.lost(document), judge.amounts]).toEqual([
      0,
      { operations: 4, rows: 2, documents: 1 },
    ]);
  });

  it('may have a batch twice in the log: it takes effect once', () => {
    commit(first, first, second);
    expect(judge.settle(document)).toBe('abcd');
  });
});

describe('a history that is not', () => {
  it('has an acknowledgement of what is not in the log', () => {
    commit(first);
    expect(() => acknowledge(22, 4)).toThrow('got ack 4, log: 0');
    expect(judge.lost(document)).toBe(2);
  });

  it('shows a row that is not in the log', () => {
    welcome();
    expect(() => receive(first)).toThrow('row 1 is not committed');
  });

  it('shows another row than the log has', () => {
    const other = must(new Sequence().edit(11, [{ index: 0, deleted: 0, inserted: 'xy' }], 0), 'x');
    commit(first);
    welcome();
    expect(() => receive(other)).toThrow('another row 1 than the log');
  });

  it('tells the other nodes of a row that is not in the log', () => {
    const body = encodeUpdate({ batches: [first] });
    const row = { epoch: 1, lsn: 1, at: 1_001, body };
    const publish = (): void => judge.judge({ type: 'published', node: 'n0', document, row });
    expect(publish).toThrow('n0 publishes row 1 of doc, not in the log');
    commit(first);
    publish();
  });

  it('has a welcome at a row that the log does not have', () => {
    expect(() => welcome({ epoch: 1, lsn: 3, at: 1_003, operations: 0 })).toThrow('does not have');
  });

  it('has a client that shows what the log does not have', () => {
    expect(() => stepped(0, 2, 0)).toThrow('shows 2 of 11, log: 0');
  });

  it('has a client at a row without what the row brought', () => {
    commit(first, second);
    expect(() => stepped(1, 1, 4)).toThrow('has 1 of 11, the rows: 2');
  });

  it('lacks something typed, though nobody was told that it is there', () => {
    commit(first);
    expect(() => judge.settle(document)).toThrow('lacks 3.22');
  });

  it('has in the log what nobody typed', () => {
    const third = must(new Sequence().edit(33, [{ index: 0, deleted: 0, inserted: 'z' }], 0), 'z');
    commit(first, second, third);
    expect(() => judge.settle(document)).toThrow('typed was []');
  });

  it('has an operation a second time with another content', () => {
    commit(first);
    const again = must(new Sequence().edit(11, [{ index: 0, deleted: 0, inserted: 'ax' }], 0), 'a');
    expect(() => commit(again)).toThrow('2 is insert 120, but was insert 98');
  });

  it('has an operation doubled under an id of its own', () => {
    const copy = new Sequence();
    copy.integrate(first);
    copy.integrate(second);
    const doubled = must(copy.edit(22, [{ index: 4, deleted: 0, inserted: 'cd' }], 2), 'cd');
    commit(first, second, doubled);
    expect(() => judge.settle(document)).toThrow('holds 5.22 "c", typed was []');
  });

  it('has a hole, or times that fall', () => {
    const body = encodeUpdate({ batches: [first] });
    expect(() => judge.rows(document, 1, [{ lsn: 2, at: 1, body }])).toThrow('row 2 after 0');
    commit(first);
    expect(() => judge.rows(document, 1, [{ lsn: 2, at: 1, body }])).toThrow('row 2 falls');
  });

  it('has an answer about the past that is not the prefix of the log', () => {
    commit(first, second);
    const answer = { lsn: 1, at: 1_001, epoch: 1, text: 'abcd', closed: true };
    const asked = {
      document,
      moment: { type: 'lsn', lsn: 1 },
      snapshotLsn: 0,
      closing: null,
    } as const;
    const played = { ...asked, lostBefore: 0, answer };
    expect(() => judge.playedBack(played)).toThrow('"abcd" ≠ "ab"');
    judge.playedBack({ ...played, answer: { ...answer, text: 'ab' } });
  });
});
