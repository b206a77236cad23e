/**
 * Goal: the bus between workers keeps the contract of every bus whose connections do not break, and
 * bounds what it holds for a worker that does not read. Method: hub and workers in this process,
 * real sockets between them.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { must } from '../../engine/assert.ts';
import { type BusInputs, steadyBusContract } from '../../properties/contracts/bus-contract.ts';
import { Signal } from '../../properties/contracts/signal.ts';
import { BusFrameReader, encodeBusFrame } from './bus-frame.ts';
import { BusHub } from './bus-hub.ts';
import { WorkerBus } from './worker-bus.ts';

let server: Server;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.close();
});

async function pipe(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const address = must(server.address(), 'it listens');
  const arrives = once(server, 'connection');
  const near = connect(typeof address === 'string' ? 0 : address.port, '127.0.0.1');
  const [far] = await arrives;
  return { near, far };
}

describe('the bus between workers', () => {
  steadyBusContract(() => {
    const hub = new BusHub();
    const buses = new Map<string, WorkerBus>();
    return {
      async join(name: string, { receive: onMessage, gap: onGap }: BusInputs) {
        const { near, far } = await pipe();
        hub.join(far);
        const bus = new WorkerBus(near, { onMessage, onGap });
        buses.set(name, bus);
        return bus;
      },
      async leave(name: string) {
        await buses.get(name)?.close();
      },
      async close() {
        await Promise.all([...buses.values()].map((bus) => bus.close()));
      },
    };
  });

  it('drops what a worker does not read, and tells it when it reads again', async () => {
    const hub = new BusHub();
    const [a, b] = [await pipe(), await pipe()];
    for (const { far } of [a, b]) hub.join(far);
    const signal = new Signal();
    const gaps: (string | null)[] = [];
    let heard = 0;
    const author = new WorkerBus(a.near, { onMessage: () => {}, onGap: () => {} });
    const reader = new WorkerBus(b.near, {
      onMessage: () => {
        heard += 1;
        signal.tell();
      },
      onGap: (document) => {
        gaps.push(document);
        signal.tell();
      },
    });
    reader.subscribe('doc');
    await signal.until(() => gaps.length === 1);
    b.near.pause();
    const megabyte = new Uint8Array(2 ** 20);
    for (let n = 0; n < 64; n++) {
      author.publish('doc', megabyte);
      // What its own pipe does not take it drops itself.
      while (a.near.writableLength > 0) await once(a.near, 'drain');
    }
    expect(b.far.writableLength).toBeLessThanOrEqual(16 * 2 ** 20);
    b.near.resume();
    await signal.until(() => gaps.length === 2);
    expect(gaps).toEqual(['doc', null]);
    expect(heard).toBeLessThan(64);
    const before = heard;
    author.publish('doc', new Uint8Array(1));
    await signal.until(() => heard > before);
    await Promise.all([author.close(), reader.close()]);
  });
});

describe('a frame of the bus', () => {
  it('is whole again however it was cut', () => {
    const frames = [
      encodeBusFrame('subscribe', 'naïve 文書'),
      encodeBusFrame('publish', 'd', Uint8Array.of(1, 2, 3)),
      encodeBusFrame('gap', ''),
    ];
    const stream = Buffer.concat(frames);
    for (let size = 1; size <= stream.length; size++) {
      const seen: [string, string, number[]][] = [];
      const reader = new BusFrameReader(({ kind, document, body, bytes }) => {
        expect(bytes.equals(must(frames[seen.length], 'no more than there are'))).toBe(true);
        seen.push([kind, document, [...body]]);
      });
      for (let at = 0; at < stream.length; at += size) reader.take(stream.subarray(at, at + size));
      expect(seen).toEqual([
        ['subscribe', 'naïve 文書', []],
        ['publish', 'd', [1, 2, 3]],
        ['gap', '', []],
      ]);
    }
  });
});
