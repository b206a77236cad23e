/** `inspect`: what there is of a document, in sizes, places and times; never its text. */

import { readFacts } from '../history/document-facts.ts';
import { findHeadOrTombstone, timeText } from '../history/log-walk.ts';
import { readLogSize } from '../postgres/document-sizes.ts';
import type { Command, CommandAnswer, CommandRun } from './command.ts';
import { type CommandStores, withStores } from './command-stores.ts';
import { ageText, bytesText, countText, ratioText, table } from './measures.ts';

/** Those that are printed; all are in `--json`. */
const versionsShown = 20;

export const inspect: Command = {
  name: 'inspect',
  positionals: ['DOCUMENT'],
  flags: [],
  about: 'Sizes, head and snapshots of a document',
  explanation: [
    'Tells how much there is of a document and where: its log, its text (in sizes), its snapshots.',
    'Changes nothing; may run beside nodes.',
  ],
  run: ({ config, positionals: [document = ''] }: CommandRun) =>
    withStores(config, (stores) => look(stores, document)),
};

async function look(stores: CommandStores, document: string): Promise<CommandAnswer> {
  const head = await findHeadOrTombstone(stores.log, document);
  const { epoch, lsn, at, state, prunedLsn = 0 } = head;
  const place = { document, state, epoch, lsn, at: timeText(at), prunedLsn };
  if (state === 'deleted') return { json: place, text: table(headLines(place)) };
  const listed = await stores.index.list(document);
  const log = await stores.pool.with((client) => readLogSize(client, document, prunedLsn));
  const { bad, ...text } = await readFacts(stores, document, head);
  const snapshots = (listed?.snapshots ?? []).map(({ pointer, madeAt, isOfThisLog }) => ({
    lsn: pointer.lsn,
    at: timeText(pointer.at),
    bytes: pointer.bytes,
    madeAt: timeText(madeAt),
    ageMs: (listed?.now ?? madeAt) - madeAt,
    key: pointer.key,
    isOfThisLog,
  }));
  const versions = (await stores.versions(document)).map(({ name, lsn, at: time }) => ({
    ...{ name, lsn, at: timeText(time) },
  }));
  const characters = text.units + text.tombstones;
  const newest = snapshots.findLast(({ isOfThisLog }) => isOfThisLog);
  const unreadable = bad.map(({ pointer, detail }) => `snapshot at LSN ${pointer.lsn}: ${detail}`);
  const sizes = table([
    ...headLines(place),
    [
      'log',
      `${countText(log.rows, 'row')}, ${bytesText(log.bytes)}, ${ratioText(log.bytes, log.rows)} B each`,
    ],
    ['text', `${text.units} units in ${countText(text.lines, 'line')}, ${text.tombstones} deleted`],
    ['operations', `${text.operations} of ${countText(text.replicas, 'replica')}`],
    ['void batches', String(text.voidBatches)],
    ['per operation', `${ratioText(log.bytes, text.operations)} B of the log`],
    ['per character', `${ratioText(newest?.bytes ?? 0, newest ? characters : 0)} B of a snapshot`],
    ['snapshots', `${snapshots.length} in ${stores.places.objects}`],
    ['database', stores.places.database],
  ]);
  return {
    json: { ...place, log, text, snapshots, unreadable, versions },
    text: [...sizes, ...snapshots.map(snapshotLine), ...unreadable, ...versionLines(versions)],
    isBad: unreadable.length > 0,
  };
}

function versionLines(versions: readonly { name: string; lsn: number; at: string }[]): string[] {
  const rest = versions.length - versionsShown;
  return [
    ...(versions.length === 0 ? [] : [countText(versions.length, 'named version')]),
    ...versions
      .slice(0, versionsShown)
      .map(({ name, lsn, at }) => `  ${JSON.stringify(name)}: LSN ${lsn}, ${at}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

function headLines(place: {
  readonly document: string;
  readonly state: string;
  readonly epoch: number;
  readonly lsn: number;
  readonly at: string;
  readonly prunedLsn: number;
}): [string, string][] {
  const { document, state, epoch, lsn, at, prunedLsn } = place;
  return [
    ['document', `${document} (${state})`],
    ['epoch', String(epoch)],
    ['head', `LSN ${lsn}, ${at}`],
    ['pruned', prunedLsn === 0 ? 'nothing' : `up to LSN ${prunedLsn}`],
  ];
}

function snapshotLine(snapshot: {
  readonly lsn: number;
  readonly at: string;
  readonly bytes: number;
  readonly ageMs: number;
  readonly isOfThisLog: boolean;
}): string {
  const { lsn, at, bytes, ageMs, isOfThisLog } = snapshot;
  const other = isOfThisLog ? '' : ', of another history';
  return `  LSN ${lsn}, ${at}, ${bytesText(bytes)}, made ${ageText(ageMs)} ago${other}`;
}
