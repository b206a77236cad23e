/**
 * What was published into one slot and is not answered yet.
 *
 * A server that does not serve the slot (any more) says so and does nothing: what it gave back is
 * sent again, where the slot is then, so that a slot that moves costs its publishers no message.
 *
 * Invariant: messages arrive in the order of `push`. So nothing is sent to another server while one
 * owes an answer, and nothing passes what was given back.
 */
import { isElsewhere } from './redis-dialect.ts';
import type { RedisLink } from './redis-link.ts';

export interface SlotMessage {
  readonly channel: string;
  readonly body: Buffer;
}

export interface SlotQueueOptions {
  readonly slot: number;
  /** Where the slot is now; null = nowhere. */
  readonly route: () => RedisLink | null;
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
  #link: RedisLink | null = null;
  #unanswered = 0;
  /** Given back, and how often. */
  #returned: { readonly message: SlotMessage; readonly returns: number }[] = [];
  #waiting: SlotMessage[] = [];

  constructor(options: SlotQueueOptions) {
    this.#options = options;
  }

  push(message: SlotMessage): void {
    const link = this.#options.route();
    const isBusyElsewhere = this.#unanswered > 0 && link !== this.#link;
    const isBehind = this.#returned.length + this.#waiting.length > 0;
    if (isBusyElsewhere || isBehind || link?.isStarting === true) this.#waiting.push(message);
    else this.#send(message, 0, link);
  }

  /** Sends what waits, if that can be done in order. */
  retry(): void {
    const link = this.#options.route();
    if (this.#unanswered > 0 || link?.isStarting === true) return;
    const returned = this.#returned;
    const waiting = this.#waiting;
    [this.#returned, this.#waiting] = [[], []];
    for (const { message, returns } of returned) this.#send(message, returns, link);
    for (const message of waiting) this.#send(message, 0, link);
    if (this.#unanswered === 0) this.#options.onIdle();
  }

  #send(message: SlotMessage, returns: number, link: RedisLink | null): void {
    if (link === null || !link.canPublish) {
      this.#options.onDone(message);
      return;
    }
    this.#link = link;
    this.#unanswered += 1;
    link.publish(message.channel, message.body).then(
      () => this.#answered(message, null),
      (error: unknown) => {
        const isReturned = returns < returnsMax && isElsewhere(error, this.#options.slot);
        this.#answered(message, isReturned ? returns + 1 : null);
      },
    );
  }

  #answered(message: SlotMessage, returns: number | null): void {
    this.#unanswered -= 1;
    if (returns === null) this.#options.onDone(message);
    else {
      this.#returned.push({ message, returns });
      this.#options.onReturned();
    }
    if (this.#unanswered === 0 && this.#returned.length === 0) this.retry();
  }
}
