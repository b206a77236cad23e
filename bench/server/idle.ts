/** What a connection that has joined a document and does nothing takes in the server's memory. */
import { must } from '../../engine/assert.ts';
import { ServerLoad, type Subject } from './measure.ts';
import type { ProbeAnswer } from './probe.ts';

export interface IdleReport {
  readonly name: string;
  readonly connections: number;
  readonly documents: number;
  /** Bytes per connection: resident; on the heap and in buffers after garbage was collected. */
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Of the server without connections, MB. */
  readonly emptyRssMb: number;
}

export interface IdleOptions {
  readonly connections: number;
  readonly documents: number;
  readonly generators: number;
}

/** Come and go before: what the first connections load and compile is no cost of one. */
const earlier = { connections: 200, documents: 20, generators: 1 };

export async function measureIdle(subject: Subject, options: IdleOptions): Promise<IdleReport> {
  const child = must(subject.venue.running.child, 'the server is a process of ours');
  const first = await ServerLoad.open(subject, earlier);
  first.end();
  // The server hears of the ends in the turns that this takes.
  await child.ask('collect');
  const empty = await child.ask('collect');
  const crowd = await ServerLoad.open(subject, options);
  try {
    await child.ask('collect');
    const full = await child.ask('collect');
    const { connections, documents } = options;
    const each = (of: (answer: ProbeAnswer) => number): number =>
      Math.round((of(full) - of(empty)) / connections);
    return {
      name: subject.dialect.name,
      ...{ connections, documents },
      residentBytes: each(({ rssBytes }) => rssBytes),
      heapBytes: each(({ heapUsedBytes }) => heapUsedBytes),
      externalBytes: each(({ externalBytes }) => externalBytes),
      emptyRssMb: Math.round(empty.rssBytes / 2 ** 20),
    };
  } finally {
    crowd.end();
  }
}

export function idleTable(report: IdleReport): string {
  const kb = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
  const { connections, documents, residentBytes, heapBytes, externalBytes, emptyRssMb } = report;
  return [
    `connections   ${connections} idle ones on ${documents} documents`,
    `each takes    ${kb(residentBytes)} resident; after gc ${kb(heapBytes)} of heap and ` +
      `${kb(externalBytes)} of buffers`,
    `without them  ${emptyRssMb} MB resident`,
  ].join('\n');
}
