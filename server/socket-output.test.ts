/**
 * Goal: what one socket is sent in a turn leaves in one piece, as frames that a WebSocket client
 * reads, and nothing follows a close. Method: headers against RFC 6455 by hand; a stream that notes
 * its writes.
 */
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { messageFrame, OutputTurn, SocketOutput } from './socket-output.ts';

describe('a message as a frame', () => {
  for (const [length, header] of [
    [0, '8200'],
    [125, '827d'],
    [126, '827e007e'],
    [65_535, '827effff'],
    [65_536, '827f0000000000010000'],
  ] as const) {
    it(`of ${length} bytes begins with ${header}`, () => {
      const payload = Buffer.alloc(length, 7);
      const bytes = Buffer.concat(messageFrame(payload));
      expect(bytes.subarray(0, header.length / 2).toString('hex')).toBe(header);
      expect(bytes.subarray(header.length / 2).equals(payload)).toBe(true);
    });
  }
});

/** Notes what each system call would write. */
function notedStream(): { readonly stream: Duplex; readonly calls: readonly string[] } {
  const calls: string[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      calls.push(chunk.toString('hex'));
      done();
    },
    writev(chunks: { chunk: Buffer }[], done) {
      calls.push(chunks.map(({ chunk }) => chunk.toString('hex')).join('+'));
      done();
    },
  });
  return { stream, calls };
}

const turnEnds = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const frame = (...bytes: readonly number[]) => messageFrame(Uint8Array.from(bytes));

describe('what a socket is sent in one turn', () => {
  it('leaves in one call at its end, in order', async () => {
    const { stream, calls } = notedStream();
    const output = new SocketOutput({ readyState: WebSocket.OPEN }, stream, new OutputTurn());
    output.write(frame(1));
    output.write(frame(2, 3));
    expect(calls).toEqual([]);
    await turnEnds();
    output.write(frame(4));
    await turnEnds();
    expect(calls).toEqual(['820101+82020203', '820104']);
  });

  it('is not written when the socket is closing', async () => {
    const { stream, calls } = notedStream();
    const output = new SocketOutput({ readyState: WebSocket.CLOSING }, stream, new OutputTurn());
    output.write(frame(1));
    await turnEnds();
    expect(calls).toEqual([]);
  });
});
