/**
 * What was published into one slot and is not answered yet.
 *
 * A server that does not serve the slot (any more) says so and does nothing: what it gave back is
 * sent again, where the slot is then, so that a slot that moves costs its publishers no message.
 *
 * Invariant: messages arrive in the order of `push`. So nothing is sent to another server while one
 * owes an answer, nothing passes what was given back, and what was passed nevertheless is dropped.
 */
import { isElsewhere } from './redis-dialect.ts';

export interface SlotMessage {
  readonly channel: string;
  readonly body: Buffer;
}

/** A server that messages may be sent to: what is needed of a RedisLink. */
export interface SlotServer {
  /** It is not known yet whether it can be reached. */
  readonly isStarting: boolean;
  readonly canPublish: boolean;
  publish(channel: string, body: Buffer): Promise<void>;
}

export interface SlotQueueOptions {
  readonly slot: number;
  /** Where the slot is now; null = nowhere. */
  readonly route: () => SlotServer | null;
  /** The message has arrived, or never will. */
  readonly onDone: (message: SlotMessage) => void;
  /** A message was given back: `retry` when it is known where the slot is. */
  readonly onReturned: () => void;
  /** Nothing is left. */
  readonly onIdle: () => void;
}

/** Times that a message is sent again; servers disagree for a moment only. */
const returnsMax = 5;

export class SlotQueue {
  readonly #options: SlotQueueOptions;
  /** Who was sent to last, and how many answers it owes. */
  #server: SlotServer | null = null;
  #unanswered = 0;
  /** Given back, and how often. */
  #returned: { readonly message: SlotMessage; readonly returns: number }[] = [];
  #waiting: SlotMessage[] = [];

  constructor(options: SlotQueueOptions) {
    this.#options = options;
  }

  push(message: SlotMessage): void {
    const server = this.#options.route();
    const isBusyElsewhere = this.#unanswered > 0 && server !== this.#server;
    const isBehind = this.#returned.length + this.#waiting.length > 0;
    if (isBusyElsewhere || isBehind || server?.isStarting === true) this.#waiting.push(message);
    else {
      this.#send(message, 0, server);
      if (this.#unanswered === 0) this.#options.onIdle();
    }
  }

  /** Sends what waits, if that can be done in order. */
  retry(): void {
    const server = this.#options.route();
    if (this.#unanswered > 0 || server?.isStarting === true) return;
    const returned = this.#returned;
    const waiting = this.#waiting;
    [this.#returned, this.#waiting] = [[], []];
    for (const { message, returns } of returned) this.#send(message, returns, server);
    for (const message of waiting) this.#send(message, 0, server);
    if (this.#unanswered === 0) this.#options.onIdle();
  }

  #send(message: SlotMessage, returns: number, server: SlotServer | null): void {
    if (server === null || !server.canPublish) {
      this.#options.onDone(message);
      return;
    }
    this.#server = server;
    this.#unanswered += 1;
    server.publish(message.channel, message.body).then(
      () => this.#arrived(message),
      (error: unknown) => {
        if (returns < returnsMax && isElsewhere(error, this.#options.slot)) {
          this.#returned.push({ message, returns: returns + 1 });
          this.#options.onReturned();
        } else this.#options.onDone(message);
        this.#answered();
      },
    );
  }

  #arrived(message: SlotMessage): void {
    // The slot came back in between: what was published before must not come after.
    for (const older of this.#returned.splice(0)) this.#options.onDone(older.message);
    this.#options.onDone(message);
    this.#answered();
  }

  #answered(): void {
    this.#unanswered -= 1;
    if (this.#unanswered === 0 && this.#returned.length === 0) this.retry();
  }
}
