/**
 * Some rounds on the same documents, by the same people; at its end everything that was typed must
 * be in the log once, and the past must be what it was.
 */

import type { HistoryPort, LogPort } from '../../engine/driver/ports.ts';
import { Random } from '../../engine/random.ts';
import type { Moment } from '../../engine/sync/playback.ts';
import type { PlayedBack } from '../../sim/checks/observer.ts';
import { Violation } from '../../sim/checks/violation.ts';
import type { Availability } from './availability.ts';
import { Crowd } from './crowd.ts';
import type { History } from './history.ts';
import { Judge } from './judge.ts';
import type { Node } from './node.ts';
import { Witness } from './witness.ts';

/** Questions about the past, for each document and calm phase. */
const questions = 2;

export interface EraParts {
  readonly number: number;
  readonly seed: number;
  readonly clients: number;
  readonly documents: number;
  readonly nodes: readonly Node[];
  readonly log: LogPort & HistoryPort;
  readonly history: History;
  readonly availability: Availability;
  readonly onFault: (error: unknown) => void;
}

export class Era {
  readonly judge: Judge = new Judge();
  readonly witness: Witness;
  readonly crowd: Crowd;
  readonly #parts: EraParts;
  readonly #documents: readonly string[];
  readonly #random: Random;
  /** Documents of short visits, in order. */
  readonly #visited: string[] = [];
  readonly #answers: PlayedBack[] = [];

  /** Everybody enters. */
  constructor(parts: EraParts) {
    const { number, seed, log, onFault, history, availability } = parts;
    this.#parts = parts;
    const { judge } = this;
    this.witness = new Witness(log, judge, onFault);
    const { witness } = this;
    this.crowd = new Crowd({ seed, judge, witness, history, availability, onFault });
    this.#random = new Random(seed, `era ${number}`);
    this.#documents = Array.from({ length: parts.documents }, (_, i) => `era${number}-doc${i}`);
    for (let i = 0; i < parts.clients; i++) {
      const document = this.#documents[i % this.#documents.length] ?? '';
      this.crowd.enter(`c${i}`, document, parts.nodes);
    }
  }

  /** The name of a document that nobody has opened yet. */
  newDocument(): string {
    const name = `era${this.#parts.number}-visit${this.#visited.length}`;
    this.#visited.push(name);
    return name;
  }

  /** Asks for the past of each document; the answers are judged at the end. */
  async askForThePast(): Promise<void> {
    for (const document of this.#documents) {
      for (let i = 0; i < questions; i++) await this.#ask(document, this.#drawMoment(document));
    }
  }

  /**
   * When all are equal: throws a Violation unless the log has everything once, everybody has its
   * text, and the past is right and as it was told before.
   */
  async settle(): Promise<void> {
    const { judge, witness, crowd } = this;
    await witness.settled();
    for (const document of [...this.#documents, ...this.#visited]) {
      const text = judge.settle(document);
      for (const { name, session } of crowd.clients) {
        if (session.documentId !== document || session.text === text) continue;
        throw new Violation('S8', `${name} ends with another text than the log's`);
      }
    }
    // In the order of the rows, so that the naive fold can go on where it is.
    const inOrder = this.#answers.toSorted((a, b) => a.answer.lsn - b.answer.lsn);
    for (const played of inOrder) judge.playedBack(played);
    this.#answers.length = 0;
    for (const { document, moment } of inOrder) await this.#ask(document, moment);
    for (const played of this.#answers) judge.playedBack(played);
  }

  /** Of all its documents. */
  get lost(): number {
    const documents = [...this.#documents, ...this.#visited];
    return documents.reduce((sum, document) => sum + this.judge.lost(document), 0);
  }

  /** The logs as they are, beside the history. */
  async keepRows(): Promise<void> {
    this.witness.close();
    for (const document of [...this.#documents, ...this.#visited]) {
      // What is lost is what is not there by now either.
      await this.witness.head(document);
      const lines = this.judge.truthOf(document).rows.map(({ lsn, at, epoch, body }) => {
        return JSON.stringify({ lsn, at, epoch, hex: Buffer.from(body).toString('hex') });
      });
      this.#parts.history.keep(`log-${document}.jsonl`, `${lines.join('\n')}\n`);
    }
  }

  async end(): Promise<void> {
    this.crowd.leave([...this.crowd.clients]);
    this.witness.close();
    await this.witness.settled();
  }

  #drawMoment(document: string): Moment {
    const { head, rows } = this.judge.truthOf(document);
    const lsn = this.#random.between(Math.min(1, head), head);
    const at = rows[lsn - 1]?.at ?? 0;
    if (this.#random.chance(500_000)) return { type: 'lsn', lsn };
    return { type: 'time', at: at + this.#random.below(3) };
  }

  async #ask(document: string, moment: Moment): Promise<void> {
    const closing =
      moment.type === 'time' ? await this.witness.closeTime(document, moment.at) : null;
    const answer = await this.witness.past(document, moment);
    if (answer === null) return;
    this.#answers.push({ document, moment, closing, snapshotLsn: 0, lostBefore: 0, answer });
  }
}
