/**
 * Notices the interesting states of the list in coverage.ts, from outside: what is seen on the
 * wire, in the log, at a fault.
 */
import type { ServerFrame } from '../../proto/server-frame.ts';
import type { SimClient } from '../actors/sim-client.ts';
import type { Link } from '../world/sim-network.ts';
import type { Coverage } from './coverage.ts';
import type { CommittedRow, LogTruth } from './log-truth.ts';
import type { NodeKnowledge } from './node-knowledge.ts';

export class StateNotices {
  readonly #coverage: Coverage;
  readonly #knowledge: NodeKnowledge;
  /** Documents of nodes that did not learn an append's outcome. */
  readonly #doubts = new Set<string>();
  /** Nodes with an append on its way, by document. */
  readonly #appending = new Map<string, Map<string, number>>();
  readonly #lastNode = new Map<SimClient, string>();
  readonly #lastAppend = new Map<string, number>();
  /** Right origins of first characters, by document and left origin. */
  readonly #siblings = new Map<string, Set<string>>();
  readonly #tombstones = new Set<string>();

  constructor(coverage: Coverage, knowledge: NodeKnowledge) {
    this.#coverage = coverage;
    this.#knowledge = knowledge;
  }

  connecting({ client, server }: Link, whose: SimClient): void {
    const before = this.#lastNode.get(whose);
    this.#lastNode.set(whose, server.name);
    if (before === undefined || before === server.name) return;
    if (whose.core.pendingOperations > 0 && client.replica === whose.replica) {
      this.#coverage.occurred('reconnect to another node with unsent edits');
    }
  }

  /** `clientLsn`: how far the sender is. */
  nodeReceived({ server, client }: Link, clientLsn: number): void {
    if (clientLsn > this.#knowledge.lsnOf(server.name, client.document)) {
      this.#coverage.occurred('edit waits for its base');
    }
  }

  nodeAppends(node: string, document: string): void {
    const nodes = this.#appending.get(document) ?? new Map<string, number>();
    this.#appending.set(document, nodes);
    nodes.set(node, (nodes.get(node) ?? 0) + 1);
    if (nodes.size > 1) this.#coverage.occurred('two nodes append to one document at once');
  }

  appendSettled(node: string, document: string, lsn: number | null): void {
    const nodes = this.#appending.get(document);
    const left = (nodes?.get(node) ?? 1) - 1;
    if (left === 0) nodes?.delete(node);
    else nodes?.set(node, left);
    if (lsn === null) this.#doubts.add(`${node} ${document}`);
  }

  nodeStarted(node: string): void {
    for (const nodes of this.#appending.values()) nodes.delete(node);
  }

  nodeHeard(node: string, document: string, lsn: number): void {
    if (lsn > this.#knowledge.lsnOf(node, document) + 1) {
      this.#coverage.occurred('gap found by LSN');
    }
  }

  /** A welcome tells the client that something was settled that it had no ack for. */
  serverSent({ client }: Link, { welcome }: ServerFrame, whose: SimClient): void {
    if (welcome === null || client.replica !== whose.replica) return;
    if (welcome.through > whose.core.fold.committed.get(whose.replica)) {
      this.#coverage.occurred('ack lost after the commit');
    }
  }

  committed(row: CommittedRow, truth: LogTruth): void {
    const { document, append, node } = row;
    const judged = truth.judged[row.lsn - 1] ?? [];
    if (judged.some(({ fresh }) => fresh === null)) {
      this.#coverage.occurred('duplicate batch in the log');
      if (this.#doubts.has(`${node} ${document}`)) {
        this.#coverage.occurred('unknown outcome that had committed, appended again');
      }
    }
    const last = this.#lastAppend.get(document) ?? 0;
    if (append < last) this.#coverage.occurred('commits in another order than they began');
    this.#lastAppend.set(document, Math.max(last, append));
    for (const { fresh } of judged) if (fresh !== null) this.#look(document, fresh);
  }

  #look(document: string, batch: CommittedRow['batches'][0]): void {
    for (const op of batch.ops) {
      if (op.type === 'delete') {
        const { timestamp, replica } = op.target;
        for (let i = 0; i < op.count; i++) this.#tombstones.add(`${timestamp + i}.${replica}`);
        continue;
      }
      const left = op.left === null ? 'start' : `${op.left.timestamp}.${op.left.replica}`;
      if (op.right === 'same') continue;
      const right = op.right === null ? 'end' : `${op.right.timestamp}.${op.right.replica}`;
      if (this.#tombstones.has(left) || this.#tombstones.has(right)) {
        this.#coverage.occurred('insert beside a tombstone');
      }
      const key = `${document} ${left}`;
      const rights = this.#siblings.get(key) ?? new Set<string>();
      this.#siblings.set(key, rights.add(right));
      if (rights.size > 1) {
        this.#coverage.occurred('siblings with one left and two right origins');
      }
    }
  }
}
