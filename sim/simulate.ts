/**
 * One run: people work while things go wrong, then all faults end, and what must happen has to
 * happen.
 *
 *   fault phase ─▶ healing (liveness within a bound) ─▶ newcomers join each node ─▶ final judgement
 *
 * The same seed and choices give the same run, event for event. The first violation ends it; an
 * error thrown by the product is one too.
 */
import { Checks } from './checks.ts';
import { Faults } from './fault-plan.ts';
import { Nemesis } from './nemesis.ts';
import { drawScenario, type Scenario, type ScenarioChoice } from './scenario.ts';
import { SimBus } from './sim-bus.ts';
import { SimClient } from './sim-client.ts';
import { SimLog } from './sim-log.ts';
import { Link } from './sim-network.ts';
import { type NodeParts, SimNode } from './sim-node.ts';
import { check, Violation, type ViolationKind } from './violation.ts';
import { type Site, World } from './world.ts';

export interface SimOptions {
  /** Parts of the scenario that the caller decides; the rest is drawn from the seed. */
  readonly scenario?: ScenarioChoice;
  /** Keep the trace's lines. */
  readonly trace?: boolean;
}

export interface FoundViolation {
  readonly kind: ViolationKind;
  /** As numbered in the design and the simulator's documentation. */
  readonly property: string;
  readonly message: string;
  /** Names of those involved. */
  readonly about: readonly string[];
  /** Number of events before it. */
  readonly event: number;
  readonly timeMs: number;
}

export interface SimResult {
  readonly seed: number;
  readonly violation: FoundViolation | null;
  readonly events: number;
  /** Distinct operations in the log. */
  readonly committedOperations: number;
  readonly committedRows: number;
  readonly faults: number;
  readonly faultsByKind: ReadonlyMap<string, number>;
  readonly simulatedMs: number;
  readonly traceHash: string;
  /** Of each document, what everybody has; empty after a violation. */
  readonly finalTexts: readonly string[];
  /** Empty unless asked for. */
  readonly trace: readonly string[];
}

export function simulate(seed: number, options: SimOptions = {}): SimResult {
  const scenario = drawScenario(seed, options.scenario);
  const run = new Run(scenario, { keepLines: options.trace === true });
  let violation: FoundViolation | null = null;
  let finalTexts: readonly string[] = [];
  try {
    finalTexts = run.play();
  } catch (error) {
    violation = run.judge(error);
  }
  return { seed, violation, finalTexts, ...run.summary() };
}

/** A run that takes more events than this is going round in circles. */
const eventsMax = 200_000;

class Run {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #faults: Faults;
  readonly #log: SimLog;
  readonly #bus: SimBus;
  readonly #checks: Checks;
  readonly #documents: readonly string[];
  readonly #nodes: SimNode[] = [];
  readonly #clients: SimClient[] = [];
  readonly #nodeChoice = new Map<string, Site>();

  constructor(scenario: Scenario, options: { readonly keepLines: boolean }) {
    this.#scenario = scenario;
    this.#world = new World({ seed: scenario.seed, ...options });
    this.#faults = new Faults(scenario.faults);
    this.#log = new SimLog(this.#world, this.#faults);
    this.#bus = new SimBus(this.#world, this.#faults);
    this.#documents = Array.from({ length: scenario.documents }, (_, index) => `doc${index}`);
    this.#checks = new Checks((document) => this.#log.truthOf(document));
  }

  /** Returns the final text of each document. */
  play(): readonly string[] {
    const { durationMs, clients, intents } = this.#scenario;
    this.#startNodes();
    for (let index = 0; index < clients; index++) {
      this.#clients.push(this.#newClient(`c${index}`, index, null));
    }
    for (const client of this.#clients) client.start();
    for (const { atMs, client, action } of intents) {
      const editor = this.#checks.editorOf(this.#someClient(client));
      if (atMs < durationMs) this.#world.after(atMs, () => editor.perform(action));
    }
    const parts = { log: this.#log, bus: this.#bus, nodes: this.#nodes, clients: this.#clients };
    const nemesis = new Nemesis({ world: this.#world, faults: this.#faults, ...parts });
    nemesis.plan(durationMs);
    this.#runUntil(durationMs);
    nemesis.heal();
    this.#awaitDurable('L1');
    this.#addNewcomers();
    this.#awaitDurable('L2');
    return this.#documents.map((document) => this.#settle(document));
  }

  /** What an error that ended the run says. */
  judge(error: unknown): FoundViolation {
    const at = { event: this.#world.trace.count, timeMs: this.#world.nowMs };
    if (error instanceof Violation) {
      const { kind, property, message, about } = error;
      return { kind, property, message, about, ...at };
    }
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'crash', property: 'assert', message, about: [], ...at };
  }

  summary(): Omit<SimResult, 'seed' | 'violation' | 'finalTexts'> {
    const truths = this.#documents.map((document) => this.#log.truthOf(document));
    const { trace } = this.#world;
    return {
      events: trace.count,
      committedOperations: truths.reduce((sum, { operations }) => sum + operations, 0),
      committedRows: truths.reduce((sum, { head }) => sum + head, 0),
      faults: this.#faults.total,
      faultsByKind: this.#faults.byKind,
      simulatedMs: this.#world.nowMs,
      traceHash: trace.hash,
      trace: trace.lines,
    };
  }

  #startNodes(): void {
    const parts: NodeParts = {
      world: this.#world,
      faults: this.#faults,
      limits: this.#scenario.limits,
      log: this.#log,
      bus: this.#bus,
      observer: this.#checks,
    };
    for (let index = 0; index < this.#scenario.nodes; index++) {
      this.#nodes.push(new SimNode(`n${index}`, parts));
    }
  }

  /** A client of document `index`; `node`: where it connects, null = anywhere. */
  #newClient(name: string, index: number, node: SimNode | null): SimClient {
    const [world, faults] = [this.#world, this.#faults];
    return new SimClient({
      world,
      faults,
      name,
      document: `doc${index % this.#scenario.documents}`,
      settings: this.#scenario.settings,
      observer: this.#checks,
      connect: (client, connection) =>
        new Link({ world, faults, client, server: node ?? this.#pickNode(client), connection }),
    });
  }

  #pickNode(client: SimClient): SimNode {
    const choice = this.#nodeChoice.get(client.name) ?? this.#world.site(`${client.name} node`);
    this.#nodeChoice.set(client.name, choice);
    const up = this.#nodes.filter(({ isUp }) => isUp);
    const from = up.length > 0 ? up : this.#nodes;
    const node = from[choice.between(0, from.length - 1)];
    check(node !== undefined, 'harness', () => 'a cluster without nodes');
    return node;
  }

  #someClient(index: number): SimClient {
    const client = this.#clients[index % this.#clients.length];
    check(client !== undefined, 'harness', () => 'a cluster without clients');
    return client;
  }

  #runUntil(timeMs: number): void {
    while ((this.#world.nextMs ?? timeMs) < timeMs) this.#step();
  }

  #step(): void {
    this.#world.step();
    if (this.#world.trace.count <= eventsMax) return;
    throw new Violation('L4', `more than ${eventsMax} events`, { kind: 'liveness' });
  }

  /** Runs until everybody has everything and knows it; a violation if that takes too long. */
  #awaitDurable(property: string): void {
    const untilMs = this.#world.nowMs + this.#patienceMs();
    while (!this.#clients.every((client) => this.#isDone(client))) {
      if ((this.#world.nextMs ?? untilMs) >= untilMs) this.#giveUp(property);
      this.#step();
    }
  }

  #isDone({ core, document }: SimClient): boolean {
    const isSettled = core.status === 'durable' && core.pendingOperations === 0;
    return isSettled && core.fold.lsn === this.#log.truthOf(document).head;
  }

  #giveUp(property: string): never {
    const late = this.#clients.filter((client) => !this.#isDone(client));
    const states = late.map(({ name, core, document }) => {
      const { head } = this.#log.truthOf(document);
      const { status, pendingOperations: pending } = core;
      return `${name} ${status}, ${pending} pending, row ${core.fold.lsn} of ${head}`;
    });
    const about = late.map(({ name }) => name);
    const message = `not in sync ${this.#patienceMs()} ms after healing: ${states.join('; ')}`;
    throw new Violation(property, message, { kind: 'liveness', about });
  }

  /** Everything that may lie between healing and being in sync, ten times. */
  #patienceMs(): number {
    const { limits, settings, faults } = this.#scenario;
    const heartbeat = 2 * Math.max(limits.heartbeatMs, settings.heartbeatMs);
    const slow = faults.latencyMaxMs * faults.slowFactor + faults.logLatencyMaxMs;
    return 10 * (heartbeat + settings.backoffMaxMs + limits.retryMaxMs + limits.silenceMs + slow);
  }

  /** A client that comes new to each document on each node: it must see what everybody sees. */
  #addNewcomers(): void {
    for (const node of this.#nodes) {
      for (let index = 0; index < this.#documents.length; index++) {
        const newcomer = this.#newClient(`new ${node.name} doc${index}`, index, node);
        this.#clients.push(newcomer);
        newcomer.start();
      }
    }
  }

  #settle(document: string): string {
    const text = this.#checks.ledgerOf(document).settle(document, this.#log.truthOf(document));
    const clients = this.#clients.filter((client) => client.document === document);
    const digests = new Set(clients.map(({ core }) => core.fold.sequence.digest()));
    clients[0]?.core.fold.sequence.check(); // The others have the same state, by their digests.
    for (const { name, core } of clients) {
      check(core.text === text, 'G1', () => `${name} ends with another text than the log's`, name);
    }
    check(
      digests.size <= 1,
      'G1',
      () => `${digests.size} different states of ${document}`,
      document,
    );
    return text;
  }
}
