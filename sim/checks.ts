/** All checkers behind one observer, and the list of what an honest cluster never does. */
import type { LogEvent } from '../engine/driver/gateway-driver.ts';
import type { ReplicaEvent } from '../engine/driver/replica-driver.ts';
import { ConvergenceCheck, versionKey } from './check-convergence.ts';
import { DurabilityCheck } from './check-durability.ts';
import { TypedLedger } from './check-exactly-once.ts';
import { Editor } from './editor.ts';
import type { LogTruth } from './log-truth.ts';
import type { Observer } from './observer.ts';
import type { SimClient } from './sim-client.ts';
import type { Link } from './sim-network.ts';
import { check } from './violation.ts';

/** Ends of a session that are nobody's mistake. */
const expectedEnds: ReadonlySet<string> = new Set(['superseded', 'heartbeat-timeout', 'draining']);

export class Checks implements Observer {
  readonly #durability: DurabilityCheck;
  readonly #convergence = new ConvergenceCheck();
  readonly #editors = new Map<SimClient, Editor>();
  readonly #versions = new Map<SimClient, string>();
  readonly #ledgers = new Map<string, TypedLedger>();
  readonly #truthOf: (document: string) => LogTruth;
  constructor(truthOf: (document: string) => LogTruth) {
    this.#truthOf = truthOf;
    this.#durability = new DurabilityCheck(truthOf);
  }

  editorOf(client: SimClient): Editor {
    const known = this.#editors.get(client);
    if (known !== undefined) return known;
    const editor = new Editor(client, this.ledgerOf(client.document));
    this.#editors.set(client, editor);
    return editor;
  }

  ledgerOf(document: string): TypedLedger {
    const ledger = this.#ledgers.get(document) ?? new TypedLedger();
    this.#ledgers.set(document, ledger);
    return ledger;
  }

  serverSent(link: Link, bytes: Uint8Array): void {
    this.#durability.serverSent(link, bytes);
  }

  published(_node: string, document: string, bytes: Uint8Array): void {
    this.#durability.published(document, bytes);
  }

  serverLogged(node: string, event: LogEvent): void {
    const isExpected = event.event === 'session-ended' && expectedEnds.has(event.code ?? '');
    const what = (): string => `${node}: ${event.event} ${event.code ?? ''} ${event.detail ?? ''}`;
    check(isExpected, 'S13', what, node, event.document ?? node);
  }

  clientTold(client: SimClient, event: ReplicaEvent): void {
    const { name, document } = client;
    switch (event.type) {
      case 'textChanged':
        if (event.origin === 'remote') this.editorOf(client).follow(event.changes);
        return;
      case 'acked': {
        const { through } = event.ack;
        const known = this.#truthOf(document).through(client.replica);
        check(through <= known, 'G3', () => `${name} got ack ${through}, log: ${known}`, name);
        return;
      }
      case 'rescued':
      case 'failed':
        check(false, 'G3', () => `${name}: ${event.type} ${event.code}`, name);
        return;
      case 'statusChanged':
      case 'presenceChanged':
        return;
    }
  }

  clientStepped(client: SimClient): void {
    const key = versionKey(client);
    if (this.#versions.get(client) === key) return;
    this.#versions.set(client, key);
    const { text } = client.core;
    const { view } = this.editorOf(client);
    check(text === view, 'S9', () => `the view of ${client.name} is not its text`, client.name);
    this.#durability.clientStepped(client);
    this.#convergence.arrived(client, key, text);
  }
}
