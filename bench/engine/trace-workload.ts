/**
 * Recorded traces as workloads: positions in UTF-16 units, and what each author receives before
 * each transaction, told by the trace's parents.
 *
 * An author whose transactions are not in one causal line counts as several (schedule.ts).
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../engine/assert.ts';
import { Document } from '../../engine/index.ts';
import type { TextChange } from '../../engine/text/text-change.ts';
import { type Scheduled, scheduleOf } from '../../tools/replay/schedule.ts';
import { hasPairs, readTrace, splicesOf, type Trace } from '../../tools/replay/trace.ts';
import { replicaIds, type Workload, WorkloadBuilder } from './workload.ts';

/** Names of the traces in a folder. */
export function traceNames(folder: string): string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json.gz'));
  return files.map((file) => file.slice(0, -'.json.gz'.length)).sort();
}

/** Throws if the file is no trace. */
export async function traceWorkload(folder: string, name: string): Promise<Workload> {
  return workloadOf(await readTrace(join(folder, `${name}.json.gz`)));
}

/** Throws if a transaction's author did not know its own earlier ones. */
function workloadOf(trace: Trace): Workload {
  const { clients } = scheduleOf(trace);
  const scheduled: Scheduled[] = [];
  for (const line of clients) for (const each of line) scheduled[each.index] = each;
  const builder = new WorkloadBuilder(clients.length);
  const splices = hasPairs(trace) ? unitSplices(trace, scheduled) : null;
  for (const [index, { client, ancestors }] of scheduled.entries()) {
    for (const [other, count] of ancestors.entries()) {
      if (other !== client) builder.receive(client, other, count);
    }
    const { patches } = must(trace.transactions[index], 'a transaction of the trace');
    builder.add(client, splices?.[index] ?? splicesOf(patches, null));
  }
  const text = must(trace.endContent, 'a whole trace tells its end');
  return builder.build(trace.name, { text, length: text.length });
}

/**
 * By transaction: its patches in UTF-16 units, which takes the text before each. Slow; only for
 * traces that have characters of two units.
 */
function unitSplices(trace: Trace, scheduled: readonly Scheduled[]): (readonly TextChange[])[] {
  const authors = 1 + Math.max(...scheduled.map(({ client }) => client));
  const copies = replicaIds(authors).map((replica) => Document.create({ replica }));
  const received = copies.map(() => copies.map(() => 0));
  const sent: Uint8Array[][] = copies.map(() => []);
  return scheduled.map(({ client, ancestors, index }) => {
    const copy = must(copies[client], 'an author');
    const known = must(received[client], 'an author');
    for (const [other, count] of ancestors.entries()) {
      if (other === client) continue;
      for (; (known[other] ?? 0) < count; known[other] = (known[other] ?? 0) + 1) {
        copy.apply(must(sent[other]?.[known[other] ?? 0], 'ancestors come first'));
      }
    }
    const { patches } = must(trace.transactions[index], 'a transaction of the trace');
    const splices = splicesOf(patches, copy.text);
    must(sent[client], 'an author').push(copy.edit(splices));
    return splices;
  });
}
