/**
 * Clients of a generator. A light one has codecs and no engine: it types on where it typed before
 * and does not know the text. A full one is a session of the client library that types anywhere.
 */
import { randomInt } from 'node:crypto';
import { WebSocket } from 'ws';
import { connect } from '../../client/connect-node.ts';
import { SocketTransport } from '../../client/socket-transport.ts';
import type { TransportEvents } from '../../client/transport.ts';
import { must } from '../../engine/assert.ts';
import { encodeClientFrame } from '../../proto/client-frame.ts';
import { decodeServerFrame } from '../../proto/server-frame.ts';
import { helloFrame, typing } from '../../server/testing/raw-client.ts';
import { Ear } from './ear.ts';

export interface Typist {
  readonly ear: Ear;
  readonly replica: number;
  /** Whether its socket ended. */
  readonly ended: boolean;
  /** null: it has no engine. */
  readonly text: string | null;
  /** Types one character; returns its timestamp. `place` 0 … 1 says where. */
  type(character: string, place: number): number;
  close(): void;
}

interface TypistOptions {
  /** A light one knows the first only. */
  readonly syncUrls: readonly string[];
  readonly document: string;
}

const heartbeatMs = 5_000;

/** Resolves when it is welcomed. */
export async function lightTypist({ syncUrls, document }: TypistOptions): Promise<Typist> {
  const socket = new WebSocket(must(syncUrls[0], 'a node'), { perMessageDeflate: false });
  const replica = randomInt(1, 2 ** 48 - 1);
  const ear = new Ear(() => replica);
  let [last, ended] = [0, false];
  const heartbeat = setInterval(() => {
    const body = { type: 'heartbeat', at: Date.now() } as const;
    socket.send(encodeClientFrame({ channel: 0, body }));
  }, heartbeatMs);
  socket.on('close', () => {
    ended = true;
    clearInterval(heartbeat);
  });
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(encodeClientFrame(helloFrame({ document, replica }))));
    socket.on('message', (data) => {
      if (!Buffer.isBuffer(data)) return;
      const frame = decodeServerFrame(data);
      if (frame.error !== null) reject(new Error(`${frame.error.code}: ${frame.error.message}`));
      ear.hear(frame);
      if (frame.welcome !== null) resolve();
    });
  });
  return {
    ear,
    replica,
    text: null,
    get ended() {
      return ended;
    },
    type(character) {
      last += 1;
      socket.send(encodeClientFrame(typing(character, { first: last, base: ear.lsn })));
      return last;
    },
    close: () => socket.terminate(),
  };
}

/** Resolves when it is welcomed. Each time it connects again it tries the next node. */
export async function fullTypist({ syncUrls, document }: TypistOptions): Promise<Typist> {
  const ear: Ear = new Ear(() => session.replica);
  let [attempts, ended] = [0, false];
  const openSocket = (): WebSocket => {
    const address = must(syncUrls[attempts % syncUrls.length], 'a node');
    attempts += 1;
    return new WebSocket(address, { perMessageDeflate: false });
  };
  const session = connect({
    url: must(syncUrls[0], 'a node'),
    documentId: document,
    transport: (_, events) => {
      const watched: TransportEvents = {
        ...{ opened: events.opened.bind(events) },
        networkReturned: events.networkReturned.bind(events),
        received(connection, bytes) {
          ear.hear(decodeServerFrame(bytes));
          events.received(connection, bytes);
        },
        closed(connection, code) {
          ended = true;
          events.closed(connection, code);
        },
      };
      return new SocketTransport({ events: watched, openSocket });
    },
  });
  await session.synced();
  return {
    ear,
    get replica() {
      return session.replica;
    },
    get ended() {
      return ended;
    },
    get text() {
      return session.text;
    },
    type(character, place) {
      const index = Math.floor(place * (session.length + 1));
      session.insert(index, character);
      return must(session.idAt(index), 'what was typed is there').timestamp;
    },
    close: () => session.close(),
  };
}
