/**
 * One run: people work while things go wrong, then all faults end, and what must happen has to
 * happen.
 *
 *   fault phase ─▶ healing (L1, L2 within a bound) ─▶ newcomers join each node
 *     ─▶ final judgement ─▶ presence (L6) ─▶ snapshots (L7) ─▶ the past is asked for again (L3)
 *     ─▶ everybody leaves (L4, L5)
 *
 * The same scenario gives the same run, event for event. The first violation ends it; an error
 * thrown by the product is one too.
 */
import { Nemesis } from './actors/nemesis.ts';
import { PlaybackReader } from './actors/playback-reader.ts';
import { SimClient } from './actors/sim-client.ts';
import { type NodeParts, SimNode } from './actors/sim-node.ts';
import { simSnapshotSource } from './actors/sim-snapshots.ts';
import { Checks } from './checks/checks.ts';
import type { Coverage } from './checks/coverage.ts';
import { type FoundViolation, Violation } from './checks/violation.ts';
import { fenced } from './fence.ts';
import type { SimOptions, SimResult } from './result.ts';
import { FaultCount } from './scenario/faults.ts';
import { documentsOf, type Scenario } from './scenario/scenario.ts';
import { SimBus } from './world/sim-bus.ts';
import { SimLog } from './world/sim-log.ts';
import { Link, Partitions } from './world/sim-network.ts';
import { SimObjects } from './world/sim-objects.ts';
import { SimSnapshotIndex } from './world/sim-snapshot-index.ts';
import { type Site, World } from './world/world.ts';

/** Runs a scenario. Never throws; what the product throws is a violation of the kind `crash`. */
export function simulate(scenario: Scenario, options: SimOptions = {}): SimResult {
  return fenced(() => {
    const run = new Run(scenario, { keepEvents: options.trace === true });
    let violation: FoundViolation | null = null;
    let finalTexts: readonly string[] = [];
    try {
      finalTexts = run.play();
    } catch (error) {
      violation = run.judge(error);
    }
    return { seed: scenario.seed, violation, finalTexts, ...run.summary() };
  });
}

/** Everybody who can occur in the trace of a scenario, in the order in which they are drawn. */
export function lanesOf(scenario: Scenario): string[] {
  const { clients, nodes } = scenario;
  const newcomers = nodes.flatMap((node) =>
    documentsOf(scenario).map((document) => newcomerName(node, document)),
  );
  const names = clients.map(({ name }) => name);
  return ['nemesis', ...names, ...nodes, 'log', 'bus', 'objects', 'playback', ...newcomers];
}

function newcomerName(node: string, document: string): string {
  return `new ${node} ${document}`;
}

/** A run that takes more events than this is going round in circles. */
const eventsMax = 200_000;

class Run {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #faults: FaultCount;
  readonly #partitions = new Partitions();
  readonly #log: SimLog;
  readonly #bus: SimBus;
  readonly #objects: SimObjects;
  readonly #snapshots: SimSnapshotIndex;
  readonly #playback: PlaybackReader;
  readonly #checks: Checks;
  readonly #documents: readonly string[];
  readonly #nodes = new Map<string, SimNode>();
  readonly #clients = new Map<string, SimClient>();
  readonly #nodeChoice = new Map<string, Site>();

  constructor(scenario: Scenario, options: { readonly keepEvents: boolean }) {
    this.#scenario = scenario;
    const world = new World({ seed: scenario.seed, ...options });
    this.#world = world;
    this.#faults = new FaultCount(scenario.rates);
    this.#log = new SimLog(world, this.#faults);
    this.#bus = new SimBus(world, this.#faults);
    this.#objects = new SimObjects(world, this.#faults);
    this.#snapshots = new SimSnapshotIndex(world, this.#log);
    this.#documents = documentsOf(scenario);
    const observer = new Checks({
      truthOf: (document) => this.#log.truthOf(document),
      clientOf: ({ client }) => this.#clients.get(client.name) ?? null,
    });
    this.#checks = observer;
    this.#log.onCommitted = (row) => observer.committed(row);
    const lane = 'playback';
    const isAlive = (): boolean => true;
    const objects = this.#objects.connect(lane, isAlive);
    const source = { lane, isAlive, index: this.#snapshots, objects, observer };
    const snapshots = simSnapshotSource(source);
    this.#playback = new PlaybackReader({ world, log: this.#log, snapshots, observer });
  }

  /** Returns the final text of each document. */
  play(): readonly string[] {
    const { durationMs, faults } = this.#scenario;
    this.#startNodes();
    for (const { name, document } of this.#scenario.clients) this.#addClient(name, document, null);
    // What stands in the scenario has no cause.
    for (const client of this.#clients.values()) this.#world.resume(0, () => client.start());
    const nemesis = this.#nemesis();
    this.#world.resume(0, () => {
      this.#planWork();
      nemesis.plan(faults);
    });
    this.#runUntil(durationMs);
    this.#world.resume(0, () => nemesis.heal());
    this.#awaitDurable('L1');
    this.#addNewcomers();
    this.#awaitDurable('L2');
    const texts = this.#documents.map((document) => this.#settle(document));
    this.#awaitPresence();
    this.#awaitSnapshots();
    this.#playback.askAgain();
    this.#awaitAnswers();
    this.#everybodyLeaves();
    return texts;
  }

  /** What an error that ended the run says. */
  judge(error: unknown): FoundViolation {
    const at = { event: this.#world.cause, timeMs: this.#world.nowMs };
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
    const { coverage } = this.#checks;
    return {
      events: trace.count,
      committedOperations: truths.reduce((sum, { operations }) => sum + operations, 0),
      faults: this.#faults.total,
      faultsByKind: this.#faults.byKind,
      simulatedMs: this.#world.nowMs,
      traceHash: trace.hash,
      checkpoints: trace.checkpoints,
      checked: coverage.checked,
      sometimes: coverage.reached,
      trace: trace.events,
    };
  }

  #startNodes(): void {
    const parts: NodeParts = {
      world: this.#world,
      faults: this.#faults,
      limits: { ...this.#scenario.limits, snapshotRows: this.#scenario.snapshotRows },
      log: this.#log,
      objects: this.#objects,
      snapshots: this.#snapshots,
      bus: this.#bus,
      observer: this.#checks,
    };
    for (const name of this.#scenario.nodes) {
      this.#world.resume(0, () => this.#nodes.set(name, new SimNode(name, parts)));
    }
  }

  #planWork(): void {
    const { durationMs, intents, questions } = this.#scenario;
    for (const { atMs, client: name, action } of intents) {
      const client = this.#clients.get(name);
      if (client === undefined || atMs >= durationMs) continue;
      this.#world.after(atMs, () => this.#checks.editorOf(client).perform(action));
    }
    for (const question of questions) {
      this.#world.after(question.atMs, () => this.#playback.ask(question));
    }
  }

  #nemesis(): Nemesis {
    return new Nemesis({
      world: this.#world,
      faults: this.#faults,
      coverage: this.#checks.coverage,
      log: this.#log,
      bus: this.#bus,
      objects: this.#objects,
      partitions: this.#partitions,
      nodes: this.#nodes,
      clients: this.#clients,
      heartbeatMs: this.#scenario.limits.heartbeatMs,
    });
  }

  /** `node`: where it connects, null = anywhere. */
  #addClient(name: string, document: string, node: SimNode | null): SimClient {
    const [world, faults, observer] = [this.#world, this.#faults, this.#checks];
    const { settings } = this.#scenario;
    const client = new SimClient({
      ...{ world, faults, name, document, settings, observer },
      connect: (from, connection) => {
        const server = node ?? this.#pickNode(from);
        const partitions = this.#partitions;
        const link = new Link({ world, faults, client: from, server, connection, partitions });
        observer.connecting(link);
        return link;
      },
    });
    this.#clients.set(name, client);
    return client;
  }

  #pickNode(client: SimClient): SimNode {
    const choice = this.#nodeChoice.get(client.name) ?? this.#world.site(`${client.name} node`);
    this.#nodeChoice.set(client.name, choice);
    const all = [...this.#nodes.values()];
    const up = all.filter(({ isUp, isDraining }) => isUp && !isDraining);
    const from = up.length > 0 ? up : all;
    const node = from[choice.between(0, from.length - 1)];
    if (node !== undefined) return node;
    throw new Violation('H1', 'a cluster without nodes', { kind: 'harness' });
  }

  #runUntil(timeMs: number): void {
    while ((this.#world.nextMs ?? timeMs) < timeMs) this.#step();
  }

  #step(): void {
    this.#world.step();
    if (this.#world.trace.count <= eventsMax) return;
    throw new Violation('L4', `more than ${eventsMax} events`, { kind: 'liveness' });
  }

  /** Runs until `isDone`; a violation that `describe`s what is missing if that takes too long. */
  #await(
    property: 'L1' | 'L2' | 'L3' | 'L6' | 'L7',
    isDone: () => boolean,
    describe: () => readonly [string, readonly string[]],
  ): void {
    this.#checks.coverage.put(property);
    const untilMs = this.#world.nowMs + this.#patienceMs();
    while (!isDone()) {
      if ((this.#world.nextMs ?? untilMs) >= untilMs) {
        const [missing, about] = describe();
        const message = `${missing} ${this.#patienceMs()} ms after healing`;
        throw new Violation(property, message, { kind: 'liveness', about });
      }
      this.#step();
    }
  }

  /** Everybody has everything and knows it. */
  #awaitDurable(property: 'L1' | 'L2'): void {
    const late = (): SimClient[] => [...this.#clients.values()].filter((one) => !this.#isDone(one));
    let laggard: SimClient | undefined;
    this.#await(
      property,
      () => {
        // Asked after every event: mostly it is the same one who is late.
        if (laggard !== undefined && !this.#isDone(laggard)) return false;
        laggard = late().at(-1);
        return laggard === undefined;
      },
      () => {
        const states = late().map(({ name, core, document }) => {
          const { head } = this.#log.truthOf(document);
          const { status, pendingOperations: pending, fold } = core;
          return `${name} ${status}, ${pending} pending, row ${fold.lsn} of ${head}`;
        });
        return [`not in sync: ${states.join('; ')};`, late().map(({ name }) => name)];
      },
    );
  }

  #isDone({ core, document, isOpen }: SimClient): boolean {
    const isSettled = isOpen && core.status === 'durable' && core.pendingOperations === 0;
    const { lsn, at, epoch } = core.fold;
    const { head, rows } = this.#log.truthOf(document);
    if (!isSettled || lsn !== head) return false;
    // After a failover another history may be just as long.
    const last = rows.at(-1);
    return last === undefined || (last.at === at && last.epoch === epoch);
  }

  /** Everything that may lie between healing and being in sync, ten times. */
  #patienceMs(): number {
    const { limits, settings, rates } = this.#scenario;
    const heartbeat = 2 * Math.max(limits.heartbeatMs, settings.heartbeatMs);
    const slow = rates.latencyMaxMs * rates.slowFactor + rates.logLatencyMaxMs;
    const waits =
      limits.retryMaxMs + limits.silenceMs + limits.presenceLeaseMs + limits.snapshotRetryMaxMs;
    return 10 * (heartbeat + settings.backoffMaxMs + waits + slow);
  }

  /** A client that comes new to each document on each node: it must see what everybody sees. */
  #addNewcomers(): void {
    for (const node of this.#nodes.values()) {
      for (const document of this.#documents) {
        const newcomer = this.#addClient(newcomerName(node.name, document), document, node);
        this.#world.resume(0, () => newcomer.start());
      }
    }
  }

  #settle(document: string): string {
    const coverage: Coverage = this.#checks.coverage;
    const truth = this.#log.truthOf(document);
    const text = this.#checks.ledgerOf(document).settle(document, truth);
    const clients = [...this.#clients.values()].filter((client) => client.document === document);
    const digests = new Set(clients.map(({ core }) => core.fold.sequence.digest()));
    clients[0]?.core.fold.sequence.check(); // The others have the same state, by their digests.
    for (const { name, core } of clients) {
      const other = (): string => `${name} ends with another text than the log's`;
      coverage.always('S8', core.text === text, other, name);
    }
    const states = (): string => `${digests.size} different states of ${document}`;
    coverage.always('S8', digests.size <= 1, states, document);
    return text;
  }

  /** Everybody sees everybody else who shows a caret, on whatever node, once; and nobody else. */
  #awaitPresence(): void {
    const clients = [...this.#clients.values()];
    for (const client of clients.slice(this.#scenario.clients.length)) {
      this.#world.resume(0, () => client.setPresence(0, 0));
    }
    const namesOf = (names: readonly string[]): string =>
      names.toSorted((a, b) => (a < b ? -1 : 1)).join(' ');
    const blind = (): SimClient[] =>
      clients.filter((one) => {
        const others = clients.filter((each) => each !== one && each.document === one.document);
        const expected = others.filter(({ isSeen }) => isSeen).map(({ name }) => name);
        return namesOf(one.core.peers.map(({ name }) => name)) !== namesOf(expected);
      });
    let late: SimClient[] = [];
    this.#await(
      'L6',
      () => {
        late = blind();
        return late.length === 0;
      },
      () => {
        const seen = late.map(
          ({ name, core }) => `${name} sees ${namesOf(core.peers.map((peer) => peer.name))}`,
        );
        return [`presence is wrong: ${seen.join('; ')};`, late.map(({ name }) => name)];
      },
    );
  }

  /** Every log that is open and has grown by enough has a snapshot. */
  #awaitSnapshots(): void {
    const growthMax = Math.ceil((this.#scenario.snapshotRows * 5) / 4);
    const late = (): readonly string[] =>
      this.#documents.filter((document) => {
        const { head } = this.#log.truthOf(document);
        return head - this.#snapshots.newestLsn(document) >= growthMax;
      });
    const describe = (): readonly [string, readonly string[]] => [
      `no snapshot that is new enough: ${late().join(', ')};`,
      ['objects'],
    ];
    this.#await('L7', () => late().length === 0, describe);
  }

  #awaitAnswers(): void {
    const playback = this.#playback;
    this.#await(
      'L3',
      () => playback.open === 0,
      () => [`${playback.open} questions about the past are open`, ['playback']],
    );
  }

  /** Nothing is left running, and nothing is left in memory. */
  #everybodyLeaves(): void {
    const { limits } = this.#scenario;
    const coverage: Coverage = this.#checks.coverage;
    for (const client of this.#clients.values()) this.#world.resume(0, () => client.stop());
    const before = this.#world.trace.count;
    // What a tab sent before it died may still come, late, on a connection that stood still.
    const lateMs = 15_000;
    this.#runUntil(this.#world.nowMs + limits.roomIdleMs + 2 * limits.heartbeatMs + lateMs);
    const events = this.#world.trace.count - before;
    // Each connection's end, reads of rooms that hear nothing until a heartbeat is missed, and what
    // tabs that died had sent.
    const reads = (this.#documents.length * 6 * limits.heartbeatMs) / limits.silenceMs;
    const own = 40 * this.#clients.size + (40 + 3 * reads) * this.#nodes.size;
    const eventsBound = own + 8 * this.#scenario.intents.length + 500;
    const noise = (): string => `${events} events after everybody has left`;
    coverage.always('L4', events <= eventsBound, noise);
    for (const { name, stats } of this.#nodes.values()) {
      const { connections, sessions, rooms } = stats;
      const left = (): string =>
        `${name} keeps ${connections} connections, ${sessions} sessions, ${rooms} rooms`;
      coverage.always('L5', connections + sessions + rooms === 0, left, name);
    }
  }
}
