/** `verify`: whether the log and the snapshots of documents fit together (verify-document.ts). */
import { HistoryRefusal } from '../history/history-refusal.ts';
import { type Verified, verifyDocument } from '../history/verify-document.ts';
import { readNames } from '../postgres/document-sizes.ts';
import type { Command, CommandAnswer, CommandRun } from './command.ts';
import { type CommandStores, withStores } from './command-stores.ts';
import { countText } from './measures.ts';
import { progressLine } from './progress.ts';

/** Names that one statement reads. */
const namesMax = 1_000;
/** Documents that are told one by one. */
const toldMax = 1_000;

export const verify: Command = {
  name: 'verify',
  positionals: ['[DOCUMENT]'],
  flags: [{ name: '--all', about: 'Every document, one after the other' }],
  about: 'Whether log and snapshots of a document fit together',
  explanation: [
    'Folds the whole log from its beginning (or from the snapshot up to which it was pruned) and',
    'compares every snapshot with it: its checksum, and its state byte for byte. Tells what differs',
    'first, and ends with 1. Changes nothing; may run beside nodes.',
  ],
  run,
};

async function run({ config, positionals, switches, terminal }: CommandRun) {
  const [document] = positionals;
  const isAll = switches.has('--all');
  if (isAll === (document !== undefined)) throw new Error('give one DOCUMENT, or --all');
  return await withStores(config, async (stores): Promise<CommandAnswer> => {
    if (document === undefined) return await verifyAll(stores, progressLine(terminal, 'documents'));
    const verified = await verifyDocument(stores, document, progressLine(terminal, document));
    return { json: verified, text: report(verified), isBad: verified.differences.length > 0 };
  });
}

async function verifyAll(
  stores: CommandStores,
  onProgress: (done: number, total: number) => void,
): Promise<CommandAnswer> {
  let documents = 0;
  const unsound: Verified[] = [];
  const changed: string[] = [];
  for (let names = await namesAfter(stores, ''); names.length > 0; ) {
    for (const [i, name] of names.entries()) {
      const verified = await verifyUnlessChanged(stores, name);
      documents++;
      if (verified === null) changed.push(name);
      else if (verified.differences.length > 0) unsound.push(verified);
      if (unsound.length + changed.length > toldMax) throw tooMany(documents);
      onProgress(documents, documents + names.length - i);
    }
    names = await namesAfter(stores, names.at(-1) ?? '');
  }
  onProgress(documents, documents);
  const left = changed.map((name) => `${name}: changed meanwhile, verify it by itself`);
  const summary = `${countText(documents, 'document')}, ${unsound.length} not sound`;
  return {
    json: { documents, unsound, changed },
    text: [...unsound.flatMap(report), ...left, summary],
    isBad: unsound.length > 0,
  };
}

function tooMany(documents: number): Error {
  const what = `more than ${toldMax} of the first ${documents} documents are not sound`;
  return new Error(`${what}: is this the right store of snapshots?`);
}

/** null: it was deleted, pruned or restored at this moment. */
async function verifyUnlessChanged(stores: CommandStores, name: string): Promise<Verified | null> {
  try {
    return await verifyDocument(stores, name);
  } catch (error) {
    const hasChanged = error instanceof HistoryRefusal && error.code !== 'unavailable';
    if (hasChanged) return null;
    throw error;
  }
}

function namesAfter({ pool }: CommandStores, after: string): Promise<readonly string[]> {
  return pool.with((client) => readNames(client, after, namesMax));
}

function report(verified: Verified): string[] {
  const { document, lsn, rows, snapshots, ignored, differences } = verified;
  const other = ignored === 0 ? '' : `, ${ignored} of another history left aside`;
  const compared = `${countText(snapshots, 'snapshot')}${other}`;
  const extent = `${countText(rows, 'row')} up to LSN ${lsn}, ${compared}`;
  if (differences.length === 0) return [`${document}: sound (${extent})`];
  return [
    `${document}: NOT SOUND (${extent})`,
    ...differences.map(({ in: place, lsn: where, key, problem }) => {
      const what = place === 'log' ? `log after LSN ${where}` : `snapshot at LSN ${where} (${key})`;
      return `  ${what}: ${problem}`;
    }),
  ];
}
