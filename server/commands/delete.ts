/** `delete`: a document is removed for good, with its log and snapshots (deletion.ts). */
import { deleteWithSnapshots } from '../snapshots/deletion.ts';
import type { Command, CommandAnswer, CommandRun } from './command.ts';
import { withStores } from './command-stores.ts';
import { countText } from './measures.ts';

export const deleteCommand: Command = {
  name: 'delete',
  positionals: ['DOCUMENT'],
  flags: [{ name: '--yes', about: 'That it is meant: nothing brings the document back' }],
  about: 'Removes a document for good',
  explanation: [
    'Removes the log and the snapshots of a document. Its name is not given again; clients are told',
    '`document-deleted` and keep what they have not sent. Also finishes what an earlier call left. May',
    'run beside nodes.',
  ],
  run,
};

async function run({ config, positionals, switches }: CommandRun): Promise<CommandAnswer> {
  const [document = ''] = positionals;
  if (!switches.has('--yes')) {
    throw new Error(`this removes ${document} for good: export it first, then say --yes`);
  }
  return await withStores(config, async (stores) => {
    const result = await deleteWithSnapshots(document, stores);
    if (result.outcome === 'absent') throw new Error(`there is no document ${document}`);
    const { rowsRemoved, bodiesRemoved } = result;
    return {
      json: { document, rows: rowsRemoved, snapshots: bodiesRemoved },
      text: [
        `${document}: deleted, with ${countText(rowsRemoved, 'row')} and ${countText(bodiesRemoved, 'snapshot')}`,
      ],
    };
  });
}
