/**
 * The log as PostgreSQL gives it: one statement per append, rows of a document in commit order
 * without holes.
 *
 *   append ─way there─▶ begin ─lock of the head row─▶ commit (visible now) ─way back─▶ reply
 *
 * The reply can be lost on its way back, the append on its way there, and an append can be held up
 * so long that the node is told `unknown` before it commits. A process that dies hears no reply,
 * but what the database has begun goes on. Reads see what is committed when they get there.
 * Statements never hold a lock while they wait for a node.
 */
import type { AppendResult, LogHead, LogPage, LogPort, LogRow } from '../engine/driver/ports.ts';
import { decodeUpdate } from '../proto/update-codec.ts';
import type { Faults } from './fault-plan.ts';
import { LogTruth } from './log-truth.ts';
import { type Site, type World, wallStartMs } from './world.ts';

interface Stored {
  head: LogHead | null;
  readonly rows: LogRow[];
  /** When the head row's lock is free again. */
  freeAtMs: number;
  readonly truth: LogTruth;
}

interface Append {
  readonly id: number;
  readonly document: string;
  readonly epoch: number;
  readonly body: Uint8Array;
  readonly reply: (result: AppendResult, delayMs: number) => void;
}

/** What a node's process holds of the log. */
export interface NodeLog extends LogPort {
  /** Appends without a reply so far. */
  readonly inFlight: number;
}

/** How long a node waits for a reply before it says `unknown`. */
const patienceMs = 400;

export class SimLog {
  readonly #world: World;
  readonly #faults: Faults;
  readonly #documents = new Map<string, Stored>();
  readonly #way: Site;
  readonly #lock: Site;
  readonly #outcome: Site;
  readonly #kind: Site;
  readonly #refusal: Site;
  readonly #readFailure: Site;
  #appends = 0;
  #downUntilMs = 0;
  #clockOffsetMs = 0;

  constructor(world: World, faults: Faults) {
    this.#world = world;
    this.#faults = faults;
    this.#way = world.site('log way');
    this.#lock = world.site('log lock');
    this.#outcome = world.site('log outcome');
    this.#kind = world.site('log kind');
    this.#refusal = world.site('log refusal');
    this.#readFailure = world.site('log read failure');
  }

  /** Everything committed of a document, for the checkers. */
  truthOf(document: string): LogTruth {
    return this.#stored(document).truth;
  }

  /** The port of one process. */
  connect(name: string, isAlive: () => boolean): NodeLog {
    let inFlight = 0;
    return {
      get inFlight() {
        return inFlight;
      },
      append: (document, epoch, body, done) => {
        inFlight++;
        this.#appends++;
        const id = this.#appends;
        this.#world.note(`${name} append ${id} ${document} ${body.length}B`);
        this.#append({
          id,
          document,
          epoch,
          body,
          reply: (result, delayMs) =>
            this.#world.after(delayMs, () => {
              if (!isAlive()) return;
              inFlight--;
              this.#world.note(`${name} append ${id} ${describe(result)}`);
              done(result);
            }),
        });
      },
      read: (document, afterLsn, bytesMax, done) => {
        this.#read(document, { afterLsn, bytesMax }, (page) => {
          if (!isAlive()) return;
          const what = page === null ? 'failed' : `${page.rows.length} of ${page.head?.lsn ?? 0}`;
          this.#world.note(`${name} read ${document} after ${afterLsn}: ${what}`);
          done(page);
        });
      },
    };
  }

  /** Nobody reaches the database for `forMs`. */
  outage(forMs: number): void {
    this.#downUntilMs = this.#world.nowMs + forMs;
  }

  /** The database's clock jumps. */
  stepClock(byMs: number): void {
    this.#clockOffsetMs += byMs;
  }

  /** The database can be reached again. */
  heal(): void {
    this.#downUntilMs = 0;
  }

  get #isDown(): boolean {
    return this.#world.nowMs < this.#downUntilMs;
  }

  #wayMs(): number {
    return this.#way.between(0, this.#faults.plan.logLatencyMaxMs);
  }

  #append(append: Append): void {
    const isUnknown = this.#outcome.chance(this.#faults.plan.unknownPerMillion);
    const kind = this.#kind.between(0, 2);
    const there = this.#wayMs();
    const unknown = { outcome: 'unknown' } as const;
    if (!isUnknown) {
      this.#world.after(there, () => this.#begin(append));
      return;
    }
    this.#faults.count('unknown outcome');
    append.reply(unknown, there + this.#wayMs());
    if (kind === 0) return; // It never gets there.
    const mute = { ...append, reply: (): void => {} };
    const held = kind === 1 ? there : there + this.#lock.between(1, 2 * patienceMs);
    this.#world.after(held, () => this.#begin(mute));
  }

  #begin(append: Append): void {
    if (this.#isDown) {
      append.reply({ outcome: 'unknown' }, this.#lock.between(1, patienceMs));
      return;
    }
    const stored = this.#stored(append.document);
    const commitMs = Math.max(this.#world.nowMs, stored.freeAtMs) + this.#lock.between(0, 2);
    stored.freeAtMs = commitMs;
    this.#world.after(commitMs - this.#world.nowMs, () => {
      const result = this.#commit(stored, append);
      this.#world.note(`log ${append.document} append ${append.id} ${describe(result)}`);
      // The reply of a commit can be lost too, when the database goes away at this moment.
      append.reply(this.#isDown ? { outcome: 'unknown' } : result, this.#wayMs());
    });
  }

  #commit(stored: Stored, { epoch, body }: Append): AppendResult {
    const { head } = stored;
    if (head?.state === 'deleted') return { outcome: 'rejected', code: 'deleted' };
    if (head !== null && head.epoch !== epoch) return { outcome: 'rejected', code: 'epoch' };
    const { batches } = decodeUpdate(body);
    const authors = new Set(batches.map(({ replica }) => replica));
    const isRefused = this.#refusal.chance(this.#faults.plan.refusePerMillion);
    if (isRefused && authors.size > 1) {
      this.#faults.count('refused row');
      return { outcome: 'rejected', code: 'invalid' };
    }
    const lsn = (head?.lsn ?? 0) + 1;
    const clockMs = wallStartMs + this.#world.nowMs + this.#clockOffsetMs;
    const at = Math.max(head?.at ?? 0, clockMs);
    stored.head = { epoch, lsn, at, state: 'live' };
    stored.rows.push({ lsn, at, body });
    stored.truth.committed({ epoch, lsn, at, body, batches });
    return { outcome: 'committed', lsn, at };
  }

  #read(
    document: string,
    { afterLsn, bytesMax }: { readonly afterLsn: number; readonly bytesMax: number },
    done: (page: LogPage | null) => void,
  ): void {
    const isFailing = this.#readFailure.chance(this.#faults.plan.readFailurePerMillion);
    this.#world.after(this.#wayMs(), () => {
      if (isFailing) this.#faults.count('failed read');
      const page = isFailing || this.#isDown ? null : this.#page(document, afterLsn, bytesMax);
      this.#world.after(this.#wayMs(), () => done(page));
    });
  }

  #page(document: string, afterLsn: number, bytesMax: number): LogPage {
    const { head, rows } = this.#stored(document);
    const page: LogRow[] = [];
    let bytes = 0;
    for (let i = afterLsn; i < rows.length; i++) {
      const row = rows[i];
      if (row === undefined) break;
      bytes += row.body.length;
      if (page.length > 0 && bytes > bytesMax) break;
      page.push(row);
    }
    return { head, rows: page };
  }

  #stored(document: string): Stored {
    const known = this.#documents.get(document);
    if (known !== undefined) return known;
    const fresh: Stored = { head: null, rows: [], freeAtMs: 0, truth: new LogTruth() };
    this.#documents.set(document, fresh);
    return fresh;
  }
}

function describe(result: AppendResult): string {
  if (result.outcome === 'committed')
    return `committed ${result.lsn} at ${result.at - wallStartMs}`;
  return result.outcome === 'rejected' ? `rejected ${result.code}` : 'unknown';
}
