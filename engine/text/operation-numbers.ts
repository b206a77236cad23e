/**
 * Operation numbers: a dense number below 2^31 for every operation of a document, in place of its
 * id of 13 bytes.
 *
 *   author    A              B      A          numbers are given out in blocks, so that an author
 *   number    0 … 31         32 … 39  40 …     who types while others do keeps running numbers
 *             └ block ┘
 *   stretch   timestamps 1 … 9 = 0 … 8         within its blocks an author's timestamps and numbers
 *             timestamps 14 … 20 = 9 … 15      run on together in stretches
 *
 * Both rise with every operation of an author, so its stretches are sorted both ways, are only ever
 * appended to, and are found by binary search: O(log stretches), O(1) for the last one. A lone
 * author has one block and one stretch. The numbers are local: another replica has others for the
 * same operations, and they are never sent (a snapshot has its own, canonical ones).
 *
 * Also the version vector: an author's last timestamp, and the clock, the highest of all.
 */
import { must } from '../assert.ts';
import { VersionVector } from '../causal/version-vector.ts';

/** Numbers that the first block of an author has; each later one twice as many, up to the max. */
const blockMin = 8;
const blockMax = 1024;
const numberMax = 0x7fff_ff00;

/** The operations of one replica. */
export class Author {
  readonly replica: number;
  /** Position among the authors. */
  readonly index: number;
  /** Its last timestamp; 0 = none. */
  last = 0;
  stretchCount = 0;
  /** First timestamp of each stretch. */
  times: Float64Array = new Float64Array(1);
  /** First number and length of each stretch. */
  numbers: Int32Array = new Int32Array(2);
  /** The number that its next operation gets if its block has room. */
  next = 0;
  blockEnd = 0;
  blockSize = blockMin;

  constructor(replica: number, index: number) {
    this.replica = replica;
    this.index = index;
  }

  addStretch(timestamp: number, number: number, length: number): void {
    const at = this.stretchCount++;
    if (at === this.times.length) {
      const size = Math.ceil(at * 1.5) + 1;
      this.times = grownTimes(this.times, size);
      this.numbers = grownNumbers(this.numbers, size * 2);
    }
    this.times[at] = timestamp;
    this.numbers[at * 2] = number;
    this.numbers[at * 2 + 1] = length;
  }

  clone(): Author {
    const copy = new Author(this.replica, this.index);
    copy.last = this.last;
    copy.stretchCount = this.stretchCount;
    copy.times = this.times.slice();
    copy.numbers = this.numbers.slice();
    copy.next = this.next;
    copy.blockEnd = this.blockEnd;
    copy.blockSize = this.blockSize;
    return copy;
  }
}

export class OperationNumbers {
  readonly #authors: Author[] = [];
  readonly #indexes = new Map<number, number>();
  /** First number of each block, rising, and its author. */
  #blocks: Int32Array = new Int32Array(2);
  #blockCount = 0;
  /** Where the next block begins. */
  #end = 0;
  #clock = 0;
  readonly #version = new VersionVector();
  /** The author whose last timestamp the version vector may lack. */
  #unnoted: Author | null = null;
  /** The replica asked for last, and its author. */
  #lastReplica = 0;
  #lastAuthor: Author | null = null;
  #lastBlock = 0;

  get authors(): readonly Author[] {
    return this.#authors;
  }

  /** Memory of its tables. */
  get bytes(): number {
    const ofAuthors = this.#authors.map(
      ({ times, numbers }) => times.byteLength + numbers.byteLength,
    );
    return ofAuthors.reduce((sum, bytes) => sum + bytes, this.#blocks.byteLength);
  }

  /** All numbers are below this. */
  get end(): number {
    return this.#end;
  }

  /** Highest timestamp, 0 at the start. */
  get clock(): number {
    return this.#clock;
  }

  /** Read it anew after a change: the last author's operations are noted in it only when asked. */
  get versionVector(): VersionVector {
    if (this.#unnoted !== null) this.#note(this.#unnoted);
    return this.#version;
  }

  /** The author with this replica id, or null. */
  find(replica: number): Author | null {
    if (replica === this.#lastReplica) return this.#lastAuthor;
    const index = this.#indexes.get(replica);
    if (index === undefined) return null;
    this.#lastReplica = replica;
    this.#lastAuthor = must(this.#authors[index], 'an author');
    return this.#lastAuthor;
  }

  /** The author with this replica id, added if need be. */
  author(replica: number): Author {
    const known = this.find(replica);
    if (known !== null) return known;
    const author = new Author(replica, this.#authors.length);
    this.#authors.push(author);
    this.#indexes.set(replica, author.index);
    return author;
  }

  /** Last timestamp of the replica; 0 = never seen. */
  last(replica: number): number {
    return this.find(replica)?.last ?? 0;
  }

  /** Whether the document has room for `count` more operations. */
  hasRoom(count: number): boolean {
    return this.#end + count + blockMax <= numberMax;
  }

  /** RangeError if it has not. */
  checkRoom(count: number): void {
    if (this.hasRoom(count)) return;
    throw new RangeError(
      `no room for ${count} more: a document has at most ${numberMax} operations`,
    );
  }

  /** The number that `append` would give the author's next operation, of `count`. */
  nextNumber(author: Author | null, count: number): number {
    if (author === null || author.next + count > author.blockEnd) {
      return author !== null && author.blockEnd === this.#end && author.blockEnd > 0
        ? author.next
        : this.#end;
    }
    return author.next;
  }

  /**
   * Numbers for the author's operations timestamp … timestamp + count - 1, which run from the
   * number that is returned. There must be room. `exact`: a new block is no larger than that.
   */
  append(
    author: Author,
    timestamp: number,
    count: number,
    room: 'reserve' | 'exact' = 'reserve',
  ): number {
    const number = this.nextNumber(author, count);
    const end = number + count;
    const at = author.stretchCount - 1;
    const runsOn = number === author.next && timestamp === author.last + 1 && at >= 0;
    if (end > author.blockEnd || number !== author.next)
      this.#makeRoom(author, number, count, room);
    if (runsOn) author.numbers[at * 2 + 1] = (author.numbers[at * 2 + 1] as number) + count;
    else author.addStretch(timestamp, number, count);
    author.next = end;
    author.last = timestamp + count - 1;
    if (author.last > this.#clock) this.#clock = author.last;
    if (this.#unnoted !== author) {
      if (this.#unnoted !== null) this.#note(this.#unnoted);
      this.#unnoted = author;
    }
    return number;
  }

  /** A block that has room for operations [number, number + count). */
  #makeRoom(author: Author, number: number, count: number, room: 'reserve' | 'exact'): void {
    const end = number + count;
    if (number === author.next && author.blockEnd > 0) {
      // The last block grows in place.
      author.blockEnd = end;
    } else {
      const isAlone = room === 'exact' || this.#authors.length === 1;
      this.#addBlock(number, author.index);
      author.blockEnd = number + (isAlone ? count : Math.max(count, author.blockSize));
      author.blockSize = Math.min(author.blockSize * 2, blockMax);
    }
    this.#end = author.blockEnd;
  }

  #addBlock(number: number, author: number): void {
    const at = this.#blockCount++ * 2;
    if (at === this.#blocks.length) this.#blocks = grownNumbers(this.#blocks, at * 2);
    this.#blocks[at] = number;
    this.#blocks[at + 1] = author;
  }

  /** The number of the author's operation with this timestamp; -1 if there is none. */
  numberOf(author: Author, timestamp: number): number {
    if (timestamp > author.last) return -1;
    const { times, numbers } = author;
    let at = author.stretchCount - 1;
    if (at < 0) return -1;
    if ((times[at] as number) > timestamp) {
      let low = 0;
      while (low < at) {
        const middle = (low + at) >>> 1;
        if ((times[middle] as number) <= timestamp) low = middle + 1;
        else at = middle;
      }
      at--;
      if (at < 0) return -1;
    }
    const offset = timestamp - (times[at] as number);
    return offset < (numbers[at * 2 + 1] as number) ? (numbers[at * 2] as number) + offset : -1;
  }

  /** Whose operation the number is. */
  authorOf(number: number): Author {
    const blocks = this.#blocks;
    let at = this.#lastBlock;
    const isHere =
      number >= (blocks[at * 2] as number) &&
      (at + 1 === this.#blockCount || number < (blocks[at * 2 + 2] as number));
    if (!isHere) {
      let low = 0;
      at = this.#blockCount;
      while (low < at) {
        const middle = (low + at) >>> 1;
        if ((blocks[middle * 2] as number) <= number) low = middle + 1;
        else at = middle;
      }
      at--;
    }
    this.#lastBlock = at;
    return must(this.#authors[blocks[at * 2 + 1] as number], 'an author of the block');
  }

  /** The number after the last one of the block that holds this one. */
  blockEndOf(number: number): number {
    this.authorOf(number);
    const at = (this.#lastBlock + 1) * 2;
    return at < this.#blockCount * 2 ? (this.#blocks[at] as number) : this.#end;
  }

  /** The author's numbers up to the timestamp are those below this one; 0: it has none. */
  bound(author: Author, timestamp: number): number {
    const { times, numbers } = author;
    let low = 0;
    let high = author.stretchCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] as number) <= timestamp) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return 0;
    const passed = timestamp - (times[low - 1] as number) + 1;
    const length = numbers[low * 2 - 1] as number;
    return (numbers[low * 2 - 2] as number) + Math.min(passed, length);
  }

  /** Position of the author's stretch that holds its number. */
  stretchOf(author: Author, number: number): number {
    const { numbers } = author;
    let at = author.stretchCount - 1;
    if ((numbers[at * 2] as number) <= number) return at;
    let low = 0;
    while (low < at) {
      const middle = (low + at) >>> 1;
      if ((numbers[middle * 2] as number) <= number) low = middle + 1;
      else at = middle;
    }
    return at - 1;
  }

  /** Timestamp of the author's operation with this number. */
  timestampOf(author: Author, number: number): number {
    const at = this.stretchOf(author, number);
    return (author.times[at] as number) + number - (author.numbers[at * 2] as number);
  }

  /** How many numbers from `number` on have running timestamps too. */
  runningFrom(author: Author, number: number): number {
    const at = this.stretchOf(author, number);
    const end = (author.numbers[at * 2] as number) + (author.numbers[at * 2 + 1] as number);
    return end - number;
  }

  /** Order of two operations by id: timestamp, then replica. Negative: a first. */
  compare(a: number, b: number): number {
    const authorA = this.authorOf(a);
    const authorB = this.authorOf(b);
    const difference = this.timestampOf(authorA, a) - this.timestampOf(authorB, b);
    return difference || authorA.replica - authorB.replica;
  }

  clone(): OperationNumbers {
    const copy = new OperationNumbers();
    for (const author of this.#authors) {
      copy.#authors.push(author.clone());
      copy.#indexes.set(author.replica, author.index);
      copy.#note(author);
    }
    copy.#blocks = this.#blocks.slice();
    copy.#blockCount = this.#blockCount;
    copy.#end = this.#end;
    copy.#clock = this.#clock;
    return copy;
  }

  #note(author: Author): void {
    this.#version.observe(author.replica, author.last);
  }
}

function grownTimes(times: Float64Array, length: number): Float64Array {
  const larger = new Float64Array(length);
  larger.set(times);
  return larger;
}

function grownNumbers(numbers: Int32Array, length: number): Int32Array {
  const larger = new Int32Array(length);
  larger.set(numbers);
  return larger;
}
