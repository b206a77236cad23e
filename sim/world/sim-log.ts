/**
 * The log as PostgreSQL gives it: one statement per append, rows of a document in commit order
 * without holes.
 *
 *   append ─way there─▶ begins ─▶ waits for the lock of the head row ─▶ commits ─way back─▶ reply
 *
 * Each of these is an event of its own, so that anything can happen in between. The reply can be
 * lost on its way back, the append on its way there, and an append can be held up so long that the
 * node is told `unknown` before it commits. A process that dies hears no reply, but what the
 * database has begun goes on. Statements never hold a lock while they wait for a node, but somebody
 * else may hold one; who waits too long for it gives up (`lock_timeout`). Reads see what is
 * committed when they get there; closing a time waits for the lock, too, unless it is closed
 * already. A crash forgets what is not committed; a failover also loses the latest commits.
 */
import type {
  AppendResult,
  CloseOutcome,
  HistoryPort,
  LogHead,
  LogPage,
  LogPort,
  LogRow,
} from '../../engine/driver/ports.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';
import { type CommittedRow, LogTruth } from '../checks/log-truth.ts';
import type { FaultCount } from '../scenario/faults.ts';
import { WallClock, wallStartMs } from './wall-clock.ts';
import type { Site, World } from './world.ts';

interface Stored {
  head: LogHead | null;
  /** With the virtual time of each commit, for a failover. */
  readonly rows: { readonly row: LogRow; readonly committedMs: number }[];
  /** When the head row's lock is free again. */
  freeAtMs: number;
  readonly truth: LogTruth;
}

interface Append {
  readonly id: number;
  readonly lane: string;
  readonly document: string;
  readonly epoch: number;
  readonly body: Uint8Array;
  readonly reply: (result: AppendResult, delayMs: number) => void;
}

/** What becomes of an append whose outcome its node does not learn. */
export type UnknownFate = 'lost on its way' | 'reply lost' | 'late';

const unknownFates: readonly UnknownFate[] = ['lost on its way', 'reply lost', 'late'];

/** What a node's process holds of the log. */
export interface NodeLog extends LogPort, HistoryPort {
  /** Appends without a reply so far. */
  readonly inFlight: number;
}

/** Chance at one node's connections. */
interface LaneSites {
  readonly way: Site;
  readonly work: Site;
  readonly outcome: Site;
  readonly fate: Site;
  readonly refusal: Site;
  readonly readFailure: Site;
}

/** How long a node waits for a reply before it says `unknown`. */
const patienceMs = 400;
/** How long a statement waits for a head's lock. */
const lockTimeoutMs = 200;

const unknown: AppendResult = { outcome: 'unknown' };

export class SimLog {
  /** The database's, which stamps the rows. */
  readonly clock: WallClock;
  /** Told of each row as it is committed. */
  onCommitted: (row: CommittedRow) => void = () => {};
  readonly #world: World;
  readonly #faults: FaultCount;
  readonly #documents = new Map<string, Stored>();
  readonly #sites = new Map<string, LaneSites>();
  readonly #cutUntilMs = new Map<string, number>();
  #appends = 0;
  #downUntilMs = 0;
  /** Raised by a crash: statements begun before it are gone. */
  #life = 0;
  #forcedFate: UnknownFate | null = null;
  #forcedWorkMs: number | null = null;

  constructor(world: World, faults: FaultCount) {
    this.#world = world;
    this.#faults = faults;
    this.clock = new WallClock(world, 'database', faults.rates);
  }

  /** Everything committed of a document, for the checkers. */
  truthOf(document: string): LogTruth {
    return this.#stored(document).truth;
  }

  /** The port of one process on the machine `lane`. */
  connect(lane: string, isAlive: () => boolean): NodeLog {
    let inFlight = 0;
    return {
      get inFlight() {
        return inFlight;
      },
      append: (document, epoch, body, done) => {
        inFlight++;
        this.#appends++;
        const id = this.#appends;
        this.#world.note(lane, 'appends', `${id} ${document} ${body.length}B`);
        const reply = (result: AppendResult, delayMs: number): void => {
          const life = this.#life;
          this.#world.after(delayMs, () => {
            if (!isAlive()) return;
            inFlight--;
            // What was on its way when the database died never came.
            const heard = life === this.#life ? result : unknown;
            this.#world.note(lane, 'append settled', `${id} ${describe(heard)}`);
            done(heard);
          });
        };
        this.#append({ id, lane, document, epoch, body, reply });
      },
      read: (document, afterLsn, bytesMax, done) => {
        this.#world.note(lane, 'reads', `${document} after ${afterLsn}`);
        const look = (): LogPage => this.#page({ document, afterLsn, bytesMax });
        this.ask(lane, look, (page) => {
          if (!isAlive()) return;
          const what = page === null ? 'failed' : `${page.rows.length} of ${page.head?.lsn ?? 0}`;
          this.#world.note(lane, 'read settled', `${document} after ${afterLsn}: ${what}`);
          done(page);
        });
      },
      closeTime: (document, at, done) => {
        this.#world.note(lane, 'closes', `${document} at ${at - wallStartMs}`);
        this.#close({ lane, document, at }, (outcome) => {
          if (!isAlive()) return;
          this.#world.note(lane, 'close settled', `${document} at ${at - wallStartMs}: ${outcome}`);
          done(outcome);
        });
      },
      heads: (documents, done) => {
        this.#world.note(lane, 'asks for heads', `${documents.length}`);
        this.ask(
          lane,
          () => this.#heads(documents),
          (heads) => {
            if (!isAlive()) return;
            this.#world.note(lane, 'heads', heads === null ? 'failed' : `${heads.size}`);
            done(heads);
          },
        );
      },
    };
  }

  /**
   * Goes to the database, does `look` there, and comes back. null: that failed; if it was on the
   * way back, `look` was done.
   */
  ask<T>(lane: string, look: () => T, done: (answer: T | null) => void): void {
    const { way, readFailure } = this.#sitesOf(lane);
    const isFailing = readFailure.chance(this.#faults.rates.readFailurePerMillion);
    const wayMs = (): number => way.between(0, this.#faults.rates.logLatencyMaxMs);
    this.#world.after(wayMs(), () => {
      if (isFailing) this.#faults.count('failed read');
      const answer = isFailing || this.isAwayFrom(lane) ? null : look();
      const life = this.#life;
      this.#world.after(wayMs(), () => {
        const isLost = this.isAwayFrom(lane) || life !== this.#life;
        done(isLost ? null : answer);
      });
    });
  }

  /** Nobody reaches the database for `forMs`. */
  outage(forMs: number): void {
    this.#downUntilMs = Math.max(this.#downUntilMs, this.#world.nowMs + forMs);
  }

  /** One node does not reach it. */
  cut(lane: string, forMs: number): void {
    const untilMs = Math.max(this.#cutUntilMs.get(lane) ?? 0, this.#world.nowMs + forMs);
    this.#cutUntilMs.set(lane, untilMs);
  }

  /** It dies: what is not committed is gone. Back after `forMs`. */
  crash(forMs: number): void {
    this.#life++;
    for (const stored of this.#documents.values()) stored.freeAtMs = 0;
    this.outage(forMs);
  }

  /** Dies, and comes back without the commits of the last `lagMs`. Returns how many were lost. */
  failover({ forMs, lagMs }: { readonly forMs: number; readonly lagMs: number }): number {
    this.crash(forMs);
    const keptUntilMs = this.#world.nowMs - lagMs;
    let lost = 0;
    for (const [document, stored] of this.#documents) {
      const { rows, truth } = stored;
      const kept = rows.filter(({ committedMs }) => committedMs <= keptUntilMs).length;
      if (kept === rows.length) continue;
      lost += rows.length - kept;
      this.#world.note('log', 'loses', `${document} rows ${kept + 1} to ${rows.length}`);
      const lostAt = truth.rows.at(-1)?.at ?? 0;
      rows.length = kept;
      truth.truncate(kept);
      const head = headOf(truth.rows.at(-1));
      // A row that takes the place of a lost one is of another time: what a cursor rests on. It
      // does not hold where the clock stands behind the head (docs/durability.md).
      stored.head = head === null ? null : { ...head, at: Math.max(head.at, lostAt + 1) };
    }
    return lost;
  }

  /** Somebody else holds the lock of the document's head row. */
  lockHead(document: string, forMs: number): void {
    const stored = this.#stored(document);
    stored.freeAtMs = Math.max(stored.freeAtMs, this.#world.nowMs + forMs);
  }

  /** An operator deletes the document. False: it was never written. */
  remove(document: string): boolean {
    const stored = this.#stored(document);
    const { head } = stored;
    if (head === null) return false;
    if (head.state === 'deleted') return true;
    this.#world.note('log', 'deletes', document);
    const epoch = (head.epoch % Number.MAX_SAFE_INTEGER) + 1;
    stored.head = { ...head, epoch, state: 'deleted', prunedLsn: head.lsn };
    return true;
  }

  /** An operator removes rows. False: there is no such row, or no document. */
  prune(document: string, lsn: number): boolean {
    const stored = this.#stored(document);
    const { head } = stored;
    if (head === null || head.state === 'deleted' || head.lsn < lsn) return false;
    this.#world.note('log', 'prunes', `${document} through ${lsn}`);
    const prunedLsn = Math.max(head.prunedLsn ?? 0, lsn);
    if (prunedLsn > 0) stored.head = { ...head, prunedLsn };
    return true;
  }

  /** An operator gives the document another epoch. */
  renew(document: string): number {
    const stored = this.#stored(document);
    const epoch = ((stored.head?.epoch ?? 0) % Number.MAX_SAFE_INTEGER) + 1;
    this.#world.note('log', 'renews', document);
    if (stored.head !== null) stored.head = { ...stored.head, epoch };
    return epoch;
  }

  /** The head row as it is; null: the document was never written. */
  headOf(document: string): LogHead | null {
    return this.#stored(document).head;
  }

  /** Whether this node cannot reach it now. */
  isAwayFrom(lane: string): boolean {
    const { nowMs } = this.#world;
    return nowMs < this.#downUntilMs || nowMs < (this.#cutUntilMs.get(lane) ?? 0);
  }

  /** The database can be reached again by everybody, and nobody holds a lock. */
  heal(): void {
    this.#downUntilMs = 0;
    this.#cutUntilMs.clear();
    for (const stored of this.#documents.values()) stored.freeAtMs = 0;
  }

  /** The next append's outcome will be unknown, for this reason. */
  forceFate(fate: UnknownFate): void {
    this.#forcedFate = fate;
  }

  /** The next append begins, and takes so long until it asks for the lock. */
  forceWork(forMs: number): void {
    this.#forcedWorkMs = forMs;
  }

  #append(append: Append): void {
    const { way, work } = this.#sitesOf(append.lane);
    const fate = this.#fateOf(append);
    const there = way.between(0, this.#faults.rates.logLatencyMaxMs);
    if (fate === null) {
      this.#world.after(there, () => this.#begin(append));
      return;
    }
    this.#faults.count('unknown outcome');
    append.reply(unknown, there + way.between(0, this.#faults.rates.logLatencyMaxMs));
    if (fate === 'lost on its way') return;
    const mute = { ...append, reply: (): void => {} };
    const held = fate === 'late' ? work.between(1, 2 * patienceMs) : 0;
    this.#world.after(there + held, () => this.#begin(mute));
  }

  #fateOf({ lane }: Append): UnknownFate | null {
    const { outcome, fate } = this.#sitesOf(lane);
    const isUnknown = outcome.chance(this.#faults.rates.unknownPerMillion);
    const drawn = unknownFates[fate.between(0, unknownFates.length - 1)] ?? null;
    const forced = this.#forcedFate;
    this.#forcedFate = null;
    return forced ?? (isUnknown ? drawn : null);
  }

  #begin(append: Append): void {
    const { lane, id, document, reply } = append;
    const { work } = this.#sitesOf(lane);
    if (this.isAwayFrom(lane)) {
      reply(unknown, work.between(1, patienceMs));
      return;
    }
    this.#world.note('log', 'begins', `${id} ${document}`);
    const life = this.#life;
    // Planning and row images take their time before the lock is asked for.
    const workMs = this.#forcedWorkMs ?? work.between(0, 3);
    this.#forcedWorkMs = null;
    this.#world.after(workMs, () => this.#lock(append, life));
  }

  #lock(append: Append, life: number): void {
    const { lane, reply } = append;
    const { way, work } = this.#sitesOf(lane);
    const stored = this.#stored(append.document);
    this.#world.note('log', 'waits', `${append.id} for the head of ${append.document}`);
    const waitMs = Math.max(0, stored.freeAtMs - this.#world.nowMs);
    if (life !== this.#life || waitMs > lockTimeoutMs) {
      reply(unknown, Math.min(waitMs, lockTimeoutMs) + work.between(1, patienceMs));
      return;
    }
    const holdMs = waitMs + work.between(0, 2);
    stored.freeAtMs = this.#world.nowMs + holdMs;
    this.#world.after(holdMs, () => {
      if (life !== this.#life) {
        reply(unknown, work.between(1, patienceMs));
        return;
      }
      const result = this.#commit(stored, append);
      const kind = result.outcome === 'committed' ? 'commits' : 'rejects';
      this.#world.note('log', kind, `${append.id} ${append.document} ${describe(result)}`);
      // The reply of a commit can be lost too, when the database goes away at this moment.
      const backMs = way.between(0, this.#faults.rates.logLatencyMaxMs);
      reply(this.isAwayFrom(lane) ? unknown : result, backMs);
    });
  }

  #commit(stored: Stored, { id, lane, document, epoch, body }: Append): AppendResult {
    const { head } = stored;
    if (head?.state === 'deleted') return { outcome: 'rejected', code: 'deleted' };
    if (head !== null && head.epoch !== epoch) return { outcome: 'rejected', code: 'epoch' };
    const { batches } = decodeUpdate(body);
    const authors = new Set(batches.map(({ replica }) => replica));
    const { refusal } = this.#sitesOf(lane);
    const isRefused = refusal.chance(this.#faults.rates.refusePerMillion);
    if (isRefused && authors.size > 1) {
      this.#faults.count('refused row');
      return { outcome: 'rejected', code: 'invalid' };
    }
    const lsn = (head?.lsn ?? 0) + 1;
    const at = Math.max(head?.at ?? 0, this.clock.nowMs);
    stored.head = { ...head, epoch, lsn, at, state: 'live' };
    stored.rows.push({ row: { lsn, at, body }, committedMs: this.#world.nowMs });
    const row = { document, append: id, node: lane, epoch, lsn, at, body, batches };
    stored.truth.committed(row);
    this.onCommitted(row);
    return { outcome: 'committed', lsn, at };
  }

  #close(
    asked: { readonly lane: string; readonly document: string; readonly at: number },
    done: (outcome: CloseOutcome) => void,
  ): void {
    const { lane, document, at } = asked;
    const { way, work } = this.#sitesOf(lane);
    const wayMs = (): number => way.between(0, this.#faults.rates.logLatencyMaxMs);
    const life = this.#life;
    const answer = (outcome: CloseOutcome, afterMs: number): void => {
      this.#world.after(afterMs, () => {
        const isLost = this.isAwayFrom(lane) || life !== this.#life;
        done(isLost ? 'unknown' : outcome);
      });
    };
    this.#world.after(wayMs(), () => {
      const stored = this.#stored(document);
      const known = this.isAwayFrom(lane) ? 'unknown' : this.#closing(stored, at);
      if (known !== null) return answer(known, wayMs());
      const waitMs = Math.max(0, stored.freeAtMs - this.#world.nowMs);
      if (waitMs > lockTimeoutMs) return answer('unknown', lockTimeoutMs + wayMs());
      const holdMs = waitMs + work.between(0, 2);
      stored.freeAtMs = this.#world.nowMs + holdMs;
      this.#world.after(holdMs, () => {
        if (life !== this.#life) return answer('unknown', wayMs());
        const changed = this.#closing(stored, at);
        if (changed === null && stored.head !== null) stored.head = { ...stored.head, at: at + 1 };
        answer(changed ?? 'closed', wayMs());
      });
    });
  }

  /** How closing time `at` ends without a change of the head; null: it takes one. */
  #closing({ head }: Stored, at: number): CloseOutcome | null {
    if (head === null) return 'absent';
    if (head.state === 'deleted') return 'deleted';
    if (head.at > at) return 'closed';
    return at < this.clock.nowMs ? null : 'future';
  }

  #heads(documents: readonly string[]): Map<string, LogHead> {
    const heads = new Map<string, LogHead>();
    for (const document of documents) {
      const { head } = this.#stored(document);
      if (head !== null) heads.set(document, head);
    }
    return heads;
  }

  #page(read: {
    readonly document: string;
    readonly afterLsn: number;
    readonly bytesMax: number;
  }): LogPage {
    const { head, rows } = this.#stored(read.document);
    const page: LogRow[] = [];
    if (read.afterLsn < (head?.prunedLsn ?? 0)) return { head, rows: page };
    let bytes = 0;
    for (let i = read.afterLsn; i < rows.length; i++) {
      const row = rows[i]?.row;
      if (row === undefined) break;
      bytes += row.body.length;
      if (page.length > 0 && bytes > read.bytesMax) break;
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

  #sitesOf(lane: string): LaneSites {
    const known = this.#sites.get(lane);
    if (known !== undefined) return known;
    const site = (what: string): Site => this.#world.site(`${lane} log ${what}`);
    const sites: LaneSites = {
      way: site('way'),
      work: site('work'),
      outcome: site('outcome'),
      fate: site('fate'),
      refusal: site('refusal'),
      readFailure: site('read failure'),
    };
    this.#sites.set(lane, sites);
    return sites;
  }
}

function headOf(last: CommittedRow | undefined): LogHead | null {
  if (last === undefined) return null;
  const { epoch, lsn, at } = last;
  return { epoch, lsn, at, state: 'live' };
}

function describe(result: AppendResult): string {
  if (result.outcome === 'committed')
    return `committed ${result.lsn} at ${result.at - wallStartMs}`;
  return result.outcome === 'rejected' ? `rejected ${result.code}` : 'unknown';
}
