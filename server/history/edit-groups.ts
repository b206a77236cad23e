/**
 * Rows as people think of them: what one author wrote without a long break is one group. Authors
 * who write at the same time have groups that overlap.
 */
import type { DurableRow } from '../../engine/sync/durability.ts';
import type { FoldedRow } from '../../engine/sync/fold.ts';
import type { ReplicaTable } from '../../engine/sync/replica-table.ts';
import { timeOf } from './resolved-moment.ts';
import { countSplices } from './splice-count.ts';
import { typedAtMs, typedTime } from './typed-time.ts';

/** A break that is as long ends a group. */
const groupBreakMs = 5 * 60_000;

interface Place {
  readonly lsn: number;
  readonly at: number;
}

interface Group {
  readonly replica: number;
  readonly from: Place;
  to: Place;
  /** When the earliest of it was typed, as its author says; null: when it was committed. */
  typedFromMs: number | null;
  rows: number;
  inserted: number;
  deleted: number;
}

/** Whose rows count; absent = everybody's. */
export interface AuthorFilter {
  readonly replica?: number | undefined;
  readonly principal?: string | undefined;
}

export class EditGroups {
  readonly #filter: AuthorFilter;
  readonly #table: ReplicaTable;
  /** In the order of their first rows. */
  readonly #groups: Group[] = [];
  /** The last group of each replica. */
  readonly #last = new Map<number, Group>();

  constructor(filter: AuthorFilter, table: ReplicaTable) {
    this.#filter = filter;
    this.#table = table;
  }

  get count(): number {
    return this.#groups.length;
  }

  /** Whether the row would begin a group. */
  begins({ at, batches }: DurableRow): boolean {
    return batches.some(({ replica, binding }) => {
      // A replica's first batch is not in the table yet, and brings what it will have there.
      const principal = this.#principalOf(replica) ?? binding?.principal ?? null;
      return this.#counts(replica, principal) && this.#groupAt(replica, at) === null;
    });
  }

  /** The next row. */
  add({ lsn, at, batches }: FoldedRow): void {
    const applied = new Set<Group>();
    for (const { batch, verdict, changes } of batches) {
      const { replica } = batch;
      if (verdict.type !== 'applied') continue;
      if (!this.#counts(replica, this.#principalOf(replica))) continue;
      const group = this.#groupAt(replica, at) ?? this.#begin(replica, { lsn, at });
      const { inserted, deleted } = countSplices(changes);
      group.to = { lsn, at };
      const typedMs = typedAtMs(at, batch);
      if (typedMs !== null && typedMs < (group.typedFromMs ?? group.from.at)) {
        group.typedFromMs = typedMs;
      }
      group.inserted += inserted;
      group.deleted += deleted;
      applied.add(group);
    }
    for (const group of applied) group.rows++;
  }

  /** As an answer tells them. */
  body(): object[] {
    return this.#groups.map(({ typedFromMs, ...group }) => ({
      ...group,
      principal: this.#principalOf(group.replica),
      from: { ...group.from, time: timeOf(group.from) },
      to: { ...group.to, time: timeOf(group.to) },
      typedFrom: typedTime(typedFromMs),
    }));
  }

  #counts(replica: number, principal: string | null): boolean {
    const filter = this.#filter;
    if (filter.replica !== undefined && filter.replica !== replica) return false;
    return filter.principal === undefined || filter.principal === principal;
  }

  #principalOf(replica: number): string | null {
    return this.#table.entryOf(replica)?.binding?.principal ?? null;
  }

  #groupAt(replica: number, at: number): Group | null {
    const last = this.#last.get(replica);
    return last !== undefined && at - last.to.at < groupBreakMs ? last : null;
  }

  #begin(replica: number, from: Place): Group {
    const counts = { rows: 0, inserted: 0, deleted: 0 };
    const group: Group = { replica, from, to: from, typedFromMs: null, ...counts };
    this.#groups.push(group);
    this.#last.set(replica, group);
    return group;
  }
}
