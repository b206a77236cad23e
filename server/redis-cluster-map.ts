/**
 * Which node of a Redis Cluster serves which slot, as one of its nodes sees it.
 *
 * Nodes learn of changes one after another. Each change that was agreed upon has a higher epoch
 * than the one before, so of several answers the one with the highest epoch knows best.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { type NodeAddress, nodeName } from './redis-address.ts';

const slotCount = 16_384;

export interface ClusterMap {
  readonly epoch: number;
  /** For each slot the name of its master (`nodeName`); null = nobody serves it. */
  readonly owners: readonly (string | null)[];
  /** Those that own slots, by name. */
  readonly masters: ReadonlyMap<string, NodeAddress>;
  /** Masters and replicas. */
  readonly nodes: readonly NodeAddress[];
}

/** CLUSTER SLOTS: first and last slot, the master, its replicas; of each node host and port. */
const slotsAnswer = z.array(
  z
    .tuple([z.number(), z.number()])
    .rest(z.tuple([z.string().nullable(), z.number()]).rest(z.unknown())),
);

/** Asks the node at `asked`, to which `redis` is connected. */
export async function askForMap(redis: Redis, asked: NodeAddress): Promise<ClusterMap> {
  const [slots, info] = await Promise.all([redis.cluster('SLOTS'), redis.cluster('INFO')]);
  const epoch = Number(/^cluster_current_epoch:(\d+)/m.exec(info)?.[1] ?? 0);
  const owners = new Array<string | null>(slotCount).fill(null);
  const masters = new Map<string, NodeAddress>();
  const nodes: NodeAddress[] = [];
  for (const [first, last, ...serving] of slotsAnswer.parse(slots)) {
    const addresses = serving.map(([host, port]) => ({
      host: knownHost(host) ?? asked.host,
      port,
    }));
    nodes.push(...addresses);
    const [master] = addresses;
    if (master === undefined) continue;
    masters.set(nodeName(master), master);
    owners.fill(nodeName(master), first, last + 1);
  }
  return { epoch, owners, masters, nodes };
}

/** The answer that knows best; null = there is none. */
export function newestOf(maps: readonly ClusterMap[]): ClusterMap | null {
  return maps.reduce<ClusterMap | null>(
    (best, map) => (best === null || map.epoch > best.epoch ? map : best),
    null,
  );
}

export function sameOwners(a: ClusterMap | null, b: ClusterMap): boolean {
  return a?.owners.every((owner, slot) => owner === b.owners[slot]) === true;
}

/** A node that does not know how it is called is where it was asked. */
function knownHost(host: string | null): string | null {
  return host === '' || host === '?' ? null : host;
}
