/**
 * A client of a server that speaks Yjs's sync protocol: a message is its type and, of type sync,
 * a step (1: what I have; 2: what you lack; 3: an update). y-websocket takes the document from the
 * address; hocuspocus puts its name before each message and wants a token first.
 *
 * It announces no presence of its own before `moveCursor`, which editors do and repeat every 15 s:
 * with 1,000 clients of one document that alone is 67,000 messages a second.
 */
import type { Dialect, Seat, Talker } from '../../server/dialect.ts';
import type { ReadingDialect, RunReader } from './survey.ts';
import { authorOf, clientOf, Reader, readRuns, typedUpdate, Writer } from './yjs-wire.ts';

/** Types of messages, steps of type sync, and the token in hocuspocus's type auth. */
export const yjsMessages = {
  ...{ sync: 0, awareness: 1, auth: 2, syncReply: 4, syncStatus: 8 },
  ...{ state: 0, missing: 1, update: 2 },
  ...{ token: 0, denied: 1 },
} as const;

export const yWebsocketDialects: readonly ReadingDialect[] = [
  'y-websocket',
  'y-websocket-leveldb',
].map((name) =>
  yjsDialect({
    name,
    heartbeatMs: null,
    // The protocol has no acknowledgement.
    ackMeans: null,
    address: (baseUrl, document) => `${baseUrl}/${document}`,
    isNamed: false,
  }),
);

export const hocuspocusDialect = yjsDialect({
  name: 'hocuspocus',
  // It closes a connection that said nothing for 60 s.
  heartbeatMs: 25_000,
  ackMeans: 'in memory: it stores 2 to 10 s later',
  address: (baseUrl) => `${baseUrl}/`,
  isNamed: true,
});

interface Variant extends Omit<Dialect, 'open'> {
  /** Messages begin with the name of the document. */
  readonly isNamed: boolean;
}

function yjsDialect({ isNamed, ...dialect }: Variant): ReadingDialect {
  return {
    ...dialect,
    open: (seat) => new YjsTalker({ seat, isNamed, onKnown: null }),
    openToRead: (seat, onKnown) => new YjsTalker({ seat, isNamed, onKnown }),
  };
}

class YjsTalker implements Talker {
  readonly #seat: Seat;
  readonly #isNamed: boolean;
  readonly #onKnown: RunReader | null;
  readonly #client: number;
  readonly #out = new Writer();
  #typed = 0;
  #moved = 0;
  #acked = 0;
  /** What the server had is here; what comes now is new. */
  #isCurrent = false;
  #isReady = false;

  /** `onKnown`: it reads, and is told of what the document holds. */
  constructor(options: {
    readonly seat: Seat;
    readonly isNamed: boolean;
    readonly onKnown: RunReader | null;
  }) {
    this.#seat = options.seat;
    this.#isNamed = options.isNamed;
    this.#onKnown = options.onKnown;
    this.#client = clientOf(options.seat.author);
  }

  opened(): void {
    if (this.#isNamed)
      this.#send(this.#message(yjsMessages.auth).uint(yjsMessages.token).text('token'));
    // What it has: of no client anything.
    const nothing = Uint8Array.of(0);
    this.#send(this.#message(yjsMessages.sync).uint(yjsMessages.state).bytes(nothing));
  }

  received(bytes: Uint8Array): void {
    const reader = new Reader(bytes);
    if (this.#isNamed) reader.skipBytes();
    const type = reader.uint();
    if (type === yjsMessages.sync || type === yjsMessages.syncReply) this.#onSync(reader);
    else if (type === yjsMessages.syncStatus) this.#onSaved(reader.uint() === 1);
    else if (type === yjsMessages.auth && reader.uint() === yjsMessages.denied) {
      this.#seat.failed(`refused: ${reader.text()}`);
    }
  }

  type(): number {
    const clock = this.#typed++;
    const letter = String.fromCharCode(97 + (clock % 26));
    const update = typedUpdate(this.#client, clock, letter);
    this.#send(this.#message(yjsMessages.sync).uint(yjsMessages.update).bytes(update));
    return this.#typed;
  }

  /** As y-codemirror does it: both ends of the selection as relative positions in JSON. */
  moveCursor(): void {
    const item = { client: this.#client, clock: Math.max(0, this.#typed - 1 - (this.#moved % 2)) };
    const end = { type: null, tname: 'text', item, assoc: 0 };
    const user = { name: `Author ${this.#seat.author}`, color: '#30bced' };
    const state = JSON.stringify({ user, cursor: { anchor: end, head: end } });
    const awareness = new Writer()
      .uint(1)
      .uint(this.#client)
      .uint(++this.#moved)
      .text(state);
    this.#send(this.#message(yjsMessages.awareness).bytes(awareness.take()));
  }

  /** The presence of nobody. */
  heartbeat(): void {
    this.#send(this.#message(yjsMessages.awareness).bytes(Uint8Array.of(0)));
  }

  #onSync(reader: Reader): void {
    const step = reader.uint();
    if (step === yjsMessages.state) this.#answerState();
    else this.#onUpdate(reader, step);
  }

  #onUpdate(reader: Reader, step: number): void {
    const { author: self } = this.#seat;
    const onKnown = this.#onKnown;
    readRuns(reader.bytes(), (client, clock, count) => {
      const author = authorOf(client);
      if (onKnown !== null) onKnown(author, clock + 1, count);
      // Servers send an edit to its author, too; and what was there before is no delivery.
      else if (author !== self && this.#isCurrent) {
        for (let seq = clock + 1; seq <= clock + count; seq++) this.#seat.delivered(author, seq);
      }
    });
    if (step !== yjsMessages.missing) return;
    this.#isCurrent = true;
    // Hocuspocus acknowledges the answer to its question, too, which must not count for an edit.
    if (!this.#isNamed) this.#becomeReady();
  }

  #becomeReady(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#seat.ready();
  }

  /** Nothing that it lacks. */
  #answerState(): void {
    const nothing = Uint8Array.of(0, 0);
    this.#send(this.#message(yjsMessages.sync).uint(yjsMessages.missing).bytes(nothing));
  }

  /** One for each update, in their order. */
  #onSaved(isSaved: boolean): void {
    if (!isSaved) this.#seat.failed('the server refused an update');
    else if (!this.#isReady) this.#becomeReady();
    else if (this.#acked < this.#typed) this.#seat.acked(++this.#acked);
  }

  #message(type: number): Writer {
    return (this.#isNamed ? this.#out.text(this.#seat.document) : this.#out).uint(type);
  }

  #send(message: Writer): void {
    this.#seat.send(message.take());
  }
}
