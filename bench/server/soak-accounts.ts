/**
 * Every edit of a soak accounted for: what was typed and acknowledged against the fold of the log,
 * document by document. Each author has one document and types one character per edit.
 */
import type { LogRow } from '../../engine/driver/ports.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { batchOperations } from '../../proto/batch.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';

/** What one author did. */
export interface Account {
  readonly author: number;
  typed: number;
  acked: number;
}

export interface Balance {
  /** Edits in the log. */
  readonly found: number;
  /** Acknowledged edits that are not in the log. */
  readonly lost: number;
  /** Edits that are there more often than they were typed, or in the text without being typed. */
  readonly doubled: number;
  /** Typed, never acknowledged since the client's network broke, and not in the log. */
  readonly unsent: number;
}

/** `rows`: of the document, all. */
export function balanceOf(rows: readonly LogRow[], accounts: readonly Account[]): Balance {
  const fold = new Fold(1);
  const counts = new Map<number, number>();
  for (const { lsn, at, body } of rows) {
    const folded = fold.apply({ lsn, at, batches: decodeUpdate(body).batches });
    for (const { verdict } of folded.batches) {
      if (verdict.type !== 'applied') continue;
      const { replica } = verdict.batch;
      counts.set(replica, (counts.get(replica) ?? 0) + batchOperations(verdict.batch));
    }
  }
  let [lost, doubled, unsent] = [0, 0, 0];
  for (const { author, typed, acked } of accounts) {
    const count = counts.get(author) ?? 0;
    counts.delete(author);
    lost += Math.max(0, acked - count);
    doubled += Math.max(0, count - typed);
    unsent += Math.max(0, typed - Math.max(acked, count));
  }
  // Of nobody who typed here.
  for (const count of counts.values()) doubled += count;
  // Nobody deletes: the text is what was typed.
  lost += Math.abs(fold.operations - fold.sequence.text.length);
  return { found: fold.operations, lost, doubled, unsent };
}

export function sumOfBalances(balances: readonly Balance[]): Balance {
  const sum = (of: (balance: Balance) => number): number =>
    balances.reduce((total, balance) => total + of(balance), 0);
  return {
    found: sum(({ found }) => found),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    unsent: sum(({ unsent }) => unsent),
  };
}
