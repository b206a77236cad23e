/**
 * The trace played by the engine alone: one sequence per client, no server, no clock. Tells what
 * text a trace that was cut short ends with; for a whole trace it must be `endContent`.
 */

import { must } from '../../engine/assert.ts';
import { Sequence } from '../../engine/text/sequence.ts';
import type { Batch } from '../../proto/batch.ts';
import { commitOrder, type Schedule } from './schedule.ts';
import { hasPairs, splicesOf, type Trace } from './trace.ts';

/** The text after all transactions. */
export function playAlone(trace: Trace, schedule: Schedule): string {
  const pairs = hasPairs(trace);
  const end = new Sequence();
  const batches: Batch[][] = schedule.clients.map(() => []);
  const authors = schedule.clients.map(() => {
    return { sequence: new Sequence(), known: schedule.clients.map(() => 0) };
  });
  // In this order a transaction's ancestors come first, whoever wrote them.
  for (const { index, client, ancestors } of commitOrder(schedule).order) {
    const { sequence, known } = must(authors[client], 'a client');
    const news = ancestors.flatMap((count, other) =>
      other === client ? [] : must(batches[other], 'a client').slice(known[other], count),
    );
    // A timestamp is higher than all that its author knew.
    for (const batch of news.toSorted((a, b) => a.first - b.first)) sequence.integrate(batch);
    for (const [other, count] of ancestors.entries()) known[other] = count;
    const { patches } = must(trace.transactions[index], 'a transaction');
    const splices = splicesOf(patches, pairs ? sequence.text : null);
    const batch = must(sequence.edit(client + 1, splices, 0), 'a change');
    must(batches[client], 'a client').push(batch);
    end.integrate(batch);
  }
  return end.text;
}
