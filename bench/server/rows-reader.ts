/**
 * Reads what nearly all frames of a server are, rows of typed characters and an ack, in place and
 * into columns that are used again (proto/sync.proto and proto/frame-row.ts have the messages):
 *
 *   frame := (12 row | 5a lone | 1a ack | 2a presence | 3a heartbeat | 42 window)*
 *   row   := [08 at] (10 replica)* (1a batch)* [20 epoch]
 *   batch := 08 name 10 first [18 gap] [2a operations] 32 text
 *   lone  := name × 4 + operations × 2 + gap, at first [gap] [length operations] text
 *
 * Of a batch it is taken for granted that it types ASCII and nothing else: all talkers do. Other
 * frames are left to the codec.
 */
const tagRow = 0x12;
const tagLone = 0x5a;
const tagAck = 0x1a;
const ignored: readonly number[] = [0x2a, 0x3a, 0x42];
const tagIntroduced = 0x10;
const tagBatch = 0x1a;
const tagName = 0x08;
const tagFirst = 0x10;
const tagGap = 0x18;
const tagText = 0x32;
const tagThrough = 0x08;

export class RowsReader {
  rowCount = 0;
  /** Full ids of replicas that first appear, in order. */
  readonly introduced: number[] = [];
  introducedCount = 0;
  /** Of each batch. */
  readonly names: number[] = [];
  readonly firsts: number[] = [];
  readonly gaps: number[] = [];
  /** Characters. */
  readonly counts: number[] = [];
  batchCount = 0;
  /** Of the ack; 0: there is none. */
  through = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** False: something else is in the frame, and the columns mean nothing. */
  read(bytes: Uint8Array): boolean {
    this.#bytes = bytes;
    this.#at = 0;
    this.rowCount = 0;
    this.introducedCount = 0;
    this.batchCount = 0;
    this.through = 0;
    while (this.#at < bytes.length) {
      const tag = this.#varint();
      if (tag !== tagLone && tag !== tagRow && tag !== tagAck && !ignored.includes(tag)) {
        return false;
      }
      const length = this.#varint();
      const end = this.#at + length;
      if (tag === tagLone) this.#lone(end);
      else if (tag === tagRow) this.#row(end);
      else if (tag === tagAck) this.#ack(end);
      this.#at = end;
    }
    return true;
  }

  #row(end: number): void {
    this.rowCount++;
    while (this.#at < end) {
      const tag = this.#varint();
      const value = this.#varint();
      if (tag === tagIntroduced) this.introduced[this.introducedCount++] = value;
      else if (tag === tagBatch) this.#batch(this.#at + value);
    }
  }

  #batch(end: number): void {
    const index = this.batchCount++;
    this.names[index] = 0;
    this.gaps[index] = 0;
    this.counts[index] = 0;
    while (this.#at < end) {
      const tag = this.#varint();
      const value = this.#varint();
      if (tag === tagName) this.names[index] = value;
      else if (tag === tagFirst) this.firsts[index] = value;
      else if (tag === tagGap) this.gaps[index] = value;
      else if (tag === tagText) this.counts[index] = value;
      if ((tag & 7) === 2) this.#at += value;
    }
  }

  #lone(end: number): void {
    this.rowCount++;
    const index = this.batchCount++;
    const author = this.#varint();
    this.names[index] = Math.floor(author / 4);
    this.#varint();
    this.firsts[index] = this.#varint();
    this.gaps[index] = (author & 1) === 0 ? 0 : this.#varint();
    const operations = (author & 2) === 0 ? 0 : this.#varint();
    this.counts[index] = end - this.#at - operations;
  }

  #ack(end: number): void {
    while (this.#at < end) {
      const tag = this.#varint();
      const value = this.#varint();
      if (tag === tagThrough) this.through = value;
    }
  }

  #varint(): number {
    const byte = this.#bytes[this.#at++] ?? 0;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 0x80; ; scale *= 0x80) {
      const next = this.#bytes[this.#at++] ?? 0;
      value += (next & 0x7f) * scale;
      if (next < 0x80) return value;
    }
  }
}
