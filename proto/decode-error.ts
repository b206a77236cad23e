/**
 * What a decoder says about bytes it does not accept: the remote's fault, never the program's.
 *
 * Every decoder of proto/ either returns a value that keeps the rules of its format or throws one
 * of these. It leaves out what to do about it: a session answers `bad-frame`, a reader of the log
 * stops.
 */

/** Bytes that are not well-formed, or a value outside the limits of its field. */
export class DecodeError extends Error {
  /** Path of the field, such as `edit.batches[0].ops`; names in brackets `(tag)` are no fields. */
  readonly field: string;
  /** Position in the decoded bytes at which the value was found to be wrong. */
  readonly offset: number;
  readonly #problem: string;

  /** `problem` says what was expected and what was found. */
  constructor(field: string, offset: number, problem: string) {
    super(`${field} at byte ${offset}: ${problem}`);
    this.name = new.target.name;
    this.field = field;
    this.offset = offset;
    this.#problem = problem;
  }

  /** The same error as seen from the message that holds this one in its field `outer`. */
  within(outer: string): DecodeError {
    const field = this.field === '' ? outer : `${outer}.${this.field}`;
    return new DecodeError(field, this.offset, this.#problem);
  }
}

/** A well-formed message of a format number that this version does not know: of a newer writer. */
export class UnreadableFormatError extends DecodeError {
  /** The format number that was found. */
  readonly format: number;

  constructor(offset: number, format: number) {
    super('format', offset, `expected a known format, found ${format}`);
    this.format = format;
  }
}
