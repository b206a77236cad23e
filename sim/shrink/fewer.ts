/** Passes that leave something out: time, actors, faults, intents, questions. */
import type { Fault } from '../scenario/faults.ts';
import { documentsOf, type Scenario } from '../scenario/scenario.ts';
import { victimsOf } from '../scenario/scenario-mistake.ts';
import type { Attempts } from './attempts.ts';

/** What comes after the first bad event, then the time in which nothing happens any more. */
export function cutAfterFailure(attempts: Attempts): void {
  const endMs = Math.max(2, attempts.violation.timeMs + 1);
  if (endMs < attempts.scenario.durationMs) {
    const before = until(attempts.scenario, endMs);
    // With a shorter fault phase healing comes earlier, which can change what fails.
    if (!attempts.attempt({ ...before, durationMs: endMs }) && isLess(before, attempts.scenario)) {
      attempts.attempt(before);
    }
  }
  const { intents, faults, questions, durationMs } = attempts.scenario;
  const lastMs = Math.max(1, ...[...intents, ...faults, ...questions].map(({ atMs }) => atMs));
  if (lastMs + 1 < durationMs) attempts.attempt({ durationMs: lastMs + 1 });
}

/** Whole documents, clients and nodes; then clients meet in one document. */
export function dropActors(attempts: Attempts): void {
  for (const document of documentsOf(attempts.scenario)) {
    const clients = attempts.scenario.clients.filter((client) => client.document !== document);
    if (clients.length > 0) attemptActors(attempts, { clients });
  }
  for (const { name } of attempts.scenario.clients) {
    const clients = attempts.scenario.clients.filter((client) => client.name !== name);
    if (clients.length > 0) attemptActors(attempts, { clients });
  }
  for (const name of attempts.scenario.nodes) {
    const nodes = attempts.scenario.nodes.filter((node) => node !== name);
    if (nodes.length > 0) attemptActors(attempts, { nodes });
  }
  const [first, ...others] = documentsOf(attempts.scenario);
  if (first === undefined || others.length === 0) return;
  const clients = attempts.scenario.clients.map((client) => ({ ...client, document: first }));
  attemptActors(attempts, { clients });
}

/** All questions at once; single ones are left out like faults. */
export function dropQuestions(attempts: Attempts): void {
  if (attempts.scenario.questions.length > 0) attempts.attempt({ questions: [] });
}

/**
 * Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
 * 2002), by complements: ever smaller pieces are left out, until no single one can be.
 */
export function dropItems(attempts: Attempts, list: 'faults' | 'intents' | 'questions'): void {
  for (let size = attempts.scenario[list].length; size >= 1; ) {
    let isSmaller = false;
    for (let start = 0; start < attempts.scenario[list].length && !attempts.isUsedUp; ) {
      const left = without(attempts.scenario, { list, start, size });
      if (attempts.attempt(left)) isSmaller = true;
      else start += size;
    }
    // Leaving one out can make another one needless.
    if (size > 1) size = Math.ceil(size / 2);
    else if (!isSmaller) break;
  }
}

interface Piece {
  readonly list: 'faults' | 'intents' | 'questions';
  readonly start: number;
  readonly size: number;
}

function without(scenario: Scenario, { list, start, size }: Piece): Partial<Scenario> {
  return { [list]: scenario[list].toSpliced(start, size) };
}

function attemptActors(
  attempts: Attempts,
  actors: Partial<Pick<Scenario, 'clients' | 'nodes'>>,
): void {
  attempts.attempt(withoutStrangers({ ...attempts.scenario, ...actors }));
}

/** Leaves out all that names somebody who is not there. */
function withoutStrangers(scenario: Scenario): Scenario {
  const { clients, nodes, faults, intents, questions } = scenario;
  const people = new Set(clients.map(({ name }) => name));
  const documents = new Set(documentsOf(scenario));
  const everybody = new Set([...people, ...nodes, ...documents]);
  return {
    ...scenario,
    intents: intents.filter(({ client }) => people.has(client)),
    faults: faults.map((fault) => narrowed(fault, everybody)).filter((fault) => fault !== null),
    questions: questions.filter(({ document }) => documents.has(document)),
  };
}

/** The fault as far as it hits somebody of these; null: it hits nobody. */
function narrowed(fault: Fault, everybody: ReadonlySet<string>): Fault | null {
  if (fault.type !== 'partition') {
    return victimsOf(fault).every((name) => everybody.has(name)) ? fault : null;
  }
  const clients = fault.clients.filter((name) => everybody.has(name));
  const nodes = fault.nodes.filter((name) => everybody.has(name));
  return clients.length > 0 && nodes.length > 0 ? { ...fault, clients, nodes } : null;
}

type Items = Pick<Scenario, 'intents' | 'faults' | 'questions'>;

function until({ intents, faults, questions }: Items, endMs: number): Items {
  const isEarly = ({ atMs }: { readonly atMs: number }): boolean => atMs < endMs;
  return {
    intents: intents.filter(isEarly),
    faults: faults.filter(isEarly),
    questions: questions.filter(isEarly),
  };
}

function isLess(a: Items, b: Items): boolean {
  const size = ({ intents, faults, questions }: Items): number =>
    intents.length + faults.length + questions.length;
  return size(a) < size(b);
}
