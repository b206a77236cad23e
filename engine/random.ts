/**
 * Seeded pseudo-random numbers, the only source of chance in the core and the simulator.
 * xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021),
 * seeded by splitmix32. Not for secrets.
 */
export class Random {
  readonly #state = new Uint32Array(4);

  /** The stream depends on the seed and the name only: taking from one leaves the others alone. */
  constructor(seed: number, name = '') {
    let hash = (Math.trunc(seed / 2 ** 32) ^ 0x9e3779b9) >>> 0;
    const mix = (value: number): number => {
      hash = (hash ^ value) >>> 0;
      hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
      hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
      hash = (hash ^ (hash >>> 15)) >>> 0;
      return hash;
    };
    mix(seed >>> 0);
    for (let i = 0; i < name.length; i++) mix(name.charCodeAt(i) + 1);
    for (let i = 0; i < 4; i++) this.#state[i] = mix(0x9e3779b9 + i);
    this.#state[3] = (this.#state[3] ?? 0) | 1; // The all-zero state would stay zero.
  }

  /** An integer of 0 … 2^32 - 1. */
  next(): number {
    const s = this.#state;
    const s0 = s[0] ?? 0;
    const s1 = s[1] ?? 0;
    const s2 = (s[2] ?? 0) ^ s0;
    const s3 = (s[3] ?? 0) ^ s1;
    const product = Math.imul(s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    s[0] = s0 ^ s3;
    s[1] = s1 ^ s2;
    s[2] = s2 ^ (s1 << 9);
    s[3] = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  /** An integer of 0 … bound - 1; bound ≤ 2^32. */
  below(bound: number): number {
    return Math.floor((this.next() / 2 ** 32) * bound);
  }

  /** An integer of min … max, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** True `perMillion` times in a million. */
  chance(perMillion: number): boolean {
    return this.below(1_000_000) < perMillion;
  }

  /** An integer of 1 … 2^53 - 1. */
  id(): number {
    const high = this.next() >>> 11;
    const low = this.next();
    return high * 2 ** 32 + low || 1;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('pick from an empty list');
    return item;
  }
}
