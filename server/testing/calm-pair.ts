/** Two honest clients in one document, for runs in which others misbehave. */
import { readFile } from 'node:fs/promises';
import { connect } from '../../client/connect-node.ts';
import type { SyncSession } from '../../client/sync-session.ts';

export interface Calm {
  /** Edits that were acknowledged. */
  readonly edits: number;
  /** Whatever an honest client must not be told: a broken connection, rescued text. */
  readonly troubles: readonly string[];
  /** Both have the same text in the end, and so has a newcomer. */
  readonly agree: boolean;
  /** From an edit to its acknowledgement, each, ms. */
  readonly ackMs: readonly number[];
}

/** They type, each the next edit when the last one is durable, until `end`. */
export async function typeUntil(
  syncUrl: string,
  documentId: string,
  end: Promise<unknown>,
): Promise<Calm> {
  const open = (): SyncSession => connect({ url: syncUrl, documentId });
  const typists = [open(), open()];
  const ackMs: number[] = [];
  const troubles: string[] = [];
  let ended = false;
  const over = end.finally(() => {
    ended = true;
  });
  const type = async (typist: SyncSession): Promise<void> => {
    await typist.synced();
    typist.on('status', (status) => {
      if (status !== 'syncing' && status !== 'durable') troubles.push(status);
    });
    typist.on('rescued', ({ code }) => troubles.push(code));
    do {
      const begin = performance.now();
      if (typist.length > 200) typist.delete(0, 20);
      else typist.insert(typist.length, 'x');
      await typist.settled();
      ackMs.push(performance.now() - begin);
    } while (!ended);
  };
  try {
    await Promise.all([over, ...typists.map(type)]);
    typists.push(open());
    await Promise.all(typists.map((typist) => typist.synced()));
    const agree = new Set(typists.map(({ text }) => text)).size === 1;
    return { edits: ackMs.length, troubles: [...troubles], agree, ackMs };
  } finally {
    for (const typist of typists) typist.close();
  }
}

/** All memory of a process; 0 where the system does not tell. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return 1_024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}
