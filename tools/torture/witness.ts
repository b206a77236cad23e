/**
 * Reads the log past the nodes and their proxies, and hands what happened to the judge when it has
 * read what was in the log by then.
 *
 * What is told before it is committed is seen that way even if the commit comes later, unless it
 * comes within the time that the read takes to begin.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { assert } from '../../engine/assert.ts';
import type { CloseOutcome, HistoryPort, LogHead, LogPort } from '../../engine/driver/ports.ts';
import { type Moment, type PastDocument, Playback } from '../../engine/sync/playback.ts';
import { readFrom } from '../../server/testing/log-access.ts';
import type { Happening, Judge } from './judge.ts';

const pageBytes = 2 ** 20;
const retryMs = 50;

export class Witness {
  readonly #log: LogPort & HistoryPort;
  readonly #judge: Judge;
  readonly #onFault: (error: unknown) => void;
  #queue: Happening[] = [];
  #run: Promise<void> | null = null;
  #isClosed = false;

  /** `onFault` takes what the judge throws. */
  constructor(log: LogPort & HistoryPort, judge: Judge, onFault: (error: unknown) => void) {
    this.#log = log;
    this.#judge = judge;
    this.#onFault = onFault;
  }

  observe(happening: Happening): void {
    this.#queue.push(happening);
    this.#start();
  }

  /** Resolves when everything observed so far has been judged. */
  async settled(): Promise<void> {
    while (this.#run !== null) await this.#run;
  }

  /** The document's head as of now, with all rows up to it in the judge's hands. */
  async head(document: string): Promise<LogHead | null> {
    for (;;) {
      const truth = this.#judge.truthOf(document);
      const page = await readFrom(this.#log, document, truth.head, pageBytes);
      if (page === null) {
        if (this.#isClosed) return null;
        await wait(retryMs);
        continue;
      }
      const { head } = page;
      // Another reader of the same may have been faster.
      const rows = page.rows.filter(({ lsn }) => lsn > truth.head);
      if (head !== null) this.#guard(() => this.#judge.rows(document, head.epoch, rows));
      if (head === null || truth.head >= head.lsn || page.rows.length === 0) return head;
    }
  }

  /** See HistoryPort. */
  closeTime(document: string, at: number): Promise<CloseOutcome> {
    return new Promise((resolve) => this.#log.closeTime(document, at, resolve));
  }

  /** The document as it was, by the product's playback; null: the log cannot be read. */
  async past(document: string, moment: Moment): Promise<PastDocument | null> {
    const playback = new Playback(moment);
    while (playback.answer === null) {
      const page = await readFrom(this.#log, document, playback.afterLsn, pageBytes);
      if (page === null) return null;
      assert(playback.feed(page), 'the log goes on as it began');
    }
    return playback.answer;
  }

  /** Nothing is waited for any more. */
  close(): void {
    this.#isClosed = true;
  }

  #start(): void {
    if (this.#run !== null || this.#queue.length === 0 || this.#isClosed) return;
    this.#run = this.#work().finally(() => {
      this.#run = null;
      this.#start();
    });
  }

  async #work(): Promise<void> {
    // What one turn of the event loop brings is judged together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0 && !this.#isClosed) {
      const batch = this.#queue;
      this.#queue = [];
      const documents = new Set(batch.map(documentOf));
      for (const document of documents) await this.head(document);
      for (const happening of batch) this.#guard(() => this.#judge.judge(happening));
    }
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onFault(error);
      this.close();
    }
  }
}

function documentOf(happening: Happening): string {
  switch (happening.type) {
    case 'received':
      return happening.link.client.document;
    case 'stepped':
      return happening.client.document;
    case 'acknowledged':
    case 'published':
      return happening.document;
  }
}
