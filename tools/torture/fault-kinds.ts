/**
 * What goes wrong, by kind, and where. A run has to inject each kind some times; one that a machine
 * does not allow counts as missing.
 */

/** Connections that can be broken: of which side, seen from a node. */
const links = ['client', 'postgres', 'redis'] as const;

export type LinkName = (typeof links)[number];

export const faultKinds = [
  /** SIGKILL to a node. */
  'node-kill',
  /** SIGSTOP and SIGCONT, sometimes longer than two heartbeats apart. */
  'node-freeze',
  /** SIGTERM, and a new start. */
  'node-restart',
  /** SIGKILL to all processes of PostgreSQL at once. */
  'postgres-kill',
  /** SIGSTOP to all of them: without its children a stopped postmaster still commits. */
  'postgres-freeze',
  /** The data directory has no byte left. */
  'postgres-disk-full',
  /** A connection ends between a commit and its reply. */
  'postgres-commit-cut',
  'redis-kill',
  'redis-freeze',
  /** All connections of one node are reset; sometimes new ones are refused for a while. */
  'client-cut',
  'postgres-cut',
  'redis-cut',
  /** Everything comes later, both ways. */
  'client-delay',
  'postgres-delay',
  'redis-delay',
  /** One direction falls silent; what was said comes when it is over. */
  'client-one-way',
  'postgres-one-way',
  'redis-one-way',
  /** The connections that there are fall silent for good, and nobody is told. */
  'client-half-open',
  'postgres-half-open',
  'redis-half-open',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export type LinkFault = 'cut' | 'delay' | 'one-way' | 'half-open';

/** Of a kind that breaks connections, which ones and how; null: it hits a process. */
export function linkFaultOf(
  kind: FaultKind,
): { readonly link: LinkName; readonly fault: LinkFault } | null {
  const [, link, fault] = /^(\w+)-(cut|delay|one-way|half-open)$/.exec(kind) ?? [];
  const known = links.find((name) => name === link);
  if (known === undefined) return null;
  if (fault === 'cut' || fault === 'delay') return { link: known, fault };
  return fault === 'one-way' || fault === 'half-open' ? { link: known, fault } : null;
}
