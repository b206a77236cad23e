/**
 * Assertions: on in production, for programmer errors only. A failed one stops the process or the
 * simulation; nobody catches it. What another party did wrong is a ProtocolError or an outcome
 * value.
 */

/** Stops unless `condition` holds. `message` says what was expected, with the values. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** The end of an exhaustive switch: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`assertion failed: unreachable value ${JSON.stringify(value)}`);
}

/** `value`, which is there by an invariant that `message` names. */
export function must<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new Error(`assertion failed: ${message}`);
  return value;
}
