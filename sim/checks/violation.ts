/** The finding of a checker: thrown at the moment it is seen, ends the run. */

/**
 * - safety: something happened that never may.
 * - liveness: something did not happen that must.
 * - crash: the product threw; an assertion of its own, usually.
 * - harness: the simulator itself is at fault.
 */
export type ViolationKind = 'safety' | 'liveness' | 'crash' | 'harness';

export class Violation extends Error {
  readonly property: string;
  readonly kind: ViolationKind;
  /** Names that occur in the relevant events: a client, a node, a document. */
  readonly about: readonly string[];

  constructor(
    property: string,
    message: string,
    options: { readonly kind?: ViolationKind; readonly about?: readonly string[] } = {},
  ) {
    super(message);
    this.property = property;
    this.kind = options.kind ?? 'safety';
    this.about = options.about ?? [];
  }
}

/** A violation as a run reports it: plain data. */
export interface FoundViolation {
  readonly kind: ViolationKind;
  /** As numbered in docs/simulation.md; `assert` for a crash. */
  readonly property: string;
  readonly message: string;
  readonly about: readonly string[];
  /** Number of the event during which it was found. */
  readonly event: number;
  readonly timeMs: number;
}

/**
 * What two violations have in common if they are the same bug: the property and the shape of the
 * message, without numbers, names and texts.
 */
export function fingerprint({ property, message }: FoundViolation): string {
  const [line = ''] = message.split('\n');
  const shape = line
    .replace(/"(?:[^"\\]|\\.)*"/g, '"…"')
    .replace(/\b(?:new )?(?:c|n|doc)\d+(?:[#.]\d+)*\b/g, '·')
    .replace(/-?\d+(?:\.\d+)?/g, '0');
  // However many are late, and in whatever order: it is one thing.
  const parts = [...new Set(shape.split('; '))].sort((a, b) => (a < b ? -1 : 1));
  return `${property}: ${parts.join('; ')}`;
}
