/**
 * A client that goes from node to node: a full session whose next connection leads wherever it was
 * told to go, and an ear on every frame that comes.
 */
import { connect } from '../../client/connect-node.ts';
import type { SyncSession } from '../../client/sync-session.ts';
import type { ClientTransport, TransportEvents } from '../../client/transport.ts';
import { nodeTransport } from '../../client/transport-node.ts';
import { decodeServerFrame, type ServerFrame } from '../../proto/server-frame.ts';

/** A frame as it comes, before the session sees it; `connection` counts up. */
export type FrameListener = (connection: number, frame: ServerFrame) => void;

export interface MovingClientOptions {
  readonly document: string;
  /** Address of the first node. */
  readonly syncUrl: string;
  readonly onFrame?: FrameListener;
}

export class MovingClient {
  readonly session: SyncSession;
  readonly #onFrame: FrameListener;
  #syncUrl: string;
  readonly #changed: (() => void)[] = [];

  /** Begins to connect. */
  constructor({ document, syncUrl, onFrame = () => {} }: MovingClientOptions) {
    this.#syncUrl = syncUrl;
    this.#onFrame = onFrame;
    this.session = connect({
      url: syncUrl,
      documentId: document,
      transport: (_, events) => this.#transport(events),
    });
  }

  /** Where the next connection goes. */
  set syncUrl(syncUrl: string) {
    this.#syncUrl = syncUrl;
  }

  /** Leaves its node, if it is at one, and connects to another. */
  moveTo(syncUrl: string): void {
    this.session.goOffline();
    this.#syncUrl = syncUrl;
    this.session.goOnline();
  }

  /** Resolves when `condition` holds, looked at after each frame; rejects by `signal`. */
  async until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    while (!condition()) await this.#nextFrame(signal);
  }

  /** Everything typed is durable, and the log is here up to `lsn`. */
  async reached(lsn: number, signal?: AbortSignal): Promise<void> {
    await this.session.settled(signal === undefined ? {} : { signal: signal });
    await this.until(() => this.session.cursor.lsn >= lsn, signal);
  }

  #nextFrame(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal?.reason);
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort);
      this.#changed.push(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
    });
  }

  /** One transport of the platform for each connection. */
  #transport(events: TransportEvents): ClientTransport {
    const transports = new Map<number, ClientTransport>();
    const received = (connection: number, bytes: Uint8Array): void => {
      this.#onFrame(connection, decodeServerFrame(bytes));
      events.received(connection, bytes);
      for (const resume of this.#changed.splice(0)) resume();
    };
    return {
      connect: (connection) => {
        const transport = nodeTransport(this.#syncUrl, { ...events, received });
        transports.set(connection, transport);
        transport.connect(connection);
      },
      send: (connection, bytes) => transports.get(connection)?.send(connection, bytes),
      close: (connection) => {
        transports.get(connection)?.close(connection);
        transports.delete(connection);
      },
      dispose: () => {
        for (const transport of transports.values()) transport.dispose();
      },
    };
  }
}
