/** Performs the effects of a server node against its ports, and decodes what comes off a socket. */
import { decodeClientFrame } from '../../proto/client-frame.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import { clientFrameBytesMax } from '../../proto/limits.ts';
import { assert, unreachable } from '../assert.ts';
import type { ConnId } from '../ids.ts';
import { isDurable } from '../sync/durability.ts';
import type { Effect, Input, MalformedCode } from '../sync/effects.ts';
import type { Gateway } from '../sync/gateway.ts';
import { Driver } from './driver.ts';
import type { GatewayPorts } from './ports.ts';

/** Something for an operator: never text or tokens. */
export type LogEvent = Extract<Effect, { type: 'log' }>;

type Question = Extract<
  Effect,
  { type: 'readLog' | 'loadSnapshot' | 'makeSnapshot' | 'readHeads' }
>;

export class GatewayDriver {
  readonly #driver: Driver<Input, Effect>;
  readonly #ports: GatewayPorts;
  readonly #onLog: (event: LogEvent) => void;
  readonly #onDrained: () => void;

  constructor(options: {
    readonly core: Gateway;
    readonly ports: GatewayPorts;
    readonly onLog: (event: LogEvent) => void;
    /** After `drain`: every connection has been closed. */
    readonly onDrained: () => void;
  }) {
    this.#ports = options.ports;
    this.#onLog = options.onLog;
    this.#onDrained = options.onDrained;
    this.#driver = new Driver<Input, Effect>({
      core: options.core,
      clock: options.ports.clock,
      perform: (effect) => this.#perform(effect),
      tick: { type: 'tick' },
    });
  }

  opened(conn: ConnId): void {
    this.#driver.submit({ type: 'connOpened', conn });
  }

  /** A binary message; its bytes may be reused after the call. */
  received(conn: ConnId, bytes: Uint8Array): void {
    if (bytes.length > clientFrameBytesMax) {
      const message = `a frame of ${bytes.length} bytes, ${clientFrameBytesMax} is the limit`;
      this.malformed(conn, 'too-large', message);
      return;
    }
    try {
      const frame = decodeClientFrame(bytes);
      this.#driver.submit({ type: 'connReceived', conn, frame, bytes: bytes.length });
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const code = error.field === 'hello.document' ? 'bad-document' : 'bad-frame';
      this.malformed(conn, code, error.message);
    }
  }

  /** Something that is no frame at all: a text message, one over the size limit. */
  malformed(conn: ConnId, code: MalformedCode, message: string): void {
    this.#driver.submit({ type: 'connMalformed', conn, code, message });
  }

  closed(conn: ConnId): void {
    this.#driver.submit({ type: 'connClosed', conn });
  }

  busReceived(document: string, bytes: Uint8Array): void {
    this.#driver.submit({ type: 'busReceived', document, bytes });
  }

  /** Other nodes can be heard from now on, or cannot; not called where there are none. */
  busConnected(isUp: boolean): void {
    this.#driver.submit({ type: 'busConnected', isUp });
  }

  /** Messages may have been missed: a subscription has begun, or (null) the bus was away. */
  busGap(document: string | null): void {
    this.#driver.submit({ type: 'busGap', document });
  }

  logReconnected(): void {
    this.#driver.submit({ type: 'logReconnected' });
  }

  drain(): void {
    this.#driver.submit({ type: 'drain' });
  }

  #perform(effect: Effect): void {
    const { transport, log, bus, auth } = this.#ports;
    switch (effect.type) {
      case 'send':
        assert(isDurable(effect.frame), 'a frame with operations needs its proof of durability');
        transport.send(effect.conns, effect.frame.bytes);
        return;
      case 'sendControl':
        transport.send(effect.conns, effect.frame.bytes);
        return;
      case 'notifyDrained': {
        const { conn } = effect;
        transport.notifyDrained(conn, () => this.#driver.submit({ type: 'connDrained', conn }));
        return;
      }
      case 'close':
        transport.close(effect.conn, effect.code, effect.reason);
        return;
      case 'decideAuth': {
        const { sessionId, request } = effect;
        auth.decide(request, (decision) =>
          this.#driver.submit({ type: 'authDecided', sessionId, decision }),
        );
        return;
      }
      case 'append': {
        const { appendId, document, epoch, body } = effect;
        log.append(document, epoch, body, (result) =>
          this.#driver.submit({ type: 'appendSettled', appendId, result }),
        );
        return;
      }
      case 'readLog':
      case 'loadSnapshot':
      case 'makeSnapshot':
      case 'readHeads':
        this.#ask(effect);
        return;
      case 'publish':
        assert(isDurable(effect.message), 'a published row needs its proof of durability');
        bus.publish(effect.document, effect.message.bytes);
        return;
      case 'publishPresence':
        bus.publishPresence(effect.document, effect.bytes);
        return;
      case 'subscribe':
        bus.subscribe(effect.document);
        return;
      case 'unsubscribe':
        bus.unsubscribe(effect.document);
        return;
      case 'log':
        this.#onLog(effect);
        return;
      case 'drained':
        this.#onDrained();
        return;
      default:
        unreachable(effect);
    }
  }

  /** What the log and the store know. */
  #ask(effect: Question): void {
    const { log, snapshots } = this.#ports;
    switch (effect.type) {
      case 'readLog': {
        const { readId, document, afterLsn, bytesMax } = effect;
        log.read(document, afterLsn, bytesMax, (page) =>
          this.#driver.submit({ type: 'logRead', readId, page }),
        );
        return;
      }
      case 'loadSnapshot': {
        const { readId, document } = effect;
        snapshots.load(document, (fold) =>
          this.#driver.submit({ type: 'snapshotLoaded', readId, fold }),
        );
        return;
      }
      case 'makeSnapshot': {
        const { document } = effect;
        snapshots.make(document, (lsn) =>
          this.#driver.submit({ type: 'snapshotMade', document, lsn }),
        );
        return;
      }
      case 'readHeads':
        log.heads(effect.documents, (heads) => this.#driver.submit({ type: 'headsRead', heads }));
        return;
      default:
        unreachable(effect);
    }
  }
}
