/**
 * Performs the effects of a client's core against its ports, and decodes what comes off its socket.
 */
import { DecodeError } from '../../proto/decode-error.ts';
import { decodeServerFrame } from '../../proto/server-frame.ts';
import { unreachable } from '../assert.ts';
import type { ReplicaEffect, ReplicaInput } from '../sync/replica-effects.ts';
import type { ReplicaSession } from '../sync/replica-session.ts';
import { Driver } from './driver.ts';
import type { ClockPort } from './ports.ts';

/**
 * Sockets of a client. `connection` numbers come from the core; a port reports back with the same
 * number.
 */
export interface ClientTransportPort {
  connect(connection: number): void;
  send(connection: number, bytes: Uint8Array): void;
  close(connection: number): void;
}

/** Effects that are for the application, not for a port. */
export type ReplicaEvent = Exclude<ReplicaEffect, { type: 'connect' | 'disconnect' | 'send' }>;

export class ReplicaDriver {
  readonly core: ReplicaSession;
  readonly #driver: Driver<ReplicaInput, ReplicaEffect>;
  readonly #transport: ClientTransportPort;
  readonly #onEvent: (event: ReplicaEvent) => void;

  constructor(options: {
    readonly core: ReplicaSession;
    readonly clock: ClockPort;
    readonly transport: ClientTransportPort;
    /** Called in the middle of a step: must not submit synchronously what needs an answer. */
    readonly onEvent: (event: ReplicaEvent) => void;
  }) {
    this.core = options.core;
    this.#transport = options.transport;
    this.#onEvent = options.onEvent;
    this.#driver = new Driver<ReplicaInput, ReplicaEffect>({
      core: options.core,
      clock: options.clock,
      perform: (effect) => this.#perform(effect),
      tick: { type: 'tick' },
    });
  }

  /** Throws RangeError for an edit that the text does not allow. */
  submit(input: ReplicaInput): void {
    this.#driver.submit(input);
  }

  opened(connection: number): void {
    this.submit({ type: 'connOpened', connection });
  }

  /** A binary message; its bytes may be reused after the call. */
  received(connection: number, bytes: Uint8Array): void {
    try {
      const frame = decodeServerFrame(bytes);
      this.submit({ type: 'connReceived', connection, frame });
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.submit({ type: 'connMalformed', connection, message: error.message });
    }
  }

  closed(connection: number, code: number): void {
    this.submit({ type: 'connClosed', connection, code });
  }

  #perform(effect: ReplicaEffect): void {
    switch (effect.type) {
      case 'connect':
        this.#transport.connect(effect.connection);
        return;
      case 'disconnect':
        this.#transport.close(effect.connection);
        return;
      case 'send':
        this.#transport.send(effect.connection, effect.bytes);
        return;
      case 'textChanged':
      case 'statusChanged':
      case 'presenceChanged':
      case 'acked':
      case 'previewed':
      case 'rescued':
      case 'outboxChanged':
      case 'tokenWanted':
      case 'failed':
        this.#onEvent(effect);
        return;
      default:
        unreachable(effect);
    }
  }
}
