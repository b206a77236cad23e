/**
 * What abusive clients do, each until it is told to stop: for tests and benchmarks that look at how
 * everybody else fares meanwhile. An attack comes from an address of its own, told as a proxy does
 * it, so that the limits by address apply (the server must trust 127.0.0.1).
 */
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { encodeClientFrame } from '../../proto/client-frame.ts';
import { decodeServerFrame } from '../../proto/server-frame.ts';
import { HostileFrames } from './hostile-frames.ts';
import { helloFrame } from './raw-client.ts';

export interface Target {
  readonly syncUrl: string;
  /** A document in which others type. */
  readonly document: string;
  /** It ends the attack. */
  readonly signal: AbortSignal;
  /** What a socket of the attack was told in the end: an error code, a status, or `reset`. */
  readonly onTold: (answer: string) => void;
}

type Attack = (target: Target) => Promise<void>;

const address = '203.0.113.66';
const headers = { 'X-Forwarded-For': address };

export const attacks = {
  /** Frames as fast as they go, in one session. */
  async flood(target) {
    const socket = await joined(target);
    const beat = encodeClientFrame({ channel: 0, body: { type: 'heartbeat', at: 1 } });
    await sendOn(socket, target, () => beat);
  },
  /** Presence that changes as fast as it goes, in the document of the others. */
  async presence(target) {
    const socket = await joined(target, target.document);
    let n = 0;
    await sendOn(socket, target, () => {
      const head = null;
      const state = { name: `guest ${n++}`, color: '#123456', head, anchor: null };
      return encodeClientFrame({ channel: 0, body: { type: 'presence', state } });
    });
  },
  /** Pings, whose answers it does not read. */
  async pings(target) {
    const socket = await joined(target);
    socket.pause();
    while (isOn(target, socket)) {
      for (let i = 0; i < 100; i++) socket.ping('x'.repeat(100));
      await breath(socket);
    }
    socket.terminate();
  },
  /** New sockets as fast as they go. */
  async connects(target) {
    const one = async (): Promise<void> => {
      while (!target.signal.aborted) {
        const socket = await open(target);
        socket?.terminate();
      }
    };
    await Promise.all(Array.from({ length: 16 }, one));
  },
  /** Handshakes that begin and never end. */
  async handshakes(target) {
    await holding(target, 200, (tcp) => {
      tcp.write(`GET /v1/sync HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\n`);
    });
  },
  /** TCP connections on which nothing is ever said. */
  async silence(target) {
    await holding(target, 200, () => {});
  },
  /** WebSockets that never say hello. */
  async mute(target) {
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = await open(target);
        if (socket !== null) await until(target, socket);
      }),
    );
  },
  /** Frames of 80 MB. */
  async huge(target) {
    while (!target.signal.aborted) {
      const socket = await joined(target);
      sendHuge(socket);
      await until(target, socket);
    }
  },
  /** Readers of the busy document that take nothing. */
  async readers(target) {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = await joined(target, target.document);
        socket.pause();
        const beat = encodeClientFrame({ channel: 0, body: { type: 'heartbeat', at: 1 } });
        while (isOn(target, socket)) {
          socket.send(beat);
          await wait(1_000, null, { signal: target.signal }).catch(() => null);
        }
        socket.terminate();
      }),
    );
  },
  /** Random frames, each in a session of its own. */
  async random(target) {
    const frames = new HostileFrames(1);
    while (!target.signal.aborted) {
      const socket = await joined(target);
      socket.send(frames.next().bytes);
      socket.send(new Uint8Array(0));
      await until(target, socket);
    }
  },
} as const satisfies Readonly<Record<string, Attack>>;

export type AttackName = keyof typeof attacks;

/** A WebSocket; null: it was refused, which is told. */
async function open({ syncUrl, onTold }: Target): Promise<WebSocket | null> {
  const socket = new WebSocket(syncUrl, { headers, perMessageDeflate: false });
  socket.on('error', () => {});
  const status = new Promise<string | null>((resolve) => {
    socket.once('open', () => resolve(null));
    socket.once('unexpected-response', (_, response) => {
      response.resume();
      resolve(String(response.statusCode));
    });
    socket.once('error', () => resolve('reset'));
  });
  const refusal = await status;
  if (refusal !== null) onTold(refusal);
  return refusal === null ? socket : null;
}

/** A WebSocket in a session; tries again while it is refused. */
async function joined(target: Target, document = 'attacked'): Promise<WebSocket> {
  for (;;) {
    const socket = await open(target);
    if (socket === null) {
      await wait(100);
      if (target.signal.aborted) throw new Error('the attack ended before it began');
      continue;
    }
    const welcomed = once(socket, 'message');
    socket.on('message', (data) => {
      if (!Buffer.isBuffer(data)) return;
      const { error } = decodeServerFrame(data);
      if (error !== null) target.onTold(error.code);
    });
    socket.send(encodeClientFrame(helloFrame({ document })));
    await welcomed;
    return socket;
  }
}

async function sendOn(socket: WebSocket, target: Target, next: () => Uint8Array): Promise<void> {
  while (isOn(target, socket)) {
    for (let i = 0; i < 100; i++) socket.send(next());
    await breath(socket);
  }
  socket.terminate();
}

/** The head of a frame of 80 MB, masked with zeros, and as much of the rest as is taken. */
function sendHuge(socket: WebSocket): void {
  const tcp: unknown = Reflect.get(socket, '_socket');
  if (!(tcp instanceof Socket)) return;
  const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x04, 0xc4, 0xb4, 0x00, 0, 0, 0, 0]);
  const piece = Buffer.alloc(2 ** 16);
  const go = (): void => {
    while (tcp.writable && tcp.write(piece));
  };
  tcp.on('drain', go);
  tcp.write(head);
  go();
}

function isOn({ signal }: Target, socket: WebSocket): boolean {
  return !signal.aborted && socket.readyState === WebSocket.OPEN;
}

/** As long as the server does not take what was sent, no more is. */
async function breath(socket: WebSocket): Promise<void> {
  await wait(socket.bufferedAmount > 2 ** 20 ? 20 : 0);
}

/** Waits for the end of the socket, or of the attack. */
async function until({ signal, onTold }: Target, socket: WebSocket): Promise<void> {
  const closed = once(socket, 'close', { signal }).catch(() => null);
  const ended = await closed;
  if (ended === null) socket.terminate();
  else if (socket.listenerCount('message') === 0) onTold(String(ended[1]));
}

/** So many TCP connections at a time, each begun anew when it ends. */
async function holding(
  { syncUrl, signal, onTold }: Target,
  count: number,
  begin: (tcp: Socket) => void,
): Promise<void> {
  const { hostname, port } = new URL(syncUrl);
  const one = async (): Promise<void> => {
    while (!signal.aborted) {
      const tcp = connect(Number(port), hostname);
      let answer = '';
      tcp.on('error', () => {});
      tcp.on('data', (chunk) => (answer += String(chunk)));
      tcp.once('connect', () => begin(tcp));
      const end = await once(tcp, 'close', { signal }).catch(() => null);
      if (end === null) tcp.destroy();
      else onTold(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 'reset');
    }
  };
  await Promise.all(Array.from({ length: count }, one));
}
