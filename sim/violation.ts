/** The finding of a checker: thrown at the moment it is seen, ends the run. */

/**
 * - safety: something happened that never may.
 * - liveness: something did not happen that must.
 * - crash: the product threw; an assertion of its own, usually.
 */
export type ViolationKind = 'safety' | 'liveness' | 'crash';

export class Violation extends Error {
  readonly property: string;
  readonly kind: ViolationKind;
  /** Names that occur in the relevant trace lines: a client, a node, a document. */
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

/** Throws a safety violation unless `condition` holds. */
export function check(
  condition: boolean,
  property: string,
  message: () => string,
  ...about: readonly string[]
): asserts condition {
  if (!condition) throw new Violation(property, message(), { about });
}
