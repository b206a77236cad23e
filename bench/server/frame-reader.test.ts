/**
 * That messages come out whole whatever pieces the bytes come in, and that a client's frame is one.
 * Method: frames in hex, cut at every place; `ws` has the last word on ours.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { clientFrame, FrameReader } from './frame-reader.ts';
import { RawSocket } from './raw-socket.ts';

interface Heard {
  readonly messages: string[];
  readonly pings: string[];
  readonly closes: string[];
}

function reader(): { reader: FrameReader; heard: Heard } {
  const heard: Heard = { messages: [], pings: [], closes: [] };
  const made = new FrameReader({
    message: (bytes, isText, wireBytes) => {
      const shown = Buffer.from(bytes).toString('hex').slice(0, 8);
      heard.messages.push(`${isText ? 'text' : 'binary'} ${bytes.length} ${shown} ${wireBytes}`);
    },
    ping: (payload) => heard.pings.push(Buffer.from(payload).toString('hex')),
    closed: (code, reason) => heard.closes.push(`${code} ${reason}`),
  });
  return { reader: made, heard };
}

const long = Buffer.alloc(70_000, 7);
const stream = Buffer.concat([
  Buffer.from('8203aabbcc', 'hex'),
  Buffer.from('810168', 'hex'),
  // A message in two frames, with a ping between them.
  Buffer.from('0202aabb', 'hex'),
  Buffer.from('8901ff', 'hex'),
  Buffer.from('8001cc', 'hex'),
  Buffer.from('827e0080', 'hex'),
  long.subarray(0, 128),
  Buffer.from('827f0000000000011170', 'hex'),
  long,
  Buffer.from('880503e8627965', 'hex'),
]);
const expected: Heard = {
  messages: [
    'binary 3 aabbcc 5',
    'text 1 68 3',
    'binary 3 aabbcc 7',
    'binary 128 07070707 132',
    'binary 70000 07070707 70010',
  ],
  pings: ['ff'],
  closes: ['1000 bye'],
};

it('hands over every message of one chunk', () => {
  const { reader: read, heard } = reader();
  read.read(stream);
  expect(heard).toEqual(expected);
});

it('joins a frame that is cut anywhere, and keeps nothing of a buffer that is used again', () => {
  for (let cut = 1; cut < 60; cut++) {
    const { reader: read, heard } = reader();
    const buffer = Buffer.from(stream.subarray(0, cut));
    read.read(buffer);
    buffer.fill(0xee);
    read.read(stream.subarray(cut));
    expect(heard).toEqual(expected);
  }
});

it('writes frames that a server of ws understands, and reads what it answers', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const sizes = [0, 125, 126, 65_535, 65_536, 200_000];
  const echoed: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const socket = new RawSocket(`ws://127.0.0.1:${port}/some/path?of=it`, {
      opened: () => {
        for (const size of sizes) socket.send(new Uint8Array(size).fill(3));
        socket.send('end');
      },
      message: (bytes, isText) => {
        if (!isText) echoed.push(bytes.every((byte) => byte === 3) ? bytes.length : -1);
        else resolve(socket.end());
      },
      lost: (why) => reject(new Error(why)),
    });
  });
  expect(echoed).toEqual(sizes);
  server.close();
  await once(server, 'close');
});

it('tells why a server refused', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const why = await new Promise<string>((resolve) => {
    const never = (): void => {};
    new RawSocket(`ws://127.0.0.1:${port}/`, { opened: never, message: never, lost: resolve });
  });
  expect(why).toBe('answered with HTTP/1.1 503 Service Unavailable');
  server.close();
});

it('masks with 0', () => {
  expect(clientFrame(Buffer.from('hi'), 2).toString('hex')).toBe('8282000000006869');
});
