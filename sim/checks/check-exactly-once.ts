/**
 * Exactly once: what was typed is in the document once (S3), what was deleted is gone and nothing
 * else is there (S10), an id never names two things (S4).
 *
 * Keeps a ledger of everything that people typed and deleted, and compares it with the log folded
 * by the slow reference document. What a closed tab or an ended replica leaves behind unsettled may
 * be there or not; everything else must.
 */
import { ReferenceDocument } from '../../engine/text/reference.ts';
import type { OpId } from '../../proto/batch.ts';
import type { Coverage } from './coverage.ts';
import type { LogTruth } from './log-truth.ts';

interface Entry {
  readonly replica: number;
  /** Its own timestamp, or the last one of the edit that it is part of. */
  readonly timestamp: number;
}

interface TypedUnit extends Entry {
  /** More than one only where an old copy of a store gave the id again. */
  readonly units: string[];
}

/** What the people of one document did. */
export class TypedLedger {
  readonly #coverage: Coverage;
  readonly #typed = new Map<string, TypedUnit>();
  readonly #deleted = new Map<string, Entry[]>();
  /** Replicas that ended: what they gave after this timestamp may be lost. */
  readonly #ended = new Map<number, number>();
  /** Replicas that went on from an old copy: ids may be given again. */
  readonly #copied = new Set<number>();
  /** Replicas that went on from their store, which holds only what was not settled. */
  readonly #reopened = new Set<number>();

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  typed(id: OpId | null, unit: string): void {
    this.#coverage.always('S9', id !== null, () => 'a unit typed is not in the text');
    const key = keyOf(id);
    const known = this.#typed.get(key);
    const isNew = known === undefined || this.#copied.has(id.replica);
    this.#coverage.always('S4', isNew, () => `the id ${key} was given twice`);
    if (known === undefined) this.#typed.set(key, { ...id, units: [unit] });
    else known.units.push(unit);
  }

  /** `timestamp`: the last one of the edit that deleted it. */
  deleted(id: OpId | null, by: Entry): void {
    this.#coverage.always('S9', id !== null, () => 'a unit deleted is not in the text');
    const key = keyOf(id);
    this.#deleted.set(key, [...(this.#deleted.get(key) ?? []), by]);
  }

  /** A replica writes no more; what it gave up to `through` is settled or kept to be sent. */
  ended(replica: number, through: number): void {
    this.#ended.set(replica, Math.min(through, this.#ended.get(replica) ?? through));
  }

  /** It goes on from its store; what it gave beyond was never sent, and its ids are free again. */
  goesOn(replica: number, from: number): void {
    this.#reopened.add(replica);
    if (this.#copied.has(replica)) return;
    this.#ended.delete(replica);
    for (const [key, entry] of this.#typed) {
      if (entry.replica === replica && entry.timestamp > from) this.#typed.delete(key);
    }
    for (const [key, by] of this.#deleted) {
      const kept = by.filter((entry) => entry.replica !== replica || entry.timestamp <= from);
      if (kept.length === by.length) continue;
      if (kept.length === 0) this.#deleted.delete(key);
      else this.#deleted.set(key, kept);
    }
  }

  /** It goes on all the same, from a copy of its store as it was at `last`. */
  copied(replica: number, last: number): void {
    this.ended(replica, last);
    this.#copied.add(replica);
  }

  /** Compares with the log, when everything is in it. Returns the text that everybody must have. */
  settle(document: string, truth: LogTruth): string {
    const reference = new ReferenceDocument();
    for (const batch of truth.batches) reference.integrate(batch);
    const { units, text } = reference;
    const held = new Set<string>();
    for (const { id, unit, deleted } of units) {
      const key = keyOf(id);
      held.add(key);
      this.#judgeUnit(document, { key, unit, deleted }, truth);
    }
    const once = (): string => `${document} holds ${units.length - held.size} units twice`;
    this.#coverage.always('S3', held.size === units.length, once, document);
    for (const [key, entry] of this.#typed) {
      const isThere = held.has(key) || !this.#isOwed(entry, truth);
      const lost = (): string => `${document} lacks ${key} ${JSON.stringify(entry.units)}`;
      this.#coverage.always('S10', isThere, lost, document);
    }
    return text;
  }

  #judgeUnit(
    document: string,
    held: { readonly key: string; readonly unit: string; readonly deleted: boolean },
    truth: LogTruth,
  ): void {
    const { key, unit, deleted } = held;
    const typed = this.#typed.get(key)?.units ?? [];
    const content = (): string =>
      `${document} holds ${key} ${JSON.stringify(unit)}, typed was ${JSON.stringify(typed)}`;
    this.#coverage.always('S10', typed.includes(unit), content, document);
    const by = this.#deleted.get(key) ?? [];
    const mayBeGone = by.length > 0;
    const mustBeGone = by.some((entry) => this.#isOwed(entry, truth));
    const fits = deleted ? mayBeGone : !mustBeGone;
    const state = (): string =>
      `${key} of ${document}: deleted ${deleted}, deletions by ${JSON.stringify(by)}`;
    this.#coverage.always('S10', fits, state, document);
  }

  /** Must be in the log; after a failover, if somebody is still there to offer it again. */
  #isOwed({ replica, timestamp }: Entry, truth: LogTruth): boolean {
    const isLeft = this.#ended.has(replica) || this.#reopened.has(replica);
    if (truth.lost > 0 && isLeft) return false;
    return timestamp <= (this.#ended.get(replica) ?? Number.POSITIVE_INFINITY);
  }
}

function keyOf({ timestamp, replica }: OpId): string {
  return `${timestamp}.${replica}`;
}
