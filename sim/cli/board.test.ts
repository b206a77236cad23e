/** Goal: seeds are handed out once, in order, and not beyond the end. */
import { expect, it } from 'vitest';
import { Board } from './board.ts';

it('hands out each seed once, up to the end', () => {
  const shared = Board.memory(2);
  const [one, other] = [new Board(shared), new Board(shared)];
  one.offer(5, 8);
  expect([one.take(), other.take(), one.take(), other.take(), one.take()]).toEqual([
    5,
    6,
    7,
    null,
    null,
  ]);
});

it('moves its end down, never up', () => {
  const board = new Board(Board.memory(1));
  board.offer(2 ** 52, 2 ** 52 + 9);
  board.endBefore(2 ** 52 + 2);
  board.endBefore(2 ** 52 + 7);
  expect([board.take(), board.take(), board.take()]).toEqual([2 ** 52, 2 ** 52 + 1, null]);
});

it('shows what each thread is at', () => {
  const shared = Board.memory(2);
  new Board(shared).begin(1, 7);
  new Board(shared).begin(1, 9);
  expect(new Board(shared).lookAt(1)).toEqual({ seed: 9, runs: 2 });
  expect(new Board(shared).lookAt(0)).toEqual({ seed: 0, runs: 0 });
});
