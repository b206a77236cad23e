/**
 * Damage for the fuzz tests: bit flips, cuts, random bytes, doubled and foreign pieces.
 */

/** A small generator of its own: fast-check's are too slow for one number per mutation. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export function mutate(original: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = original.slice();
  for (let count = 1 + random(3); count > 0; count--) {
    const at = random(bytes.length + 1);
    const to = Math.min(at + random(8), bytes.length);
    switch (random(6)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(to)]);
        break;
      case 4:
        bytes = Uint8Array.from([...bytes.subarray(0, to), ...bytes.subarray(at)]);
        break;
      default: {
        const noise = Array.from({ length: 1 + random(8) }, () => random(256));
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...noise, ...bytes.subarray(at)]);
      }
    }
  }
  return bytes;
}
