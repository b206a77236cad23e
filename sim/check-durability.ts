/**
 * G2, durable before visible, and S6, rows without a hole: judged on the bytes that leave a node,
 * at the moment when they leave, against the log as it is committed then.
 */
import { type Batch, batchLast } from '../proto/batch.ts';
import { decodeBusRow } from '../proto/bus-codec.ts';
import { decodeServerFrame, type FrameRow, type ServerFrame } from '../proto/server-frame.ts';
import type { LogTruth } from './log-truth.ts';
import type { SimClient } from './sim-client.ts';
import type { Link } from './sim-network.ts';
import { check } from './violation.ts';

interface Position {
  /** LSN of the last row that was sent on the connection. */
  lsn: number;
  /** Its time. */
  at: number;
}

export class DurabilityCheck {
  readonly #truthOf: (document: string) => LogTruth;
  readonly #positions = new Map<Link, Position>();

  constructor(truthOf: (document: string) => LogTruth) {
    this.#truthOf = truthOf;
  }

  serverSent(link: Link, bytes: Uint8Array): void {
    const frame = decodeServerFrame(bytes);
    const { document } = link.client;
    const truth = this.#truthOf(document);
    if (frame.welcome !== null) this.#welcome(link, frame.welcome, truth);
    const position = this.#positions.get(link);
    if (frame.rows.length > 0) {
      check(
        position !== undefined,
        'S6',
        () => `rows before the welcome on ${link.name}`,
        document,
      );
      for (const row of frame.rows) checkRow(link, { row, position, truth });
    }
    if (frame.ack !== null) checkAck(link, frame.ack, { lsn: position?.lsn ?? 0, truth });
  }

  published(document: string, bytes: Uint8Array): void {
    const { lsn, at, epoch, body } = decodeBusRow(bytes);
    const row = this.#truthOf(document).rows[lsn - 1];
    const isSame =
      row !== undefined && row.at === at && row.epoch === epoch && sameBytes(row.body, body);
    check(
      isSame,
      'G2',
      () => `row ${lsn} of ${document} is published, but not in the log`,
      document,
    );
  }

  /** What a client knows of others, and holds to be settled, is in the log. */
  clientStepped(client: SimClient): void {
    const truth = this.#truthOf(client.document);
    const { name, core } = client;
    for (const [replica, last] of core.fold.sequence.versionVector.entries()) {
      const through = truth.through(replica);
      if (replica === core.replica) {
        const settled = core.fold.committed.get(replica);
        check(
          settled <= through,
          'G3',
          () => `${name} takes ${settled} as settled, log: ${through}`,
          name,
        );
      } else {
        check(
          last <= through,
          'G2',
          () => `${name} shows ${last} of ${replica}, log: ${through}`,
          name,
        );
      }
    }
  }

  #welcome(link: Link, welcome: NonNullable<ServerFrame['welcome']>, truth: LogTruth): void {
    const { cursor, through, headLsn } = welcome;
    const { document, replica } = link.client;
    const row = truth.rows[cursor.lsn - 1];
    const isInLog = cursor.lsn === 0 || (row?.at === cursor.at && row.epoch === cursor.epoch);
    check(
      isInLog,
      'G2',
      () => `a welcome at ${cursor.lsn}, which ${document} does not have`,
      document,
    );
    check(headLsn <= truth.head, 'G2', () => `a head ${headLsn} above ${truth.head}`, document);
    check(through <= truth.through(replica), 'G2', () => `a welcome through ${through}`, document);
    this.#positions.set(link, { lsn: cursor.lsn, at: cursor.at });
  }
}

function checkAck(
  link: Link,
  ack: NonNullable<ServerFrame['ack']>,
  { lsn, truth }: { readonly lsn: number; readonly truth: LogTruth },
): void {
  const { document, replica } = link.client;
  const known = truth.through(replica);
  check(
    ack.through <= known,
    'G2',
    () => `${link.name}: ack ${ack.through}, log: ${known}`,
    document,
  );
  const row = truth.rows[(ack.lsn === 0 ? lsn : ack.lsn) - 1];
  check(row !== undefined, 'G2', () => `${link.name}: an ack at row ${ack.lsn}`, document);
}

function checkRow(
  link: Link,
  options: { readonly row: FrameRow; readonly position: Position; readonly truth: LogTruth },
): void {
  const { row, position, truth } = options;
  const { document } = link.client;
  const lsn = position.lsn + 1;
  const committed = truth.rows[lsn - 1];
  check(committed !== undefined, 'G2', () => `${link.name}: row ${lsn} is not committed`, document);
  position.lsn = lsn;
  const at = position.at + row.at;
  check(at === committed.at, 'S6', () => `${link.name}: row ${lsn} is of ${at}`, document);
  position.at = at;
  const isSame = sameBatches(row.batches, { lsn, truth, own: link.client.replica });
  check(isSame, 'S6', () => `${link.name}: another row ${lsn} than the log's`, document);
}

/**
 * The row's batches, under the log's names. The receiver's own may be left out, and what the log
 * held already; of a batch that it held in part, the new part may be sent.
 */
function sameBatches(
  sent: readonly Batch[],
  { lsn, truth, own }: { readonly lsn: number; readonly truth: LogTruth; readonly own: number },
): boolean {
  const contents = sent.map((batch) => content(batch, truth.replicas[batch.replica - 1] ?? 0));
  let matched = 0;
  for (const { whole, fresh } of truth.judged[lsn - 1] ?? []) {
    const next = contents[matched];
    if (next === content(whole, whole.replica)) matched++;
    else if (fresh !== null && next === content(fresh, fresh.replica)) matched++;
    else if (fresh !== null && whole.replica !== own) return false;
  }
  return matched === contents.length;
}

function content(batch: Batch, author: number): string {
  const ops = batch.ops.map((op) =>
    op.type === 'insert' ? op.text : `${op.target.timestamp}-${op.count}`,
  );
  return `${author} ${batch.first}-${batchLast(batch)}:${ops.join('|')}`;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
