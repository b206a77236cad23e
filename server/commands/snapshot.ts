/** `snapshot`: one of a document as it is now, whatever it has grown by (snapshot-maker.ts). */
import { type MakeOutcome, makeSnapshot } from '../../engine/driver/snapshot-maker.ts';
import { findHead } from '../history/log-walk.ts';
import { snapshotBody } from '../snapshots/snapshot-body.ts';
import { newSnapshotKey } from '../snapshots/snapshot-key.ts';
import type { Command, CommandAnswer, CommandRun } from './command.ts';
import { withStores } from './command-stores.ts';
import { bytesText } from './measures.ts';

const pageBytesMax = 1_048_576;

export const snapshot: Command = {
  name: 'snapshot',
  positionals: ['DOCUMENT'],
  flags: [],
  about: 'Makes a snapshot of a document now',
  explanation: [
    'Makes a snapshot at the last row, unless there is one. Nodes make them by themselves as a',
    'document grows; this is for before a prune, or to see what one costs. May run beside nodes.',
  ],
  run,
};

async function run({ config, positionals }: CommandRun): Promise<CommandAnswer> {
  const [document = ''] = positionals;
  return await withStores(config, async (stores) => {
    await findHead(stores.log, document);
    const bad: string[] = [];
    const parts = {
      ...{ ...stores, ...snapshotBody, newKey: newSnapshotKey, pageBytesMax },
      leastGrowth: { rows: 1, bytes: 1 },
      onBad: ({ pointer, detail }: { pointer: { lsn: number }; detail: string }) =>
        void bad.push(`the snapshot at LSN ${pointer.lsn} was passed over: ${detail}`),
    };
    const outcome = await new Promise<MakeOutcome>((done) => makeSnapshot(parts, document, done));
    if (outcome.type === 'failed') throw new Error(`${document}: ${outcome.reason}: try again`);
    const isMade = outcome.type === 'made';
    const { lsn } = isMade ? outcome.pointer : outcome;
    const made = isMade ? `made, ${bytesText(outcome.pointer.bytes)}` : 'there already';
    return {
      json: { document, isMade, lsn, ...(isMade ? outcome.pointer : {}), bad },
      text: [`${document}: snapshot at LSN ${lsn} ${made}`, ...bad],
    };
  });
}
