/**
 * What is measured of edits between their frame and their receivers; a part of metrics.ts.
 *
 * The core notes when frames came and what it acknowledges (engine/sync/edit-times.ts). When the
 * answer to an append comes, the core folds the row and hands it to the transport before the call
 * returns, and the transport writes to every socket at the end of the turn (socket-output.ts). So
 * one look at the clock after that tells when all was written. The cost is one of a row, or of a
 * turn, whatever the number of receivers.
 */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { AppendResult, LogPort } from '../engine/driver/ports.ts';
import type { EditTimes } from '../engine/sync/edit-times.ts';

/** From a fast disk to what a client gives up on; seconds. */
const ageBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
/** From typing together to weeks offline. */
const staleSecondsBuckets = [0, 0.05, 0.1, 0.2, 0.5, 1, 5, 30, 300, 3_600, 86_400, 604_800];
const staleOperationsBuckets = [0, 1, 2, 5, 10, 50, 100, 1_000, 10_000, 100_000];

export class EditMetrics {
  readonly #ackAge: Histogram;
  readonly #broadcast: Histogram;
  readonly #staleOperations: Histogram;
  readonly #staleSeconds: Histogram;
  readonly #appends: Counter<'outcome'>;
  /** When the edits came that are written at the end of this turn. */
  #written: number[] = [];

  constructor(registry: Registry) {
    const registers = [registry];
    const histogram = (name: string, help: string, buckets: number[]): Histogram =>
      new Histogram({ name, help, buckets, registers });
    this.#ackAge = histogram(
      'sve_ack_age_seconds',
      'From receiving an edit to its acknowledgement',
      ageBuckets,
    );
    this.#broadcast = histogram(
      'sve_broadcast_seconds',
      'From receiving an edit to writing it to the sockets of its readers on this node',
      ageBuckets,
    );
    this.#staleOperations = histogram(
      'sve_stale_operations',
      'Operations of others that were committed between what an author had seen and its edit',
      staleOperationsBuckets,
    );
    this.#staleSeconds = histogram(
      'sve_stale_seconds',
      'From the last commit that an author had seen to the commit of its edit',
      staleSecondsBuckets,
    );
    this.#appends = new Counter({
      name: 'sve_appends_total',
      help: 'Rows that rooms handed to the log, by outcome: committed, rejected, unknown',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of ['committed', 'rejected', 'unknown']) this.#appends.inc({ outcome }, 0);
  }

  /** `log`, with a look at each answer to an append before and after the core has it. */
  watch(log: LogPort, times: EditTimes): LogPort {
    return {
      append: (document, epoch, body, done) =>
        log.append(document, epoch, body, (result) => {
          done(result);
          this.#answered(result, times);
        }),
      read: (document, afterLsn, bytesMax, done) => log.read(document, afterLsn, bytesMax, done),
      heads: (documents, done) => log.heads(documents, done),
    };
  }

  #answered({ outcome }: AppendResult, times: EditTimes): void {
    this.#appends.inc({ outcome });
    for (const { receivedMs, ackedMs, staleOperations, staleMs } of times.take()) {
      this.#ackAge.observe((ackedMs - receivedMs) / 1000);
      this.#staleOperations.observe(staleOperations);
      this.#staleSeconds.observe(staleMs / 1000);
      // Asked for after the transport has asked for its turn's end, so it comes after that.
      if (this.#written.push(receivedMs) === 1) setImmediate(() => this.#wrote());
    }
  }

  #wrote(): void {
    const nowMs = performance.now();
    for (const receivedMs of this.#written) this.#broadcast.observe((nowMs - receivedMs) / 1000);
    this.#written = [];
  }
}
