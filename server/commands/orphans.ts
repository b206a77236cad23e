/** `orphans`: bodies of snapshots that nobody reads (snapshots/orphans.ts). */
import { findOrphans, removeOrphans } from '../snapshots/orphans.ts';
import type { Command, CommandAnswer, CommandRun } from './command.ts';
import { withStores } from './command-stores.ts';
import { countText } from './measures.ts';
import { progressLine } from './progress.ts';

/** Keys that are printed; all are in `--json`. */
const shownMax = 20;

export const orphans: Command = {
  name: 'orphans',
  positionals: [],
  flags: [
    { name: '--remove', about: 'Removes them' },
    { name: '--older-than', value: 'AGE', about: 'Such as 90s, 30m, 12h or 7d; 1h if left out' },
  ],
  about: 'Bodies of snapshots that nobody reads',
  explanation: [
    'Finds what a crash left in the object store: bodies of snapshots to which nothing in this',
    'database points. A store that serves several databases needs a prefix for each (S3_PREFIX): those',
    'of the others are orphans here. May run beside nodes.',
  ],
  run,
};

async function run({ config, lists, switches, terminal }: CommandRun): Promise<CommandAnswer> {
  const graceMs = ageOf(lists.get('--older-than')?.at(-1) ?? '1h');
  return await withStores(config, async (stores) => {
    const onProgress = progressLine(terminal, 'bodies');
    const found = await findOrphans(stores, { graceMs, onProgress });
    const isRemoving = switches.has('--remove');
    if (isRemoving) {
      await removeOrphans(stores, found, { onProgress: progressLine(terminal, 'removed') });
    }
    const { bodies, orphans: keys, young } = found;
    const kept = young === 0 ? '' : `; ${young} without a pointer are younger`;
    const done = isRemoving ? ', removed' : '';
    const shown = keys.slice(0, shownMax).map((key) => `  ${key}`);
    const rest = keys.length > shownMax ? [`  and ${keys.length - shownMax} more`] : [];
    return {
      json: { ...found, removed: isRemoving },
      text: [
        `${countText(keys.length, 'orphan')}${done}, of ${countText(bodies, 'body', 'bodies')}${kept}`,
        ...shown,
        ...rest,
      ],
    };
  });
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function ageOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd') {
    return Number(count) * unitMs[unit];
  }
  throw new Error(`--older-than: expected an age such as 12h or 7d, got ${JSON.stringify(text)}`);
}
