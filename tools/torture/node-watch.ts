/**
 * Watches the nodes' processes and what they log: none ends by itself, and none refuses an honest
 * client (G4).
 */
import { Violation } from '../../sim/checks/violation.ts';
import type { Node, NodeLine } from './node.ts';

/** Ends of a session that are nobody's mistake. */
const expectedEnds: ReadonlySet<string> = new Set(['superseded', 'heartbeat-timeout', 'draining']);
/** Events that an honest cluster never has. */
const neverEvents: ReadonlySet<string> = new Set(['frame-refused', 'bus-message-unreadable']);

export class NodeWatch {
  /** Times that the log's connection broke because PostgreSQL's disk was full. */
  diskFullFelt = 0;
  readonly #refusals: Violation[] = [];
  readonly #crashed = new Set<Node>();

  readonly onLine = (node: Node, line: NodeLine): void => {
    const { event, code = '', detail = '', reason = '' } = line;
    if (/No space left/.test(reason)) this.diskFullFelt++;
    const isUnexpected = event === 'session-ended' && !expectedEnds.has(code);
    if (!isUnexpected && !neverEvents.has(event)) return;
    const message = `${node.name}: ${event} ${code} ${detail}`;
    this.#refusals.push(new Violation('G4', message, { about: [node.name] }));
  };

  /** Throws a Violation for what has been seen since. */
  look(nodes: readonly Node[]): void {
    for (const node of nodes) {
      node.read();
      const before = this.#crashed.has(node);
      if (!node.hasCrashed) this.#crashed.delete(node);
      else this.#crashed.add(node);
      // Ctrl-C reaches every process of a terminal: if it was that, the run has ended by next time.
      if (!before || !node.hasCrashed) continue;
      const last = node.logs.trim().split('\n').slice(-10).join('\n');
      const about = [node.name];
      throw new Violation('assert', `${node.name} ended:\n${last}`, { kind: 'crash', about });
    }
    const refusal = this.#refusals.shift();
    if (refusal !== undefined) throw refusal;
  }
}
