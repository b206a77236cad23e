/**
 * A client of ShareDB: JSON messages on text of type text-unicode. An edit is answered to its
 * author with the version of the document that it made. As ShareDB's own client does it, one edit
 * of an author is on its way at a time; what is typed meanwhile follows as one insert.
 *
 * Who typed it is said by `src`, which a client chooses in its handshake; here its author number,
 * in as many characters as ShareDB's own have. Characters are counted by author, so all have to be
 * there before anybody types. Presence is not sent: text-unicode has none.
 */
import { assert } from '../../../engine/assert.ts';
import type { Seat, Talker } from '../../server/dialect.ts';
import type { ReadingDialect, RunReader } from './survey.ts';

const collection = 'texts';
const textType = 'http://sharejs.org/types/text-unicode';
const sourceDigits = 32;
/** Not empty: sharedb-postgres 5.0.1 takes an empty text for none, and then refuses every edit. */
const firstText = '\n';
const alreadyThere = new Set(['ERR_DOC_ALREADY_CREATED', 'ERR_DOC_WAS_DELETED']);

type Operation = readonly (number | string | object)[];

interface Message {
  readonly a?: string;
  readonly v?: number;
  readonly src?: string;
  readonly op?: Operation;
  readonly data?: { readonly v: number };
  readonly error?: { readonly code?: string; readonly message?: string };
}

export const sharedbDialects: readonly ReadingDialect[] = [
  sharedbDialect('sharedb', 'in memory: it stores nothing'),
  sharedbDialect('sharedb-postgres', 'committed to PostgreSQL'),
];

function sharedbDialect(name: string, ackMeans: string): ReadingDialect {
  return {
    name,
    ackMeans,
    heartbeatMs: null,
    address: (baseUrl) => `${baseUrl}/`,
    open: (seat) => new SharedbTalker(seat),
    openToRead: (seat, onRun) => new SharedbReader(seat, onRun),
  };
}

class SharedbTalker implements Talker {
  readonly #seat: Seat;
  readonly #source: string;
  #typed = 0;
  #acked = 0;
  #submitted = 0;
  /** On its way, and what was typed since, which goes in one piece when that is acknowledged. */
  #inFlight = '';
  #waiting = '';
  /** Of the document, as far as its edits came. */
  #version = 0;
  /** Below `#version`, but not here yet. */
  readonly #late = new Set<number>();
  /** Where the next character goes, counting only what was acknowledged: valid at `#version`. */
  #cursor = 0;
  /** Characters that came, by their source. */
  readonly #counts = new Map<string, number>();
  #isReady = false;

  constructor(seat: Seat) {
    this.#seat = seat;
    this.#source = sourceOf(seat.author);
  }

  opened(): void {
    this.#send({ a: 'hs', id: this.#source, protocol: 1, protocolMinor: 2 });
    this.#send({ a: 's', c: collection, d: this.#seat.document });
  }

  received(bytes: Uint8Array): void {
    const message = parsed(bytes);
    if (message.a === 's') this.#onSubscribed(message);
    else if (message.a === 'op') this.#onOperation(message);
    else if (message.error !== undefined) this.#seat.failed(reasonOf(message));
  }

  type(): number {
    this.#waiting += String.fromCharCode(97 + (this.#typed++ % 26));
    if (this.#inFlight === '') this.#submitWaiting();
    return this.#typed;
  }

  moveCursor(): void {}

  heartbeat(): void {}

  #onSubscribed(message: Message): void {
    if (message.data === undefined) this.#seat.failed(reasonOf(message));
    this.#version = Math.max(this.#version, message.data?.v ?? 0);
    if (this.#version > 0) this.#becomeReady();
    else this.#submit({ create: { type: textType, data: firstText } });
  }

  #onOperation(message: Message): void {
    const { v, src = '', error } = message;
    if (error !== undefined) this.#onRefused(message);
    else if (v !== undefined && this.#isNew(v)) this.#onNew(src, message.op);
  }

  #onNew(src: string, op: Operation | undefined): void {
    if (src === this.#source) this.#onAcknowledged();
    else if (op !== undefined) this.#onDelivered(src, op);
    this.#becomeReady();
  }

  #onAcknowledged(): void {
    const count = this.#inFlight.length;
    this.#inFlight = '';
    this.#cursor += count;
    this.#acked += count;
    if (count > 0) this.#seat.acked(this.#acked);
    if (this.#waiting !== '') this.#submitWaiting();
  }

  #onDelivered(source: string, op: Operation): void {
    const text = textOf(op);
    if (placeOf(op) < this.#cursor) this.#cursor += text.length;
    const before = this.#counts.get(source) ?? 0;
    this.#counts.set(source, before + text.length);
    const author = authorOf(source);
    for (let index = 1; index <= text.length; index++) this.#seat.delivered(author, before + index);
  }

  /** Whether version `v` had not come: with an answer, servers send again what one may lack. */
  #isNew(v: number): boolean {
    if (v < this.#version) return this.#late.delete(v);
    for (let version = this.#version; version < v; version++) this.#late.add(version);
    this.#version = v + 1;
    return true;
  }

  /** Somebody else's attempt to create it was earlier: its own edit comes or came. */
  #onRefused(message: Message): void {
    if (!alreadyThere.has(message.error?.code ?? '')) this.#seat.failed(reasonOf(message));
    else if (this.#version > 0) this.#becomeReady();
  }

  #becomeReady(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#seat.ready();
  }

  #submitWaiting(): void {
    [this.#inFlight, this.#waiting] = [this.#waiting, ''];
    const { length } = this.#inFlight;
    assert(length > 0, 'an edit has a character');
    this.#submit({ op: this.#cursor === 0 ? [this.#inFlight] : [this.#cursor, this.#inFlight] });
  }

  #submit(edit: object): void {
    const place = { c: collection, d: this.#seat.document, v: this.#version };
    this.#send({ a: 'op', ...place, seq: ++this.#submitted, x: {}, ...edit });
  }

  #send(message: object): void {
    this.#seat.send(JSON.stringify(message));
  }
}

class SharedbReader implements Talker {
  readonly #seat: Seat;
  readonly #onRun: RunReader;
  readonly #counts = new Map<string, number>();

  constructor(seat: Seat, onRun: RunReader) {
    this.#seat = seat;
    this.#onRun = onRun;
  }

  opened(): void {
    const source = sourceOf(this.#seat.author);
    this.#send({ a: 'hs', id: source, protocol: 1, protocolMinor: 2 });
    this.#send({ a: 'f', c: collection, d: this.#seat.document, v: 0 });
  }

  received(bytes: Uint8Array): void {
    const message = parsed(bytes);
    const { a, src = '', op } = message;
    if (message.error !== undefined) this.#seat.failed(reasonOf(message));
    else if (a === 'f') this.#seat.ready();
    else if (a === 'op' && op !== undefined) {
      const before = this.#counts.get(src) ?? 0;
      const { length } = textOf(op);
      this.#counts.set(src, before + length);
      this.#onRun(authorOf(src), before + 1, length);
    }
  }

  type(): number {
    throw new Error('a reader does not type');
  }

  moveCursor(): void {}

  heartbeat(): void {}

  #send(message: object): void {
    this.#seat.send(JSON.stringify(message));
  }
}

function sourceOf(author: number): string {
  return author.toString(16).padStart(sourceDigits, '0');
}

function authorOf(source: string): number {
  return Number.parseInt(source, 16);
}

/** Of an insert: how many characters it leaves before it. */
function placeOf(op: Operation): number {
  const first = op[0];
  return typeof first === 'number' ? first : 0;
}

function textOf(op: Operation): string {
  const last = op.at(-1);
  return typeof last === 'string' ? last : '';
}

function parsed(bytes: Uint8Array): Message {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return JSON.parse(buffer.toString('latin1'));
}

function reasonOf({ error }: Message): string {
  return `refused: ${error?.code} ${error?.message}`;
}
