/**
 * A person at a document, for tests in which text must be accounted for: everything typed is
 * characters that nobody typed before, so that texts tell what is missing, there twice, or rescued.
 */
import { connect } from '../../client/connect-node.ts';
import type { RescuedEvent } from '../../client/session-events.ts';
import type { SyncSession } from '../../client/sync-session.ts';
import type { TransportFactory } from '../../client/transport.ts';
import { nodeTransport } from '../../client/transport-node.ts';

/** From the first CJK ideograph on: one UTF-16 unit each. */
const firstCharacter = 0x4e00;

export class Alphabet {
  #next = firstCharacter;

  /** So many characters that it never gave before. */
  take(count: number): string {
    const codes = Array.from({ length: count }, () => this.#next++);
    return String.fromCharCode(...codes);
  }
}

export class Person {
  readonly session: SyncSession;
  /** Close codes of the connections that the other side ended. */
  readonly closed: number[] = [];
  readonly rescued: RescuedEvent[] = [];
  readonly #alphabet: Alphabet;

  constructor(options: {
    readonly url: string;
    readonly documentId: string;
    readonly alphabet: Alphabet;
  }) {
    const { url, documentId, alphabet } = options;
    this.#alphabet = alphabet;
    const transport: TransportFactory = (address, events) =>
      nodeTransport(address, {
        ...{ opened: events.opened.bind(events), received: events.received.bind(events) },
        networkReturned: events.networkReturned.bind(events),
        closed: (connection, code) => {
          this.closed.push(code);
          events.closed(connection, code);
        },
      });
    this.session = connect({ url, documentId, transport });
    this.session.on('rescued', (event) => this.rescued.push(event));
  }

  get text(): string {
    return this.session.text;
  }

  /** Types new characters at a place, one after the other; returns them. */
  type(count: number, index = this.session.length): string {
    const typed = this.#alphabet.take(count);
    for (const [i, character] of [...typed].entries()) this.session.insert(index + i, character);
    return typed;
  }

  /** Types next to what is there already; returns what was typed. */
  typeAfter(text: string, count: number): string {
    const index = this.text.indexOf(text);
    if (index < 0) throw new Error(`${text} is not in ${this.text}`);
    return this.type(count, index + text.length);
  }
}
