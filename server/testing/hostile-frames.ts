/**
 * What a socket may get from a broken or malicious client, from a seed: frames that are nearly
 * right (a byte changed, cut short, lengthened, joined with another), frames that no client may
 * send, and noise. Some are still valid; whoever sends them must accept either answer.
 */
import { Random } from '../../engine/random.ts';
import type { Batch, Op } from '../../proto/batch.ts';
import { type ClientBody, encodeClientFrame } from '../../proto/client-frame.ts';
import { helloFrame } from './raw-client.ts';

export interface HostileFrame {
  readonly kind: Kind;
  readonly bytes: Uint8Array;
}

const kinds = [
  ...(['flipped', 'flipped', 'flipped', 'truncated', 'lengthened', 'joined'] as const),
  ...(['noise', 'unknown', 'surrogate', 'out-of-place'] as const),
];
type Kind = (typeof kinds)[number] | 'too-large';

/** Kinds that cannot be valid by chance, with the code that they are refused with. */
export const certain: ReadonlyMap<Kind, string> = new Map([
  ['unknown', 'bad-frame'],
  ['surrogate', 'bad-frame'],
  ['too-large', 'too-large'],
]);

export class HostileFrames {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed, 'hostile frames');
  }

  next(): HostileFrame {
    const kind = this.#pick(kinds);
    return { kind, bytes: this.#make(kind) };
  }

  #make(kind: (typeof kinds)[number]): Uint8Array {
    const random = this.#random;
    switch (kind) {
      case 'flipped': {
        const bytes = this.#valid();
        const at = random.below(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ random.between(1, 255);
        return bytes;
      }
      case 'truncated': {
        const bytes = this.#valid();
        return bytes.subarray(0, random.below(bytes.length));
      }
      case 'lengthened':
        return Buffer.concat([this.#valid(), this.#noise(20)]);
      case 'joined':
        return Buffer.concat([this.#valid(), this.#valid()]);
      case 'noise':
        return this.#noise(random.below(20) === 0 ? 50_000 : 300);
      case 'unknown':
        // Field 15, which no frame has, as bytes: well-formed Protobuf without a body.
        return Buffer.concat([Buffer.from([0x7a, 3]), this.#noise(3, 3)]);
      case 'surrogate':
        return withLoneSurrogate(random.below(2) === 0 ? 0xa0 : 0xb0);
      case 'out-of-place':
        return encodeClientFrame({ channel: random.below(3), body: this.#outOfPlace() });
    }
  }

  #noise(lengthMax: number, lengthMin = 0): Buffer {
    const bytes = Buffer.alloc(this.#random.between(lengthMin, lengthMax));
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.#random.below(256);
    return bytes;
  }

  /** A frame as an honest client of an open session may send it. */
  #valid(): Buffer {
    const body = this.#pick<() => ClientBody>([
      () => ({ type: 'edit', batches: this.#batches() }),
      () => ({ type: 'edit', batches: this.#batches() }),
      () => ({
        type: 'presence',
        state: { name: 'Zoë', color: '#123456', head: null, anchor: null },
      }),
      () => ({ type: 'heartbeat', at: 1_700_000_000_000 }),
      () => helloFrame({ document: `opened-${this.#random.below(5)}` }).body,
    ]);
    const made = body();
    return Buffer.from(encodeClientFrame({ channel: made.type === 'hello' ? 1 : 0, body: made }));
  }

  #batches(): Batch[] {
    const batches: Batch[] = [];
    let first = 1;
    const count = this.#random.between(1, 4);
    for (let i = 0; i < count; i++) {
      const text = this.#pick([
        'a',
        'hello world',
        'naïve 漢字',
        '👩‍👩‍👧 and 👍',
        '\n\n\t',
        'x'.repeat(300),
      ]);
      const ops: Op[] = [
        { type: 'insert', timestamp: first, left: null, right: null, text },
        {
          ...{ type: 'delete', timestamp: first + text.length, count: text.length },
          ...{ target: { timestamp: first, replica: 0 }, reversed: this.#random.below(2) === 0 },
        },
      ];
      batches.push({ replica: 0, first, gap: 0, base: 0, ops });
      first += 2 * text.length;
    }
    return batches;
  }

  /** Well-formed, but not from this client, not now, or not with these numbers. */
  #outOfPlace(): ClientBody {
    const far = 2 ** this.#random.between(1, 52);
    const text = 'x';
    const insert = { type: 'insert', timestamp: 1, left: null, right: null, text } as const;
    const batch: Batch = { replica: 0, first: 1, gap: 0, base: 0, ops: [insert] };
    const edit = (changed: Partial<Batch>): ClientBody => ({
      type: 'edit',
      batches: [{ ...batch, ...changed }],
    });
    const stranger = { timestamp: 1, replica: this.#random.between(1, 1_000_000) };
    return this.#pick<ClientBody>([
      edit({ base: far }),
      edit({ first: far, gap: far - 1, ops: [{ ...insert, timestamp: far }] }),
      edit({ first: far, ops: [{ ...insert, timestamp: far }] }),
      edit({ first: 2, ops: [{ ...insert, timestamp: 2, left: stranger }] }),
      edit({ first: 2, ops: [{ ...insert, timestamp: 2, right: stranger }] }),
      { type: 'edit', batches: [batch, batch] },
      {
        type: 'thin',
        first: 1,
        gap: 0,
        base: 0,
        splices: [{ index: 0, deleted: 0, inserted: 'x' }],
      },
      { type: 'token', token: 'anything' },
      { type: 'leave' },
      helloFrame({ document: 'again' }).body,
    ]);
  }

  #pick<T>(from: readonly [T, ...T[]] | readonly T[]): T {
    const picked = from[this.#random.below(from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }
}

/**
 * An edit whose text holds half a surrogate pair, as UTF-8 must not: ED, then `second`, then 80.
 */
function withLoneSurrogate(second: number): Uint8Array {
  const text = 'a\ue000b';
  const ops: Op[] = [{ type: 'insert', timestamp: 1, left: null, right: null, text }];
  const batches = [{ replica: 0, first: 1, gap: 0, base: 0, ops }];
  const bytes = Buffer.from(encodeClientFrame({ channel: 0, body: { type: 'edit', batches } }));
  const at = bytes.indexOf(Buffer.from('\ue000'));
  bytes.set([0xed, second, 0x80], at);
  return bytes;
}
