/**
 * Durable before visible: what leaves a node, judged on its bytes at the moment when they leave,
 * against the log as it is committed then (S1, S12) and against what the node's process has been
 * told so far (S13); rows reach a connection without a hole (S6); and what a client shows and holds
 * to be settled is in the log (S2, S11).
 *
 * A failover that loses rows takes away what was rightly shown: for such a document the log as it
 * ever was counts, until everything has healed.
 */
import { type Batch, batchLast } from '../../proto/batch.ts';
import type { BusRow } from '../../proto/bus-codec.ts';
import type { FrameRow } from '../../proto/frame-row.ts';
import type { ServerFrame } from '../../proto/server-frame.ts';
import type { Coverage } from './coverage.ts';
import type { LogTruth } from './log-truth.ts';
import type { NodeKnowledge } from './node-knowledge.ts';

/** A connection, as far as the frames on it are judged. */
export interface JudgedLink {
  readonly name: string;
  /** Who the client is on it. */
  readonly replica: number;
  readonly client: { readonly name: string; readonly document: string };
  readonly server: { readonly name: string };
}

/** A client's state, as far as it is judged against the log. */
export interface JudgedClient {
  readonly name: string;
  readonly document: string;
  readonly core: {
    readonly replica: number;
    readonly fold: {
      readonly lsn: number;
      /** null: the client does not tell. */
      readonly operations: number | null;
      readonly committed: { get(replica: number): number };
      readonly sequence: {
        readonly versionVector: { entries(): Iterable<readonly [number, number]> };
      };
    };
  };
}

interface Position {
  /** LSN of the last row that was sent on the connection. */
  lsn: number;
  /** Its time. */
  at: number;
}

export class DurabilityCheck {
  readonly #coverage: Coverage;
  readonly #truthOf: (document: string) => LogTruth;
  /** null: what the nodes have been told is not known; S13 is not judged. */
  readonly #knowledge: NodeKnowledge | null;
  readonly #positions = new Map<JudgedLink, Position>();

  constructor(
    coverage: Coverage,
    parts: {
      readonly truthOf: (document: string) => LogTruth;
      readonly knowledge: NodeKnowledge | null;
    },
  ) {
    this.#coverage = coverage;
    this.#truthOf = parts.truthOf;
    this.#knowledge = parts.knowledge;
  }

  serverSent(link: JudgedLink, frame: ServerFrame): void {
    const truth = this.#truthOf(link.client.document);
    if (frame.welcome !== null) this.#welcome(link, frame.welcome, truth);
    const position = this.#positions.get(link);
    if (frame.rows.length > 0) {
      const what = (): string => `rows before the welcome on ${link.name}`;
      this.#coverage.always('S6', position !== undefined, what, link.client.name);
      for (const row of frame.rows) this.#row(link, { row, position, truth });
    }
    if (frame.ack !== null) this.#ack(link, frame.ack, truth);
    if (frame.rows.length > 0 || frame.ack !== null) this.#proof(link, position?.lsn ?? 0);
  }

  published(node: string, document: string, row: BusRow): void {
    const { lsn, at, epoch, body } = row;
    const truth = this.#truthOf(document);
    const isThere = truth.versionsOf(lsn).some((there) => {
      return there.at === at && there.epoch === epoch && sameBytes(there.body, body);
    });
    const what = (): string => `${node} publishes row ${lsn} of ${document}, not in the log`;
    this.#coverage.always('S12', isThere, what, node);
  }

  /** What a client knows of others, and holds to be settled, is in the log; no more, no less. */
  clientStepped(client: JudgedClient): void {
    const coverage: Coverage = this.#coverage;
    const truth = this.#truthOf(client.document);
    const { name, core } = client;
    const { fold } = core;
    // A client that is about to begin anew, as these two make it, holds what it will drop.
    const isWhole = truth.lost === 0 && !truth.hasOldCopies;
    for (const [replica, last] of fold.sequence.versionVector.entries()) {
      if (replica === core.replica || truth.isOwnedBy(replica, name)) continue;
      const through = truth.everThrough(replica);
      const shown = (): string => `${name} shows ${last} of ${replica}, log: ${through}`;
      coverage.always('S2', last <= through, shown, name);
      if (!isWhole) continue;
      const there = truth.throughAt(replica, fold.lsn);
      const vector = (): string =>
        `${name} at row ${fold.lsn} has ${last} of ${replica}, the rows: ${there}`;
      coverage.always('S11', last === there, vector, name);
    }
    const settled = fold.committed.get(core.replica);
    const through = truth.everThrough(core.replica);
    const taken = (): string => `${name} takes ${settled} as settled, log: ${through}`;
    coverage.always('S1', settled <= through, taken, name);
    // Own operations are settled by the ack, which may be ahead of the rows.
    if (!isWhole || settled > truth.throughAt(core.replica, fold.lsn)) return;
    if (fold.operations === null) return;
    const operations = truth.operationsAt(fold.lsn);
    const applied = (): string =>
      `${name} at row ${fold.lsn}: ${fold.operations} operations applied, in the rows ${operations}`;
    coverage.always('S3', fold.operations === operations, applied, name);
  }

  #welcome(link: JudgedLink, welcome: NonNullable<ServerFrame['welcome']>, truth: LogTruth): void {
    const coverage: Coverage = this.#coverage;
    const { cursor, through, headLsn, snapshot } = welcome;
    const { document, name } = link.client;
    const isInLog =
      cursor.lsn === 0 ||
      truth
        .versionsOf(cursor.lsn)
        .some((row) => row.at === cursor.at && row.epoch === cursor.epoch);
    const unknown = (): string => `a welcome at ${cursor.lsn}, which ${document} does not have`;
    coverage.always('S7', isInLog, unknown, name);
    const head = (): string => `a welcome with head ${headLsn} of ${document}, ${truth.head}`;
    coverage.always('S12', headLsn <= truth.everHead, head, name);
    const known = truth.everThrough(link.replica);
    const settles = (): string => `${link.name}: a welcome through ${through}, log: ${known}`;
    coverage.always('S1', through <= known, settles, name);
    coverage.occurred(snapshot === null ? 'resume by rows' : 'resume by snapshot');
    this.#positions.set(link, { lsn: cursor.lsn, at: cursor.at });
    this.#proof(link, Math.max(headLsn, cursor.lsn));
  }

  #ack(link: JudgedLink, ack: NonNullable<ServerFrame['ack']>, truth: LogTruth): void {
    const { name } = link.client;
    const known = truth.everThrough(link.replica);
    const what = (): string => `${link.name}: ack ${ack.through}, log: ${known}`;
    this.#coverage.always('S1', ack.through <= known, what, name);
  }

  /** Nothing is told of a row that nobody has told the node to be committed. */
  #proof(link: JudgedLink, lsn: number): void {
    const { server, client } = link;
    if (this.#knowledge === null) return;
    const known = this.#knowledge.lsnOf(server.name, client.document);
    const what = (): string =>
      `${link.name}: ${server.name} tells of row ${lsn}, and has heard of ${known}`;
    this.#coverage.always('S13', lsn <= known, what, server.name);
  }

  #row(
    link: JudgedLink,
    options: { readonly row: FrameRow; readonly position: Position; readonly truth: LogTruth },
  ): void {
    const coverage: Coverage = this.#coverage;
    const { row, position, truth } = options;
    const { name, document } = link.client;
    const lsn = position.lsn + 1;
    const versions = truth.versionsOf(lsn);
    const uncommitted = (): string => `${link.name}: row ${lsn} is not committed`;
    coverage.always('S12', versions.length > 0, uncommitted, name);
    position.lsn = lsn;
    const at = position.at + row.at;
    const time = (): string => `${link.name}: row ${lsn} is of ${at}`;
    const isOfThen = versions.some((version) => version.at === at);
    coverage.always('S6', isOfThen, time, name);
    position.at = at;
    if (truth.lost > 0) return;
    const sent = row.batches.map((batch) => contentOf(batch, truth.replicas[batch.replica - 1]));
    const isOfHere = row.batches.every((batch) =>
      truth.replicas.includes(truth.replicas[batch.replica - 1] ?? 0),
    );
    const stranger = (): string =>
      `${link.name}: row ${lsn} has a replica that ${document} has not`;
    coverage.always('S14', isOfHere, stranger, name);
    const isSame = matches(sent, { lsn, truth, own: link.replica });
    const other = (): string => `${link.name}: another row ${lsn} than the log's`;
    coverage.always('S6', isSame, other, name);
  }
}

/**
 * The row's batches, under the log's names. The receiver's own may be left out, and what the log
 * held already; of a batch that it held in part, the new part may be sent.
 */
function matches(
  sent: readonly string[],
  { lsn, truth, own }: { readonly lsn: number; readonly truth: LogTruth; readonly own: number },
): boolean {
  let matched = 0;
  for (const { whole, fresh } of truth.judged[lsn - 1] ?? []) {
    const next = sent[matched];
    if (next === contentOf(whole, whole.replica)) matched++;
    else if (fresh !== null && next === contentOf(fresh, fresh.replica)) matched++;
    else if (fresh !== null && whole.replica !== own) return false;
  }
  return matched === sent.length;
}

function contentOf(batch: Batch, author = 0): string {
  let content = `${author} ${batch.first}-${batchLast(batch)}:`;
  for (const op of batch.ops) {
    content += op.type === 'insert' ? op.text : `${op.target.timestamp}-${op.count}`;
    content += '|';
  }
  return content;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
