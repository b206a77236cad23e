/**
 * Tokens that were taken back, as the database has them, in the memory of this node.
 *
 * A revocation is a row (server/schema/0006-revocations.sql); the bus only says that there is a new
 * one. Without that, or if it is lost, the node finds the row when it asks, every SILENCE_MS. A
 * node begins with all of them, and asks for all again when the database was away and may be
 * another.
 *
 * While the database does not answer nothing can be revoked, and what is known stays.
 */
import { type Bearer, isRevokedBy, type Revocation } from '../../engine/sync/revocation.ts';
import type { Log } from '../log.ts';
import { ReaderPool, readerLimits } from '../postgres/reader-pool.ts';
import {
  addRevocation,
  type NewRevocation,
  revocationsAfter,
  type StoredRevocation,
} from '../postgres/revocation-statements.ts';

/** Where nodes tell each other that there is a new one; no document's name. */
export const revocationChannel = '!revocations';

/** In memory some 200 bytes each. */
const revocationsMax = 100_000;

export interface RevocationsOptions {
  readonly databaseUrl: string;
  /** Between two questions when nothing is heard. */
  readonly pollMs: number;
  readonly log: Log;
  /** One that was not known here. */
  readonly onRevoked: (revocation: Revocation) => void;
  /** The other nodes should look. */
  readonly tell: () => void;
}

interface Known {
  readonly revocation: Revocation;
  readonly expiresAtMs: number;
}

export class Revocations {
  readonly #options: RevocationsOptions;
  readonly #pool: ReaderPool;
  readonly #tokens = new Map<string, Known>();
  /** Of each principal the latest, which is about the most tokens. */
  readonly #principals = new Map<string, Known>();
  #last = 0;
  #readsAll = true;
  #timer: NodeJS.Timeout | null = null;
  /** The question under way, and whether it came too early for what was heard since. */
  #asking: Promise<void> | null = null;
  #asksAgain = false;
  #isClosed = false;

  constructor(options: RevocationsOptions) {
    this.#options = options;
    this.#pool = new ReaderPool(options.databaseUrl, { ...readerLimits, readersMax: 1 });
  }

  /** Reads what there is; rejects if that fails. From then on it keeps up by itself. */
  async open(): Promise<void> {
    await this.#read();
    this.#arm();
  }

  /** Whether this is revoked, as far as is known here. */
  isRevoked(bearer: Bearer): boolean {
    const id = bearer.token?.id ?? null;
    const about = [
      ...(id === null ? [] : [this.#tokens.get(id)]),
      this.#principals.get(bearer.principal),
    ];
    return about.some((known) => known !== undefined && isRevokedBy(bearer, known.revocation));
  }

  /**
   * Durable, and known here, when it resolves with true; false: there are too many. Rejects if the
   * database does not say that it is done.
   */
  async add(revocation: NewRevocation): Promise<boolean> {
    const isAdded = await this.#pool.with((client) =>
      addRevocation(client, revocation, revocationsMax),
    );
    if (!isAdded) return false;
    this.#options.tell();
    await this.#read();
    return true;
  }

  /** There may be a new one. */
  look(): void {
    if (this.#asking === null) this.#ask();
    else this.#asksAgain = true;
  }

  /** The database was away: it may be another one now. */
  lookAtAll(): void {
    this.#readsAll = true;
    this.look();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#pool.close();
  }

  #ask(): void {
    if (this.#isClosed) return;
    const { log } = this.#options;
    this.#asking = this.#read()
      .catch((error: unknown) => {
        if (!this.#isClosed) log.warn({ event: 'revocations-unknown', err: error });
      })
      .finally(() => {
        this.#asking = null;
        const again = this.#asksAgain;
        this.#asksAgain = false;
        if (again) this.#ask();
        else this.#arm();
      });
  }

  #arm(): void {
    if (this.#isClosed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), this.#options.pollMs);
  }

  async #read(): Promise<void> {
    if (this.#readsAll) this.#last = 0;
    this.#readsAll = false;
    const after = this.#last;
    const found = await this.#pool.with((client) => revocationsAfter(client, after));
    const now = Date.now();
    for (const map of [this.#tokens, this.#principals]) {
      for (const [key, { expiresAtMs }] of map) if (expiresAtMs < now) map.delete(key);
    }
    for (const stored of found) this.#learn(stored);
  }

  #learn({ id, ...known }: StoredRevocation): void {
    const { revocation } = known;
    if (revocation.type === 'token') this.#tokens.set(revocation.id, known);
    else {
      const before = this.#principals.get(revocation.principal);
      const isLater =
        before === undefined ||
        before.revocation.type === 'token' ||
        before.revocation.issuedThroughMs <= revocation.issuedThroughMs;
      if (isLater) this.#principals.set(revocation.principal, known);
    }
    this.#last = Math.max(this.#last, id);
    this.#options.onRevoked(revocation);
  }
}
