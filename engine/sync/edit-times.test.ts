/**
 * Goal: what the core notes for whoever measures: when edits came and were acknowledged, how stale
 * they were, and in which states sessions are. Method: a gateway, one input at a time.
 */
import { describe, expect, it } from 'vitest';
import { EditTimes } from './edit-times.ts';
import { GatewayScript, Typist } from './testing/gateway-script.ts';

const empty = { head: null, rows: [] };

describe('the time of an edit', () => {
  it('is that of its frame, the first of a row that has several, and that of the ack', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    const anna = new Typist(11);
    script.edit(1, anna.type(0, 'a'));
    script.advance(5);
    script.edit(1, anna.type(1, 'b'));
    script.advance(5);
    script.edit(1, anna.type(2, 'c'));
    script.commit(1);
    script.advance(7);
    script.commit(2);
    const times = script.gateway.editTimes.take();
    const startMs = times[0]?.receivedMs ?? 0;
    expect(
      times.map(({ receivedMs, ackedMs }) => [receivedMs - startMs, ackedMs - startMs]),
    ).toEqual([
      [0, 10],
      [5, 17],
    ]);
    expect(script.gateway.editTimes.take()).toEqual([]);
  });

  it('comes with how stale it was', () => {
    const script = new GatewayScript();
    script.join(1, 11);
    script.join(2, 22);
    script.edit(1, new Typist(11).type(0, 'abc'));
    script.commit(1);
    script.gateway.editTimes.take();
    script.edit(2, new Typist(22).type(0, 'x'));
    script.commit(2);
    expect(script.gateway.editTimes.take()).toMatchObject([{ staleOperations: 3 }]);
  });

  it('is not kept for ever if nobody takes it', () => {
    const times = new EditTimes();
    const time = { receivedMs: 1, ackedMs: 2, staleOperations: 0, staleMs: 0 };
    for (let n = 0; n < 5_000; n++) times.note(time);
    expect(times.take()).toHaveLength(1024);
  });
});

it('sessions are told by state', () => {
  const script = new GatewayScript();
  script.hello(1, 11);
  expect(script.gateway.stats.sessionStates).toMatchObject({ joining: 1, open: 0 });
  script.answerRead(empty);
  expect(script.gateway.stats).toMatchObject({
    sessions: 1,
    sessionStates: { authorizing: 0, joining: 0, open: 1, lagging: 0 },
  });
});
