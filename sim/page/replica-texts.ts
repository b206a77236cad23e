/**
 * Which text every replica shows at a moment, by document.
 *
 * A lane's text is the last one that an event of it carried. Clients are there from the start, with
 * no text yet; others (who opens a document at the end) from their first text on.
 */
import type { Run } from './run.ts';

export interface ReplicaText {
  readonly lane: string;
  /** null: it has shown none so far. */
  readonly text: string | null;
  /** Number of the event that brought it; null likewise. */
  readonly since: number | null;
}

export interface DocumentTexts {
  readonly document: string;
  readonly replicas: readonly ReplicaText[];
}

interface Change {
  readonly place: number;
  readonly n: number;
  readonly text: string;
}

export class ReplicaTexts {
  /** By lane, in the order of the lanes; oldest first. */
  readonly #changes = new Map<string, Change[]>();
  readonly #documents = new Map<string, string>();

  constructor(run: Run) {
    const { clients } = run.trace.header.scenario;
    const names = [...new Set(clients.map(({ document }) => document))];
    for (const { name, document } of clients) this.#documents.set(name, document);
    for (const lane of run.lanes) {
      if (this.#documents.has(lane)) this.#changes.set(lane, []);
    }
    for (const [place, { n, lane, text }] of run.events.entries()) {
      if (text === undefined) continue;
      const changes = this.#changes.get(lane) ?? [];
      changes.push({ place, n, text });
      this.#changes.set(lane, changes);
      if (!this.#documents.has(lane)) this.#documents.set(lane, documentIn(lane, names));
    }
  }

  /** What is shown once the event at `place` has happened. */
  at(place: number): DocumentTexts[] {
    const documents = new Map<string, ReplicaText[]>();
    for (const [lane, changes] of this.#changes) {
      const change = changes.findLast((candidate) => candidate.place <= place);
      const [first] = changes;
      // Somebody new is not there before there is something to show.
      if (change === undefined && first !== undefined && isNewcomer(lane)) continue;
      const document = this.#documents.get(lane) ?? '';
      const replicas = documents.get(document) ?? [];
      replicas.push({ lane, text: change?.text ?? null, since: change?.n ?? null });
      documents.set(document, replicas);
    }
    return [...documents]
      .map(([document, replicas]) => ({ document, replicas }))
      .sort((a, b) => (a.document < b.document ? -1 : a.document > b.document ? 1 : 0));
  }
}

function isNewcomer(lane: string): boolean {
  return lane.includes(' ');
}

/** `new n0 doc0` names its document; who names none belongs to the only one there is. */
function documentIn(lane: string, names: readonly string[]): string {
  const named = names.find((name) => lane.split(' ').includes(name));
  const [only] = names;
  return named ?? (names.length === 1 && only !== undefined ? only : 'no document');
}
