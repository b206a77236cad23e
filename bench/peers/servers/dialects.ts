/** All wires of the comparison, ours first. */
import { sveDialect } from '../../server/sve-dialect.ts';
import { sharedbDialects } from './sharedb-talker.ts';
import type { ReadingDialect } from './survey.ts';
import { hocuspocusDialect, yWebsocketDialects } from './yjs-talker.ts';

/** Whoever joins our server late is told of all edits before `ready`. */
const ourDialect: ReadingDialect = {
  ...sveDialect,
  openToRead: (seat, onRun) =>
    sveDialect.open({ ...seat, delivered: (author, seq) => onRun(author, seq, 1) }),
};

const dialects: readonly ReadingDialect[] = [
  ourDialect,
  hocuspocusDialect,
  ...yWebsocketDialects,
  ...sharedbDialects,
];

export const ourName = ourDialect.name;
export const dialectNames: readonly string[] = dialects.map(({ name }) => name);

/** Throws if there is none of such a name. */
export function dialectOf(name: string): ReadingDialect {
  const found = dialects.find((dialect) => dialect.name === name);
  if (found === undefined) throw new Error(`no dialect ${name}`);
  return found;
}
