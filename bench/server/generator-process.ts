/**
 * The process of a generator. An entry of two lines gives it the dialects that it may speak:
 *
 *   import { runGenerator } from './generator-process.ts';
 *   runGenerator([sveDialect]);
 *
 * and is bundled where the packages of its dialects are installed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../../engine/assert.ts';
import { Histogram } from '../cluster/histogram.ts';
import { Crowd } from './crowd.ts';
import type { Dialect } from './dialect.ts';
import type { Answer, Job, LoadAnswer, LoadJob, OpenJob, SettleAnswer, SettleJob } from './jobs.ts';
import { firstAuthor } from './ledger.ts';
import { nowMs } from './own-clock.ts';
import { pace } from './pacer.ts';
import { planOf } from './plan.ts';
import { startRounds } from './rounds.ts';

const pollMs = 20;
const presenceMs = 1_000;

/** Does what its parent asks for, until that ends. */
export function runGenerator(dialects: readonly Dialect[]): void {
  const generator = new GeneratorProcess(dialects);
  process.on('message', (job: Job) => {
    generator.perform(job).then(
      (answer) => process.send?.(answer),
      (error) => {
        process.stderr.write(`generator: ${error instanceof Error ? error.message : error}\n`);
        process.exit(1);
      },
    );
  });
  process.once('disconnect', () => process.exit(1));
}

class GeneratorProcess {
  readonly #dialects: readonly Dialect[];
  #crowd: Crowd | null = null;
  #connections = 0;
  #hasAcks = false;
  /** Of the last load. */
  #late = new Histogram();
  #edits = 0;
  #traffic = { deliveryBytes: 0, deliveries: 0, receivedBytes: 0 };

  constructor(dialects: readonly Dialect[]) {
    this.#dialects = dialects;
  }

  async perform(job: Job): Promise<Answer> {
    if (job.type === 'open') return await this.#open(job);
    const crowd = must(this.#crowd, 'the clients are opened first');
    return job.type === 'load' ? await this.#load(crowd, job) : await this.#settle(crowd, job);
  }

  async #open(job: OpenJob): Promise<Answer> {
    const dialect = this.#dialects.find(({ name }) => name === job.dialect);
    if (dialect === undefined) throw new Error(`no dialect ${job.dialect}`);
    this.#hasAcks = dialect.ackMeans !== null;
    this.#connections = job.connections;
    this.#crowd = new Crowd(dialect, job);
    await this.#crowd.open();
    return { seats: this.#crowd.clients.length };
  }

  async #load(crowd: Crowd, job: LoadJob): Promise<LoadAnswer> {
    const { measuredMs, endMs, presence } = job;
    const plan = planOf({ ...job, authors: this.#connections });
    crowd.ledger.plan(plan, { fromMs: measuredMs, untilMs: endMs });
    const talkers = new Map(
      crowd.clients.map(({ hearing, talker }) => [hearing.author - firstAuthor, talker] as const),
    );
    const own = plan.filter(({ author }) => talkers.has(author));
    this.#late = new Histogram();
    this.#edits = own.filter(({ dueMs }) => dueMs >= measuredMs).length;
    const times = Float64Array.from(own, ({ dueMs }) => dueMs);
    const typing = pace(times, (index) => {
      const { dueMs, author } = must(own[index], 'an edit for each time');
      if (dueMs >= measuredMs) this.#late.add(nowMs() - dueMs);
      talkers.get(author)?.type();
    });
    const { clients } = crowd;
    const stopPresence = presence
      ? startRounds({ periodMs: presenceMs, count: clients.length }, (index) => {
          clients[index]?.talker.moveCursor();
        })
      : () => {};
    const cpu = await this.#watch(crowd, job);
    await typing;
    stopPresence();
    return { cpu };
  }

  /** Processor time and bytes of the time that is measured. */
  async #watch(crowd: Crowd, { measuredMs, endMs }: LoadJob): Promise<number> {
    await sleep(measuredMs - nowMs());
    const cpuBefore = process.cpuUsage();
    const fromMs = nowMs();
    const { deliveryBytes, receivedBytes } = crowd;
    const { deliveries } = crowd.ledger;
    await sleep(endMs - nowMs());
    const { user, system } = process.cpuUsage(cpuBefore);
    this.#traffic = {
      deliveryBytes: crowd.deliveryBytes - deliveryBytes,
      deliveries: crowd.ledger.deliveries - deliveries,
      receivedBytes: crowd.receivedBytes - receivedBytes,
    };
    return (user + system) / 1000 / (nowMs() - fromMs);
  }

  async #settle(crowd: Crowd, { patienceMs }: SettleJob): Promise<SettleAnswer> {
    const { ledger } = crowd;
    const giveUpMs = nowMs() + patienceMs;
    const unacked = (): number => (this.#hasAcks ? ledger.unacked : 0);
    while (nowMs() < giveUpMs && (ledger.missing > 0 || unacked() > 0)) await sleep(pollMs);
    return {
      broadcast: ledger.broadcast.toJSON(),
      ack: ledger.ack.toJSON(),
      late: this.#late.toJSON(),
      missing: ledger.missing,
      doubled: ledger.doubled,
      unacked: unacked(),
      edits: this.#edits,
      ...this.#traffic,
      ended: crowd.ended,
      reasons: crowd.reasons,
    };
  }
}
