/**
 * The bus of a worker: BusPort (engine/driver/ports.ts) over a pipe to the primary, which passes
 * messages to the other workers (bus-hub.ts).
 *
 * The pipe ends only with one of the two processes, and a worker does not outlive its primary: so
 * there is no connecting again.
 *
 * Invariants: publishing never waits, never throws and holds a bounded number of bytes; what does
 * not fit is dropped. A worker never hears itself.
 */
import type { Duplex } from 'node:stream';
import type { BusPort } from '../../engine/driver/ports.ts';
import { type BusFrame, BusFrameReader, encodeBusFrame } from './bus-frame.ts';
import { busBytesMax, corkForNow } from './bus-pipe.ts';

export interface WorkerBusInputs {
  readonly onMessage: (document: string, bytes: Uint8Array) => void;
  /** Messages may have been missed: of a document whose subscription begins now, or (null) all. */
  readonly onGap: (document: string | null) => void;
}

interface Subscription {
  isWanted: boolean;
  /** Calls of `subscribe` that the primary has not answered. */
  unanswered: number;
}

export class WorkerBus implements BusPort {
  readonly #pipe: Duplex;
  readonly #inputs: WorkerBusInputs;
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(pipe: Duplex, inputs: WorkerBusInputs) {
    this.#pipe = pipe;
    this.#inputs = inputs;
    const reader = new BusFrameReader((frame) => this.#receive(frame));
    pipe.on('data', (chunk: Buffer) => reader.take(chunk));
    // The primary has ended, and this process is about to.
    pipe.on('error', () => {});
  }

  /** See BusPort. */
  publish(document: string, bytes: Uint8Array): void {
    this.#publish(document, bytes, busBytesMax);
  }

  /** See BusPort. */
  publishPresence(document: string, bytes: Uint8Array): void {
    this.#publish(document, bytes, busBytesMax / 4);
  }

  /** See BusPort. */
  subscribe(document: string): void {
    const known = this.#subscriptions.get(document);
    const subscription = known ?? { isWanted: true, unanswered: 0 };
    subscription.isWanted = true;
    subscription.unanswered += 1;
    this.#subscriptions.set(document, subscription);
    this.#write(encodeBusFrame('subscribe', document));
  }

  /** See BusPort. Nothing of the document comes after the call. */
  unsubscribe(document: string): void {
    const subscription = this.#subscriptions.get(document);
    if (subscription === undefined) return;
    subscription.isWanted = false;
    this.#forgetIfOver(document, subscription);
    this.#write(encodeBusFrame('unsubscribe', document));
  }

  /** Sends what was published before; nothing is called any more. */
  async close(): Promise<void> {
    this.#subscriptions.clear();
    await new Promise<void>((resolve) => this.#pipe.end(resolve));
    this.#pipe.destroy();
  }

  #publish(document: string, bytes: Uint8Array, bytesMax: number): void {
    if (this.#pipe.writableLength + bytes.length > bytesMax) return;
    this.#write(encodeBusFrame('publish', document, bytes));
  }

  #write(frame: Buffer): void {
    if (!this.#pipe.writable) return;
    corkForNow(this.#pipe);
    this.#pipe.write(frame);
  }

  #receive({ kind, document, body }: BusFrame): void {
    if (kind === 'gap') {
      this.#inputs.onGap(null);
      return;
    }
    const subscription = this.#subscriptions.get(document);
    if (subscription === undefined) return;
    if (kind === 'begun') {
      subscription.unanswered -= 1;
      if (subscription.isWanted && subscription.unanswered === 0) this.#inputs.onGap(document);
      this.#forgetIfOver(document, subscription);
    } else if (subscription.isWanted && subscription.unanswered === 0) {
      this.#inputs.onMessage(document, body);
    }
  }

  /** Answers that still come must not be taken for those of a later subscription. */
  #forgetIfOver(document: string, { isWanted, unanswered }: Subscription): void {
    if (!isWanted && unanswered === 0) this.#subscriptions.delete(document);
  }
}
