/**
 * The people of one era: who edits which documents, what they do, and what becomes of it.
 *
 * Hands everything that happens to the history and the witness, and judges what needs no log at
 * once: that views follow (S9), that equal versions are equal texts (S8), that nobody is refused
 * (G4).
 */
import { createHash } from 'node:crypto';
import { Random } from '../../engine/random.ts';
import { decodeBusMessage } from '../../proto/bus-codec.ts';
import type { Splice } from '../../proto/frame-messages.ts';
import { decodeServerFrame } from '../../proto/server-frame.ts';
import {
  ConvergenceCheck,
  type SeenClient,
  vectorKey,
} from '../../sim/checks/check-convergence.ts';
import type { JudgedLink } from '../../sim/checks/check-durability.ts';
import type { Coverage } from '../../sim/checks/coverage.ts';
import { Violation } from '../../sim/checks/violation.ts';
import type { Availability } from './availability.ts';
import type { BusMessage } from './bus-tap.ts';
import type { History } from './history.ts';
import type { Judge } from './judge.ts';
import type { Node } from './node.ts';
import { type ClientObserver, TortureClient } from './torture-client.ts';
import type { Witness } from './witness.ts';

export interface CrowdParts {
  readonly seed: number;
  readonly judge: Judge;
  readonly witness: Witness;
  readonly history: History;
  readonly availability: Availability;
  /** Takes a Violation, or what the client library threw. */
  readonly onFault: (error: unknown) => void;
}

/** What tells two states of a client apart. */
interface Place {
  readonly lsn: number;
  /** Own timestamp. */
  readonly own: number;
}

export class Crowd implements ClientObserver {
  readonly clients: TortureClient[] = [];
  /** Those of them who are on a short visit. */
  readonly #visiting: TortureClient[] = [];
  /** Edits made. */
  edits = 0;
  readonly #parts: CrowdParts;
  readonly #places = new Map<TortureClient, Place>();
  readonly #replicas = new Map<TortureClient, number>();
  /** By replica, what a server said to be durable of it. */
  readonly #settled = new Map<number, number>();
  #convergence: ConvergenceCheck;

  constructor(parts: CrowdParts) {
    this.#parts = parts;
    this.#convergence = new ConvergenceCheck(parts.judge.coverage);
  }

  /** Somebody opens a document; connects to one of these nodes. */
  enter(name: string, document: string, nodes: readonly Node[]): TortureClient {
    const { judge, seed } = this.#parts;
    const client = new TortureClient({
      ...{ name, document, nodes, observer: this },
      random: new Random(seed, `${name} of ${document}`),
      ledger: judge.ledgerOf(document),
      coverage: judge.coverage,
    });
    judge.truthOf(document).owns(name, client.replica);
    this.#replicas.set(client, client.replica);
    this.clients.push(client);
    return client;
  }

  /** They go; everything that they typed is settled. */
  leave(clients: readonly TortureClient[]): void {
    for (const client of clients) {
      client.close();
      this.clients.splice(this.clients.indexOf(client), 1);
    }
  }

  /** As `enter`, until `endVisits`. */
  visit(name: string, document: string, nodes: readonly Node[]): TortureClient {
    const client = this.enter(name, document, nodes);
    this.#visiting.push(client);
    return client;
  }

  endVisits(): void {
    this.leave(this.#visiting.splice(0));
  }

  /** Everybody is at the same version, so earlier ones do not come again. */
  beginRound(): void {
    this.#convergence = new ConvergenceCheck(this.#parts.judge.coverage);
  }

  get documents(): readonly string[] {
    return [...new Set(this.clients.map(({ document }) => document))];
  }

  received(link: JudgedLink, bytes: Uint8Array): void {
    const { history, witness } = this.#parts;
    history.note('received', { link: link.name, hex: Buffer.from(bytes).toString('hex') });
    const frame = decodeServerFrame(bytes);
    if (frame.welcome !== null) {
      const { through } = frame.welcome;
      // What an ack that was lost would have said.
      if (through > (this.#settled.get(link.replica) ?? 0)) {
        this.#told();
      }
      this.#settle(link.replica, through);
    }
    witness.observe({ type: 'received', link, frame });
  }

  /** A node told the others of a row. */
  published({ node, document, bytes }: BusMessage): void {
    const { history, witness } = this.#parts;
    history.note('published', { node, document, hex: Buffer.from(bytes).toString('hex') });
    const message = decodeBusMessage(bytes);
    if (message.type !== 'row') return;
    witness.observe({ type: 'published', node, document, row: message.row });
  }

  stepped(client: TortureClient): void {
    const { session, name, document, replica } = client;
    const { versionVector, cursor, text } = session;
    const own = versionVector.get(replica) ?? 0;
    const { lsn } = cursor;
    const last = this.#places.get(client);
    if (last?.lsn === lsn && last.own === own) return;
    this.#places.set(client, { lsn, own });
    const { judge, witness } = this.#parts;
    const view = (): string => `the view of ${name} is not its text`;
    const coverage: Coverage = judge.coverage;
    coverage.always('S9', text === client.view, view, name);
    const isSame = this.#replicas.get(client) === replica;
    const another = (): string => `${name} goes on as another replica`;
    coverage.always('G4', isSame, another, name);
    this.#convergence.arrived(seenOf(client), vectorKey(document, versionVector), text);
    const settled = this.#settled.get(replica) ?? 0;
    const fold = {
      ...{ lsn, operations: null, committed: { get: () => settled } },
      sequence: { versionVector },
    };
    witness.observe({ type: 'stepped', client: { name, document, core: { replica, fold } } });
  }

  edited(client: TortureClient, splices: readonly Splice[]): void {
    const { judge, history, availability } = this.#parts;
    const { name, document, replica, session } = client;
    const last = session.versionVector.get(replica) ?? 0;
    this.edits++;
    const operations = splices.reduce((sum, { deleted, inserted }) => {
      return sum + deleted + inserted.length;
    }, 0);
    judge.typed(document, { replica, last, operations });
    history.note('edited', { client: name, document, splices, last });
    if (!client.isOffline) availability.edited(performance.now());
  }

  acknowledged(client: TortureClient, through: number): void {
    const { history, witness } = this.#parts;
    const { name, document, replica } = client;
    history.note('acknowledged', { client: name, document, replica, through });
    this.#settle(replica, through);
    this.#told();
    witness.observe({ type: 'acknowledged', client: name, document, replica, through });
  }

  statusChanged(client: TortureClient): void {
    const { name, session } = client;
    this.#parts.history.note('status', { client: name, status: session.status });
    if (client.isOffline && !this.#isWaiting) {
      this.#parts.availability.nobodyWaits(performance.now());
    }
  }

  refused(client: TortureClient, what: string): void {
    const { name } = client;
    this.#parts.history.note('refused', { client: name, what });
    this.threw(client, new Violation('G4', `${name}: ${what}`, { about: [name] }));
  }

  threw(_client: TortureClient, error: unknown): void {
    this.#parts.onFault(error);
  }

  /** Characters that are twice in somebody's text. */
  get doubled(): number {
    const counts = this.clients.map((client) => {
      const ids = [...client.ids()].map(({ timestamp, replica }) => `${timestamp}.${replica}`);
      return ids.length - new Set(ids).size;
    });
    return Math.max(0, ...counts);
  }

  get #isWaiting(): boolean {
    return this.clients.some(({ isOffline, session }) => !isOffline && session.pending > 0);
  }

  /** Somebody was told that something is durable. */
  #told(): void {
    const { availability } = this.#parts;
    if (this.#isWaiting) availability.acknowledged(performance.now());
    else availability.nobodyWaits(performance.now());
  }

  #settle(replica: number, through: number): void {
    this.#settled.set(replica, Math.max(through, this.#settled.get(replica) ?? 0));
  }
}

/** Hash of the ids of all visible characters: what the library lets see of a state. */
export function digestOf(client: TortureClient): string {
  const hash = createHash('sha256');
  for (const { timestamp, replica } of client.ids()) hash.update(`${timestamp}.${replica} `);
  return hash.digest('hex');
}

function seenOf(client: TortureClient): SeenClient {
  const { name, document, session } = client;
  const sequence = {
    length: session.length,
    idAt: (index: number) => session.idAt(index),
    digest: () => digestOf(client),
  };
  return { name, document, core: { fold: { sequence } } };
}
