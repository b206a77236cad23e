/**
 * Reads parsed JSON of unknown origin: every value is checked where it is taken, and an error names
 * the field, as in `scenario.faults[3].forMs: expected an integer ≥ 0, got "soon"`.
 */

export class JsonField {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    this.#value = value;
    this.#path = path;
  }

  get isMissing(): boolean {
    return this.#value === undefined;
  }

  get isNull(): boolean {
    return this.#value === null;
  }

  /** A field of this object; it may be missing, which is told when it is read. */
  field(name: string): JsonField {
    return new JsonField(this.#fields().get(name), `${this.#path}.${name}`);
  }

  /** The names of this object's fields. */
  names(): readonly string[] {
    return [...this.#fields().keys()];
  }

  text(): string {
    if (typeof this.#value !== 'string') this.#refuse('a text');
    return this.#value;
  }

  flag(): boolean {
    if (typeof this.#value !== 'boolean') this.#refuse('true or false');
    return this.#value;
  }

  /** An integer of at least `min`. */
  integer(min = 0): number {
    const value = this.#value;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
      this.#refuse(`an integer ≥ ${min}`);
    }
    return value;
  }

  oneOf<const T extends string>(choices: readonly T[]): T {
    const found = choices.find((choice) => choice === this.#value);
    if (found === undefined) this.#refuse(`one of ${choices.join(', ')}`);
    return found;
  }

  list<T>(read: (item: JsonField) => T): T[] {
    if (!Array.isArray(this.#value)) this.#refuse('a list');
    return this.#value.map((item, index) => read(new JsonField(item, `${this.#path}[${index}]`)));
  }

  /** Throws: this field is not `expected`. */
  refuse(expected: string): never {
    return this.#refuse(expected);
  }

  #fields(): ReadonlyMap<string, unknown> {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#refuse('an object');
    }
    return new Map(Object.entries(value));
  }

  #refuse(expected: string): never {
    const got = this.isMissing ? 'nothing' : JSON.stringify(this.#value).slice(0, 60);
    throw new Error(`${this.#path}: expected ${expected}, got ${got}`);
  }
}
