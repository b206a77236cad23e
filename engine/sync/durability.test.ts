/** Nobody can show an operation without the proof that its row is in the log. */
import { describe, expect, it } from 'vitest';
import { encodeUpdate } from '../../proto/update-codec.ts';
import type { AppendId } from '../ids.ts';
import {
  busMessage,
  CommitLedger,
  DurableFold,
  type DurableFrame,
  type DurableRow,
  isDurable,
  rowFromLog,
} from './durability.ts';
import { Fold } from './fold.ts';
import { Typist } from './testing/gateway-script.ts';

const body = encodeUpdate({ batches: [new Typist(11).type(0, 'a')] });

describe('a proof', () => {
  it('cannot be written as a literal', () => {
    // @ts-expect-error the symbol is missing, and cannot be named outside durability.ts
    const row: DurableRow = { epoch: 1, lsn: 1, at: 1, body, batches: [] };
    // @ts-expect-error the same for a frame
    const frame: DurableFrame = { bytes: body };
    expect(isDurable(frame)).toBe(false);
    expect(() => busMessage(row)).toThrow(/durable/);
    expect(() => new DurableFold(new Fold(1)).apply(row)).toThrow(/durable/);
  });

  it.each([{ outcome: 'unknown' }, { outcome: 'rejected', code: 'invalid' }] as const)(
    'does not come from an append that is $outcome',
    (result) => {
      const ledger = new CommitLedger();
      expect(ledger.settle(ledger.begin(1, body), result)).toBeNull();
    },
  );

  it('comes from a committed append, once', () => {
    const ledger = new CommitLedger();
    const id = ledger.begin(1, body);
    const committed = { outcome: 'committed', lsn: 1, at: 5 } as const;
    expect(ledger.settle(id, committed)).toMatchObject({ epoch: 1, lsn: 1, at: 5 });
    expect(() => ledger.settle(id, committed)).toThrow(/twice/);
    expect(() => ledger.settle(99 as AppendId, committed)).toThrow(/never begun/);
  });
});

describe('a durable fold', () => {
  it('does not acknowledge beyond what it has folded', () => {
    const durable = new DurableFold(new Fold(1));
    const ack = { through: 1, lsn: 0, at: 0, staleOperations: 0, staleMs: 0 };
    expect(() => durable.frame(0, [], { replica: 11, ack })).toThrow(/is committed/);
    durable.apply(rowFromLog(1, { lsn: 1, at: 5, body }));
    expect(isDurable(durable.frame(0, [], { replica: 11, ack }))).toBe(true);
  });

  it('does not show a row that it has not folded', () => {
    const durable = new DurableFold(new Fold(1));
    const row = { lsn: 1, epoch: 1, at: 5, introduced: [], batches: [] };
    expect(() => durable.rowPart(row)).toThrow(/before it is folded/);
  });

  it('takes no row of another epoch', () => {
    const row = rowFromLog(2, { lsn: 1, at: 5, body });
    expect(() => new DurableFold(new Fold(1)).apply(row)).toThrow(/epoch/);
  });
});
