/**
 * The middle of the bus between workers, in their primary: passes what one publishes of a document
 * to those that subscribed to it.
 *
 * Invariants: never waits for a worker, and holds a bounded number of bytes for each. What does not
 * fit is dropped, and the worker is told so when it has caught up: it reads the log then.
 */
import type { Duplex } from 'node:stream';
import { type BusFrame, BusFrameReader, encodeBusFrame } from './bus-frame.ts';
import { busBytesMax, corkForNow } from './bus-pipe.ts';

interface Member {
  readonly pipe: Duplex;
  /** Something was dropped since it last had nothing to read. */
  hasMissed: boolean;
}

export class BusHub {
  readonly #readers = new Map<string, Set<Member>>();

  /** A worker begins; it is forgotten when its pipe ends. */
  join(pipe: Duplex): void {
    const member: Member = { pipe, hasMissed: false };
    const reader = new BusFrameReader((frame) => this.#receive(member, frame));
    pipe.on('data', (chunk: Buffer) => reader.take(chunk));
    pipe.on('drain', () => {
      if (!member.hasMissed) return;
      member.hasMissed = false;
      write(member, encodeBusFrame('gap', ''));
    });
    // `close` follows.
    pipe.on('error', () => {});
    pipe.on('close', () => {
      for (const document of this.#readers.keys()) this.#remove(document, member);
    });
  }

  #receive(member: Member, { kind, document, bytes }: BusFrame): void {
    const readers = this.#readers.get(document);
    if (kind === 'publish') {
      for (const reader of readers ?? []) if (reader !== member) pass(reader, bytes);
    } else if (kind === 'subscribe') {
      if (readers === undefined) this.#readers.set(document, new Set([member]));
      else readers.add(member);
      // What is published from now on comes after this.
      write(member, encodeBusFrame('begun', document));
    } else if (kind === 'unsubscribe') this.#remove(document, member);
  }

  #remove(document: string, member: Member): void {
    const readers = this.#readers.get(document);
    readers?.delete(member);
    if (readers?.size === 0) this.#readers.delete(document);
  }
}

function pass(member: Member, frame: Buffer): void {
  if (member.pipe.writableLength + frame.length > busBytesMax) member.hasMissed = true;
  else write(member, frame);
}

function write({ pipe }: Member, frame: Buffer): void {
  if (!pipe.writable) return;
  corkForNow(pipe);
  pipe.write(frame);
}
