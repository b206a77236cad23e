/**
 * A log, an index and a store of objects, real ones, with everything that makes and reads snapshots
 * around them; for tests. What they tell is compared with the rows folded one by one.
 */
import type { LogPage, ObjectStorePort } from '../../engine/driver/ports.ts';
import {
  type BadSnapshot,
  type LoadedSnapshot,
  loadSnapshot,
} from '../../engine/driver/snapshot-loader.ts';
import {
  type MakeOutcome,
  makeSnapshot,
  type SnapshotMakerParts,
} from '../../engine/driver/snapshot-maker.ts';
import { rowFromLog } from '../../engine/sync/durability.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { snapshotOf } from '../../engine/sync/fold-snapshot.ts';
import { type Moment, type PastDocument, Playback } from '../../engine/sync/playback.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import { PostgresLog } from '../postgres/postgres-log.ts';
import { ReaderPool } from '../postgres/reader-pool.ts';
import { SnapshotIndex } from '../postgres/snapshot-index.ts';
import { snapshotBody } from '../snapshots/snapshot-body.ts';
import { newSnapshotKey } from '../snapshots/snapshot-key.ts';
import { appendTo, readFrom } from './log-access.ts';

const head: Moment = { type: 'lsn', lsn: Number.MAX_SAFE_INTEGER };

export class SnapshotSite {
  readonly log: PostgresLog;
  readonly index: SnapshotIndex;
  readonly objects: ObjectStorePort;
  readonly #pool: ReaderPool;
  readonly #bad: BadSnapshot[] = [];

  /** The store stays the caller's. */
  constructor(url: string, objects: ObjectStorePort) {
    this.log = new PostgresLog({ url });
    this.#pool = new ReaderPool(url);
    this.index = new SnapshotIndex(this.#pool);
    this.objects = objects;
  }

  /** What a maker is made of; pages are small, so that there are several. */
  get parts(): SnapshotMakerParts {
    return {
      ...{ log: this.log, index: this.index, objects: this.objects, ...snapshotBody },
      ...{ pageBytesMax: 100, leastGrowth: { rows: 1, bytes: 1 }, newKey: newSnapshotKey },
      onBad: (bad) => this.#bad.push(bad),
    };
  }

  /** Why snapshots were passed over since it was last asked. */
  takeBad(): readonly string[] {
    return this.#bad.splice(0).map(({ reason, pointer }) => `${reason} at ${pointer.lsn}`);
  }

  /** Appends `count` rows: each inserts and takes away a character of the one before. */
  async write(document: string, count: number, epoch = 1): Promise<void> {
    const before = (await this.page(document, 0)).head?.lsn ?? 0;
    for (let lsn = before + 1; lsn <= before + count; lsn++) {
      await this.append(document, rowOf(lsn), epoch);
    }
  }

  /** Throws unless it is committed. */
  async append(document: string, body: Uint8Array, epoch = 1): Promise<void> {
    const { outcome } = await appendTo(this.log, document, body, epoch);
    if (outcome !== 'committed') throw new Error(`${document}: ${outcome}`);
  }

  make(document: string, parts: Partial<SnapshotMakerParts> = {}): Promise<MakeOutcome> {
    return new Promise((done) => makeSnapshot({ ...this.parts, ...parts }, document, done));
  }

  /** Makes one; its pointer. */
  async made(document: string) {
    const outcome = await this.make(document);
    if (outcome.type !== 'made') throw new Error(`${document}: ${JSON.stringify(outcome)}`);
    return outcome.pointer;
  }

  load(document: string, moment: Moment = head): Promise<LoadedSnapshot | null | 'failed'> {
    return new Promise((done) => loadSnapshot(this.parts, document, moment, done));
  }

  /** The document at a moment, from the nearest snapshot; null: it cannot be told. */
  async past(document: string, moment: Moment = head): Promise<PastDocument | null> {
    const found = await this.load(document, moment);
    if (found === 'failed') return null;
    const playback = new Playback(moment, found?.fold ?? new Fold(0));
    while (playback.answer === null) {
      if (!playback.feed(await this.page(document, playback.afterLsn, 100))) return null;
    }
    return playback.answer;
  }

  /** Bytes of the state after each row, from 0: every row of the log, one after the other. */
  async states(document: string): Promise<readonly { text: string; bytes: Uint8Array }[]> {
    const { head: found, rows } = await this.page(document, 0);
    const fold = new Fold(found?.epoch ?? 0);
    const state = () => ({
      text: fold.sequence.text,
      bytes: snapshotOf(fold, { bindings: true }),
    });
    const states = [state()];
    for (const row of rows) {
      fold.apply(rowFromLog(fold.epoch, row));
      states.push(state());
    }
    return states;
  }

  async page(document: string, afterLsn: number, bytesMax = 1e9): Promise<LogPage> {
    const page = await readFrom(this.log, document, afterLsn, bytesMax);
    if (page === null) throw new Error(`${document}: no page`);
    return page;
  }

  async bodies(prefix: string): Promise<readonly string[]> {
    const keys = await new Promise<readonly string[] | null>((done) =>
      this.objects.list(prefix, done),
    );
    if (keys === null) throw new Error('no list of objects');
    return keys;
  }

  async close(): Promise<void> {
    await Promise.all([this.log.close(), this.#pool.close()]);
  }
}

/** Of a replica of its own. */
function rowOf(lsn: number): Uint8Array {
  const insert = {
    type: 'insert',
    timestamp: 1,
    left: null,
    right: null,
    text: `${lsn}ab`,
  } as const;
  const target = { timestamp: 1, replica: lsn };
  const timestamp = insert.text.length + 1;
  const ops =
    lsn === 1
      ? [insert]
      : [insert, { type: 'delete', timestamp, target, count: 1, reversed: false } as const];
  return encodeUpdate({ batches: [{ replica: lsn + 1, first: 1, gap: 0, base: 0, ops }] });
}
