/** `import`: a document from an exported history (import-document.ts). */
import { open } from 'node:fs/promises';
import { type Imported, importDocument } from '../history/import-document.ts';
import type { Command, CommandAnswer, CommandRun } from './command.ts';
import { withStores } from './command-stores.ts';
import { countText } from './measures.ts';
import { progressLine } from './progress.ts';

export const importCommand: Command = {
  name: 'import',
  positionals: ['DOCUMENT', 'FILE'],
  flags: [],
  about: 'A document from an exported history',
  explanation: [
    'Makes a document of this name, which was never used, from a file that `export` wrote (- is',
    'standard input): the same text at every moment, the same times, a new epoch. A file that is not',
    'whole is refused, and nothing of it is there. May run beside nodes.',
  ],
  run,
};

async function run({ config, positionals, terminal }: CommandRun): Promise<CommandAnswer> {
  const [document = '', file = ''] = positionals;
  const pieces = file === '-' ? process.stdin : (await open(file)).createReadStream();
  try {
    return await withStores(config, async (stores) => {
      const onProgress = progressLine(terminal, document);
      return answer(await importDocument(stores, document, pieces, onProgress));
    });
  } finally {
    pieces.destroy();
  }
}

function answer(imported: Imported): CommandAnswer {
  const { document, rows, lsn, from, voidBatches } = imported;
  const voids = voidBatches === 0 ? '' : `; void batches: ${voidBatches}`;
  return {
    json: imported,
    text: [`${document}: ${countText(rows, 'row')} up to LSN ${lsn}, of ${from}${voids}`],
  };
}
