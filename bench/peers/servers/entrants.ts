/** Who takes part in a comparison: our server first, then the peers that were asked for. */
import type { Contender } from '../../server/contender.ts';
import { bundledProbe } from '../../server/probe-bundle.ts';
import { sveServer } from '../../server/sve-server.ts';
import { buildPeers } from './contenders.ts';
import { dialectNames, dialectOf, ourName } from './dialects.ts';
import type { ReadingDialect } from './survey.ts';

export interface Entrant {
  readonly contender: Contender;
  readonly dialect: ReadingDialect;
  /** Of the command line; for the start of a server of ours only. */
  readonly flags: readonly string[];
}

/** Builds what has to be built. Throws if there is none of such a name. */
export async function chosenEntrants(
  names: readonly string[],
  flags: readonly string[],
): Promise<Entrant[]> {
  const unknown = names.filter((name) => !dialectNames.includes(name));
  if (unknown.length > 0) {
    throw new Error(`there is no ${unknown.join(', ')}: there are ${dialectNames.join(', ')}`);
  }
  const peers = await buildPeers(names, await bundledProbe());
  const contenders = names.includes(ourName) ? [sveServer(), ...peers] : peers;
  return contenders.map((contender) => ({
    contender,
    dialect: dialectOf(contender.name),
    flags: contender.name === ourName ? flags : [],
  }));
}
