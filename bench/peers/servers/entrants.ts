/** Who takes part in a comparison: our server first, then the peers that were asked for. */
import type { Contender } from '../../server/contender.ts';
import { bundledProbe } from '../../server/probe-bundle.ts';
import { sveDialect } from '../../server/sve-dialect.ts';
import { sveServer } from '../../server/sve-server.ts';
import { buildPeers, peerNames } from './contenders.ts';
import type { ReadingDialect } from './survey.ts';

export interface Entrant {
  readonly contender: Contender;
  readonly dialect: ReadingDialect;
  /** Of the command line; for the start of a server of ours only. */
  readonly flags: readonly string[];
}

export const ourName = sveDialect.name;
export const entrantNames: readonly string[] = [ourName, ...peerNames];

/** Whoever joins our server late is told of all edits before `ready`. */
const ourReadingDialect: ReadingDialect = {
  ...sveDialect,
  openToRead: (seat, onRun) =>
    sveDialect.open({ ...seat, delivered: (author, seq) => onRun(author, seq, 1) }),
};

/** Builds what has to be built. Throws if there is none of such a name. */
export async function chosenEntrants(
  names: readonly string[],
  flags: readonly string[],
): Promise<Entrant[]> {
  const unknown = names.filter((name) => !entrantNames.includes(name));
  if (unknown.length > 0) {
    throw new Error(`there is no ${unknown.join(', ')}: there are ${entrantNames.join(', ')}`);
  }
  const ours = { contender: sveServer(), dialect: ourReadingDialect, flags };
  const peers = await buildPeers(names, await bundledProbe());
  const others = peers.map((peer) => ({ ...peer, flags: [] }));
  return names.includes(ourName) ? [ours, ...others] : others;
}
