/** All checkers behind one observer, and the list of what an honest cluster never does. */
import type { LogEvent } from '../../engine/driver/gateway-driver.ts';
import type { ReplicaEvent } from '../../engine/driver/replica-driver.ts';
import type { BadSnapshot } from '../../engine/driver/snapshot-loader.ts';
import type { StoredReplica } from '../../engine/sync/replica-options.ts';
import { decodeBusMessage } from '../../proto/bus-codec.ts';
import { errorCodes } from '../../proto/codes.ts';
import { decodeServerFrame } from '../../proto/server-frame.ts';
import { Editor } from '../actors/editor.ts';
import type { SimClient } from '../actors/sim-client.ts';
import type { StoreFate } from '../world/local-store.ts';
import type { Link } from '../world/sim-network.ts';
import { ConvergenceCheck, versionKey } from './check-convergence.ts';
import { DurabilityCheck } from './check-durability.ts';
import { TypedLedger } from './check-exactly-once.ts';
import { PlaybackCheck } from './check-playback.ts';
import { Coverage } from './coverage.ts';
import type { CommittedRow, LogTruth } from './log-truth.ts';
import { NodeKnowledge } from './node-knowledge.ts';
import { StateNotices } from './notice-states.ts';
import type { Observer, PlayedBack } from './observer.ts';

/** Of a socket that is half-open, or whose hello was lost. */
const goneEnds: ReadonlySet<string> = new Set(['heartbeat-timeout', 'hello-timeout']);

/** Ends of a session that are nobody's mistake. */
const expectedEnds: ReadonlySet<string> = new Set(['superseded', 'heartbeat-timeout', 'draining']);
/** After a failover that lost rows, and with an old copy of a store about, a replica may end. */
const excusedEnds: ReadonlySet<string> = new Set([
  'history-changed',
  'replica-forked',
  'invalid-edit',
  'bad-frame',
]);

/** What tells two states of a client apart. */
interface Place {
  readonly sequence: object;
  readonly lsn: number;
  /** Own timestamp. */
  readonly own: number;
  readonly replica: number;
}

export class Checks implements Observer {
  readonly coverage: Coverage = new Coverage();
  readonly #truthOf: (document: string) => LogTruth;
  readonly #clientOf: (link: Link) => SimClient | null;
  readonly #knowledge = new NodeKnowledge();
  readonly #durability: DurabilityCheck;
  readonly #convergence = new ConvergenceCheck(this.coverage);
  readonly #playback: PlaybackCheck;
  readonly #states = new StateNotices(this.coverage, this.#knowledge);
  readonly #editors = new Map<SimClient, Editor>();
  readonly #places = new Map<SimClient, Place>();
  readonly #ledgers = new Map<string, TypedLedger>();
  /** Highest timestamp that a replica was told to be durable. */
  readonly #acked = new Map<number, number>();
  readonly #replicas = new Map<SimClient, number>();
  readonly #stale = new Set<SimClient>();

  constructor(parts: {
    readonly truthOf: (document: string) => LogTruth;
    readonly clientOf: (link: Link) => SimClient | null;
  }) {
    this.#truthOf = parts.truthOf;
    this.#clientOf = parts.clientOf;
    const { truthOf } = parts;
    this.#durability = new DurabilityCheck(this.coverage, { truthOf, knowledge: this.#knowledge });
    this.#playback = new PlaybackCheck(this.coverage, truthOf);
  }

  editorOf(client: SimClient): Editor {
    const known = this.#editors.get(client);
    if (known !== undefined) return known;
    const editor = new Editor(client, this.ledgerOf(client.document), this.coverage);
    this.#editors.set(client, editor);
    return editor;
  }

  ledgerOf(document: string): TypedLedger {
    const ledger = this.#ledgers.get(document) ?? new TypedLedger(this.coverage);
    this.#ledgers.set(document, ledger);
    return ledger;
  }

  /** A row was committed. */
  committed(row: CommittedRow): void {
    const truth = this.#truthOf(row.document);
    this.coverage.put('S4');
    this.coverage.put('S5');
    this.#states.committed(row, truth);
    this.#playback.committed(row, truth);
  }

  nodeStarted(node: string): void {
    this.#knowledge.started(node);
    this.#states.nodeStarted(node);
  }

  reconnecting({ name }: SimClient, earlyMs: number): void {
    const what = (): string => `${name} tries again ${earlyMs} ms before its backoff allows it`;
    this.coverage.always('L4', earlyMs <= 0, what, name);
  }

  connecting(link: Link): void {
    const client = this.#clientOf(link);
    if (client !== null) this.#states.connecting(link, client);
  }

  nodeReceived(link: Link): void {
    const client = this.#clientOf(link);
    if (client !== null && client.core.pendingOperations > 0) {
      this.#states.nodeReceived(link, client.core.fold.lsn);
    }
  }

  nodeAppends(node: string, document: string): void {
    this.#states.nodeAppends(node, document);
  }

  appendSettled(node: string, document: string, lsn: number | null): void {
    this.#states.appendSettled(node, document, lsn);
    if (lsn !== null) this.#knowledge.learned(node, document, lsn);
  }

  nodeRead(node: string, document: string, lsn: number): void {
    this.#knowledge.learned(node, document, lsn);
  }

  nodeLoaded(node: string, document: string, lsn: number): void {
    this.coverage.occurred('a room that begins with a snapshot');
    this.#knowledge.learned(node, document, lsn);
  }

  nodeHeard(node: string, document: string, bytes: Uint8Array): void {
    const message = decodeBusMessage(bytes);
    if (message.type !== 'row') return;
    const { lsn } = message.row;
    this.#states.nodeHeard(node, document, lsn);
    this.#knowledge.learned(node, document, lsn);
  }

  serverSent(link: Link, bytes: Uint8Array): void {
    const frame = decodeServerFrame(bytes);
    this.#durability.serverSent(link, frame);
    const client = this.#clientOf(link);
    if (client !== null) this.#states.serverSent(link, frame, client);
  }

  serverCloses(link: Link, code: number): void {
    if (code !== errorCodes['heartbeat-timeout'].close || link.isHeardByBoth) return;
    this.coverage.occurred('heartbeat ends a half-open connection');
  }

  published(node: string, document: string, bytes: Uint8Array): void {
    const message = decodeBusMessage(bytes);
    if (message.type === 'row') this.#durability.published(node, document, message.row);
  }

  serverLogged(node: string, event: LogEvent): void {
    const { code = '', document } = event;
    const isExcused = document !== undefined && this.#isExcused(document) && excusedEnds.has(code);
    const isGone = event.event === 'connection-closed' && goneEnds.has(code);
    const isEnd = event.event === 'session-ended' && (expectedEnds.has(code) || isExcused);
    const isExpected = isGone || isEnd;
    const what = (): string => `${node}: ${event.event} ${code} ${event.detail ?? ''}`;
    this.coverage.always('G4', isExpected, what, node, document ?? node);
  }

  clientTold(client: SimClient, event: ReplicaEvent): void {
    const { name, document } = client;
    switch (event.type) {
      case 'textChanged':
        if (event.origin === 'remote') this.editorOf(client).follow(event.changes);
        return;
      case 'acked': {
        const { through } = event.ack;
        const known = this.#truthOf(document).everThrough(client.replica);
        const what = (): string => `${name} got ack ${through}, log: ${known}`;
        this.coverage.always('S1', through <= known, what, name);
        this.#noteAcked(client.replica, through);
        return;
      }
      case 'rescued':
      case 'failed': {
        const what = (): string => `${name}: ${event.type} ${event.code}`;
        const isOldCopy = event.code === 'replica-forked' && this.#stale.has(client);
        if (isOldCopy) this.coverage.occurred('old copy of a local store is found out');
        this.coverage.always('G4', this.#isExcused(document), what, name);
        return;
      }
      case 'statusChanged':
      case 'presenceChanged':
      case 'outboxChanged':
        return;
    }
  }

  clientStepped(client: SimClient): void {
    const { core, name } = client;
    if (!this.#hasMoved(client)) return;
    this.#noteReplica(client);
    const truth = this.#truthOf(client.document);
    const key = versionKey(client, truth);
    const { text } = core;
    const { view } = this.editorOf(client);
    const what = (): string => `the view of ${name} is not its text`;
    this.coverage.always('S9', text === view, what, name);
    this.#durability.clientStepped(client);
    // With an old copy about, an id may for a while name two things: until one of them is refused.
    if (!truth.hasOldCopies) this.#convergence.arrived(client, key, text);
    const own = core.fold.committed.get(core.replica);
    this.#noteAcked(core.replica, own);
    if (core.pendingOperations > client.frameOperationsMax) {
      this.coverage.occurred('more unsent than one frame takes');
    }
  }

  clientReopened(client: SimClient, held: StoredReplica | null, fate: StoreFate): void {
    const { document, replica, name } = client;
    const ledger = this.ledgerOf(document);
    const acked = this.#acked.get(replica) ?? 0;
    this.#convergence.forgetOrder(document);
    this.#editors.delete(client);
    this.#places.delete(client);
    this.#replicas.delete(client);
    ledger.ended(replica, acked);
    if (held === null) return;
    if (held.batches.length > 0) this.coverage.occurred('tab reopened with unsent edits');
    this.#truthOf(document).owns(name, held.identity.replica);
    if (fate === 'intact' && held.identity.replica === replica) {
      // It goes on where it was: what it gives from now on is owed again.
      ledger.goesOn(held.identity.replica, held.last);
      return;
    }
    this.#stale.add(client);
    this.#truthOf(document).hasOldCopies = true;
    ledger.copied(held.identity.replica, this.#acked.get(held.identity.replica) ?? 0);
  }

  badSnapshot(lane: string, bad: BadSnapshot): void {
    this.#playback.badSnapshot(lane, bad);
  }

  playedBack(played: PlayedBack): void {
    this.#playback.playedBack(played);
  }

  /** Whether it has other operations than after its last step, or is another replica. */
  #hasMoved(client: SimClient): boolean {
    const { fold, replica } = client.core;
    const { sequence, lsn } = fold;
    const own = sequence.versionVector.get(replica);
    const last = this.#places.get(client);
    const isSame = last?.sequence === sequence && last.lsn === lsn && last.own === own;
    if (isSame && last.replica === replica) return false;
    this.#places.set(client, { sequence, lsn, own, replica });
    return true;
  }

  /** Rows were lost, or an old copy of a store is about: honest replicas may end. */
  #isExcused(document: string): boolean {
    const { lost, hasOldCopies } = this.#truthOf(document);
    return lost > 0 || hasOldCopies;
  }

  #noteAcked(replica: number, through: number): void {
    this.#acked.set(replica, Math.max(this.#acked.get(replica) ?? 0, through));
  }

  /** A client that goes on as another replica leaves the old one behind. */
  #noteReplica(client: SimClient): void {
    const { replica, document, name } = client;
    const before = this.#replicas.get(client);
    if (before === replica) return;
    this.#replicas.set(client, replica);
    this.#truthOf(document).owns(name, replica);
    if (before === undefined) return;
    const what = (): string => `${name} goes on as another replica`;
    this.coverage.always('G4', this.#isExcused(document), what, name);
    this.ledgerOf(document).ended(before, this.#acked.get(before) ?? 0);
  }
}
