/** `export`: the whole history of a document as a file (export-document.ts). */
import { open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { exportDocument } from '../history/export-document.ts';
import type { Command, CommandAnswer, CommandRun, Terminal } from './command.ts';
import { withStores } from './command-stores.ts';
import { bytesText } from './measures.ts';
import { progressLine } from './progress.ts';

export const exportCommand: Command = {
  name: 'export',
  positionals: ['DOCUMENT'],
  flags: [{ name: '--out', value: 'FILE', about: 'Instead of standard output; replaced if there' }],
  about: 'The whole history of a document as a file',
  explanation: [
    'Writes every row of the log, and the snapshot up to which it was pruned, to standard output or to',
    'a file, which appears when it is whole. What `import` makes of it has the same text at every',
    'moment. Changes nothing; may run beside nodes.',
  ],
  run,
};

async function run({ config, positionals, lists, terminal }: CommandRun): Promise<CommandAnswer> {
  const [document = ''] = positionals;
  const out = lists.get('--out')?.at(-1);
  if (out === undefined && terminal.stdout.isTTY === true) {
    throw new Error('a history is no text for a terminal: give --out FILE, or redirect the output');
  }
  return await withStores(config, async (stores) => {
    let bytes = 0;
    const onProgress = progressLine(terminal, document);
    const file = exportDocument(stores, document, { now: Date.now(), onProgress });
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of file) {
        bytes += piece.length;
        yield piece;
      }
    };
    if (out === undefined) await toStandardOutput(counted(), terminal);
    else await toFile(counted(), out);
    const place = out ?? 'standard output';
    return {
      json: { document, out: out ?? null, bytes },
      text: [`${document}: ${bytesText(bytes)} to ${place}`],
      isAside: out === undefined,
    };
  });
}

async function toStandardOutput(
  pieces: AsyncIterable<Uint8Array>,
  { stdout }: Pick<Terminal, 'stdout'>,
): Promise<void> {
  await pipeline(pieces, stdout, { end: false });
}

/** Under another name until it is whole and on the disk. */
async function toFile(pieces: AsyncIterable<Uint8Array>, out: string): Promise<void> {
  const unfinished = `${out}.${process.pid}.part`;
  const file = await open(unfinished, 'wx', 0o600);
  try {
    try {
      for await (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, out);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
