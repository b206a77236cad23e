/** `prune`: the beginning of a document's history is removed for good (pruning.ts). */
import { z } from 'zod';
import type { SnapshotPointer } from '../../engine/driver/ports.ts';
import { type BadSnapshot, loadSnapshot } from '../../engine/driver/snapshot-loader.ts';
import type { Moment } from '../../engine/sync/playback.ts';
import { findHead, timeText } from '../history/log-walk.ts';
import { pruneToSnapshot } from '../snapshots/pruning.ts';
import { snapshotBody } from '../snapshots/snapshot-body.ts';
import type { Command, CommandAnswer, CommandRun } from './command.ts';
import { type CommandStores, withStores } from './command-stores.ts';
import { countText } from './measures.ts';

export const prune: Command = {
  name: 'prune',
  positionals: ['DOCUMENT'],
  flags: [
    { name: '--before', value: 'TIME', about: 'RFC 3339, or milliseconds since 1970' },
    { name: '--lsn', value: 'N', about: 'A row of the log instead of a time' },
    { name: '--dry-run', about: 'Only tells what would be removed' },
  ],
  about: 'Removes the beginning of the history of a document',
  explanation: [
    'Removes the rows up to the newest snapshot at or before the moment, and the snapshots before it,',
    'for good: what the document was earlier cannot be asked for any more. That snapshot is read',
    'first. Moments from the given one on stay as they are. May run beside nodes.',
  ],
  run,
};

async function run({ config, positionals, lists, switches }: CommandRun): Promise<CommandAnswer> {
  const [document = ''] = positionals;
  const moment = momentOf(lists.get('--before')?.at(-1), lists.get('--lsn')?.at(-1));
  return await withStores(config, async (stores) => {
    const head = await findHead(stores.log, document);
    const bad: BadSnapshot[] = [];
    const onBad = (each: BadSnapshot): void => void bad.push(each);
    const { prunedLsn = 0 } = head;
    if (switches.has('--dry-run')) {
      const pointer = await findSnapshot({ ...stores, onBad }, document, moment);
      if (pointer === null) throw noSnapshot(document, moment, bad);
      const rows = Math.max(pointer.lsn - prunedLsn, 0);
      return answer(document, pointer, { rows, isDry: true });
    }
    const result = await pruneToSnapshot(document, moment, { ...stores, onBad });
    switch (result.outcome) {
      case 'pruned':
        return answer(document, result.snapshot, { rows: result.rowsRemoved, isDry: false });
      case 'no-snapshot':
        throw noSnapshot(document, moment, bad);
      default:
        throw new Error(`${document}: changed meanwhile (${result.outcome}), try again`);
    }
  });
}

function answer(
  document: string,
  { lsn, at, key }: SnapshotPointer,
  { rows, isDry }: { readonly rows: number; readonly isDry: boolean },
): CommandAnswer {
  const done = isDry ? 'would be removed' : 'removed';
  const begin = `LSN ${lsn}, ${timeText(at)}`;
  return {
    json: { document, isDry, rows, lsn, at: timeText(at), key },
    text: [`${document}: ${countText(rows, 'row')} ${done}; the history begins with ${begin}`],
  };
}

function findSnapshot(
  source: CommandStores & { readonly onBad: (bad: BadSnapshot) => void },
  document: string,
  moment: Moment,
): Promise<SnapshotPointer | null> {
  return new Promise((resolve, reject) =>
    loadSnapshot({ ...source, ...snapshotBody }, document, moment, (found) => {
      if (found !== 'failed') resolve(found?.pointer ?? null);
      else reject(new Error('the database did not tell which snapshots there are: try again'));
    }),
  );
}

function noSnapshot(document: string, moment: Moment, bad: readonly BadSnapshot[]): Error {
  const place = moment.type === 'lsn' ? `LSN ${moment.lsn}` : timeText(moment.at);
  const passed = bad.map(({ pointer, detail }) => `\nLSN ${pointer.lsn}: ${detail}`).join('');
  const what = `${document} has no snapshot at or before ${place} that can be read`;
  return new Error(`${what}: nothing was removed; see inspect, or make one with snapshot${passed}`);
}

const instant = z.iso.datetime({ offset: true });

function momentOf(before: string | undefined, lsn: string | undefined): Moment {
  if ((before === undefined) === (lsn === undefined)) {
    throw new Error('give one of --before TIME and --lsn N');
  }
  if (lsn !== undefined) {
    const value = Number(lsn);
    if (/^\d+$/.test(lsn) && Number.isSafeInteger(value)) return { type: 'lsn', lsn: value };
    throw new Error(`--lsn: expected the number of a row, got ${JSON.stringify(lsn)}`);
  }
  const time = before ?? '';
  const at = /^\d{1,15}$/.test(time)
    ? Number(time)
    : Date.parse(instant.safeParse(time).data ?? '');
  if (!Number.isNaN(at)) return { type: 'time', at };
  const got = JSON.stringify(time);
  throw new Error(`--before: expected a time such as 2026-11-27T12:00:00Z, got ${got}`);
}
