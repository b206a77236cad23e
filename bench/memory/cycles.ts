/**
 * Documents that come and go: all are opened, each is typed into, all are left, again and again.
 * What the node has in memory when they are gone must not grow.
 */
import { defaultLimits } from '../../engine/limits.ts';
import type { Batch } from '../../proto/batch.ts';
import type { NodeProcess, ProcessMemory } from './node-process.ts';
import { Visitor } from './visitor.ts';

export interface CycleFigures {
  readonly seconds: number;
  /** While every document was open, and edited. */
  readonly open: ProcessMemory & { readonly documents: number; readonly texts: number };
  /** When all were left. */
  readonly left: ProcessMemory & { readonly documents: number; readonly connections: number };
}

/** Sockets that open or edit their documents at a time: reads that wait are bounded. */
const busyMax = 8;
const patienceMs = 60_000;

/** Of a replica that is new to the document: at its start. */
const edit: Batch = {
  ...{ replica: 0, first: 1, gap: 0, base: 0 },
  ops: [{ type: 'insert', timestamp: 1, left: null, right: null, text: 'A few words. ' }],
};

/** One open-edit-leave cycle over so many documents, the same ones each time. */
export async function runCycle(node: NodeProcess, documents: number): Promise<CycleFigures> {
  const startMs = performance.now();
  const { channelsPerConnMax } = defaultLimits;
  const names = Array.from({ length: documents }, (_, index) => `document-${index}`);
  const shares = inParts(names, channelsPerConnMax);
  const visitors: Visitor[] = [];
  for (const some of inParts(shares, busyMax)) {
    const opened = some.map((share) => Visitor.open(node.syncUrl, share));
    visitors.push(...(await Promise.all(opened)));
  }
  for (const some of inParts(visitors, busyMax)) {
    await Promise.all(some.map((visitor) => visitor.edit(edit)));
  }
  const gauges = await node.gauges();
  const { texts } = gauges.memory;
  const open = { documents: gauges.documents, texts, ...(await node.memory()) };
  for (const visitor of visitors) visitor.leave();
  const after = await node.gaugesWhen(
    (now) => now.documents === 0 && now.connections === 0,
    patienceMs,
  );
  const left = { documents: after.documents, connections: after.connections };
  return {
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
    open,
    left: { ...left, ...(await node.memory()) },
  };
}

function inParts<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, part) =>
    all.slice(part * size, (part + 1) * size),
  );
}
