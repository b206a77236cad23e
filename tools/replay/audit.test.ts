/**
 * Whether the audit finds what it is for. Method: two clients type on real sequences; the rows are
 * made by hand, right ones and wrong ones.
 */
import { expect, test } from 'vitest';
import { must } from '../../engine/assert.ts';
import type { LogRow } from '../../engine/driver/ports.ts';
import { Sequence } from '../../engine/text/sequence.ts';
import type { Batch } from '../../proto/batch.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import { auditLog } from './audit.ts';
import { Ledger } from './ledger.ts';
import { scheduleOf } from './schedule.ts';

const schedule = scheduleOf({
  name: 'two authors',
  endContent: 'abcd',
  transactions: [
    { agent: 0, parents: [], patches: [[0, 0, 'ab']] },
    { agent: 1, parents: [0], patches: [[2, 0, 'cd']] },
  ],
});

/** The two batches, as typed where the trace says, and a ledger that saw them leave. */
function typed(): { batches: [Batch, Batch]; ledger: Ledger } {
  const [a, b] = [new Sequence(), new Sequence()];
  const first = must(a.edit(11, [{ index: 0, deleted: 0, inserted: 'ab' }], 0), 'a change');
  b.integrate(first);
  const second = must(b.edit(22, [{ index: 2, deleted: 0, inserted: 'cd' }], 1), 'a change');
  const ledger = new Ledger(2);
  for (const [client, batch] of [first, second].entries()) {
    ledger.bind(client, batch.replica);
    ledger.typed(client, 2);
    ledger.parts(client, batch);
    ledger.sentAt(client, 0, 0);
  }
  return { batches: [first, second], ledger };
}

function rowsOf(...rows: readonly (readonly Batch[])[]): LogRow[] {
  return rows.map((batches, i) => ({ lsn: i + 1, at: 1, body: encodeUpdate({ batches }) }));
}

test('a log that has everything once, where it was acknowledged, is in order', () => {
  const { batches, ledger } = typed();
  ledger.acknowledge({ client: 0, through: 2, lsn: 1 }, 5);
  ledger.acknowledge({ client: 1, through: 4, lsn: 2 }, 7);
  const audit = auditLog(rowsOf([batches[0]], [batches[1]]), schedule, ledger);
  expect(audit).toEqual({ text: 'abcd', rows: 2, lost: 0, doubled: 0, misplaced: 0 });
  expect(ledger.ackMs).toEqual([5, 7]);
});

test('an operation that the log has twice but applies once is not doubled', () => {
  const { batches, ledger } = typed();
  const audit = auditLog(rowsOf([batches[0]], [batches[0]], [batches[1]]), schedule, ledger);
  expect(audit).toMatchObject({ text: 'abcd', doubled: 0 });
});

test('an acknowledged operation that is in no row is lost', () => {
  const { batches, ledger } = typed();
  ledger.acknowledge({ client: 1, through: 4, lsn: 2 }, 0);
  expect(auditLog(rowsOf([batches[0]]), schedule, ledger)).toMatchObject({ lost: 2 });
});

test('an operation is lost if only a later row than the acknowledged one has it', () => {
  const { batches, ledger } = typed();
  ledger.acknowledge({ client: 1, through: 4, lsn: 1 }, 0);
  const audit = auditLog(rowsOf([batches[0]], [batches[1]]), schedule, ledger);
  expect(audit).toMatchObject({ lost: 2 });
});

test('a transaction typed at another state than its parents is found by its base', () => {
  const { batches, ledger } = typed();
  const early = { ...batches[1], base: 0 };
  const audit = auditLog(rowsOf([batches[0]], [early]), schedule, ledger);
  expect(audit).toMatchObject({ misplaced: 1 });
});
