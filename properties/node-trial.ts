/**
 * One workload (node-workloads.ts) on real nodes, and what is wrong afterwards: G1, all have the
 * same text; G2, nobody was told of what was not in the log (told-rows.ts); G3, what was typed is
 * there, once (typed-units.ts).
 *
 * Nodes go on from workload to workload, which is what makes shrinking possible; each has documents
 * of its own. When a workload is over everything is mended and everybody reaches the log's head.
 */
import type { RowContent } from '../engine/sync/fold.ts';
import { cutsPair } from '../proto/text.ts';
import { decodeUpdate } from '../proto/update-codec.ts';
import { openPostgresLog, readAll, readFrom } from '../server/testing/log-access.ts';
import { LogWitness } from '../server/testing/log-witness.ts';
import { MovingClient } from '../server/testing/moving-client.ts';
import type { ClusterNode, NodeCluster } from '../server/testing/node-cluster.ts';
import { helloFrame, RawClient } from '../server/testing/raw-client.ts';
import type { Step, Workload } from './node-workloads.ts';
import { ToldRows } from './told-rows.ts';
import { contentOf, TypedUnits } from './typed-units.ts';

export interface Violation {
  /** `crash`: a node ended that nobody had killed. */
  readonly property: 'G1' | 'G2' | 'G3' | 'crash';
  readonly message: string;
}

/** Of what a node said, characters. */
const lastWordsMax = 2_000;

interface Person {
  readonly client: MovingClient;
  readonly document: string;
  readonly told: ToldRows;
  /** Of its document, shared by all. */
  readonly typed: TypedUnits;
  rescued: boolean;
}

export class NodeTrials {
  /** What all trials together came to, for who wants to know that something was tried. */
  readonly reached = { trials: 0, units: 0, rows: 0, covered: 0, kills: 0, asked: 0, published: 0 };
  readonly #cluster: NodeCluster;
  readonly #witness: LogWitness;
  readonly #log: ReturnType<typeof openPostgresLog>;
  /** For what must happen, so that a hang is told as one; ms. */
  readonly #patienceMs: number;
  /** Everybody of the present trial. */
  readonly #present: Person[] = [];
  readonly #starting = new Map<ClusterNode, Promise<void>>();

  /** See `open`. */
  constructor(cluster: NodeCluster, witness: LogWitness, patienceMs: number) {
    this.#cluster = cluster;
    this.#witness = witness;
    this.#log = openPostgresLog({ url: cluster.databaseUrl });
    this.#patienceMs = patienceMs;
  }

  static async open(cluster: NodeCluster, patienceMs = 30_000): Promise<NodeTrials> {
    return new NodeTrials(cluster, await LogWitness.open(cluster), patienceMs);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#starting.values());
    await this.#witness.close();
    await this.#log.close();
  }

  /** Times that a node lost its connection to the log. */
  get logsLost(): number {
    const logs = this.#cluster.nodes.map(({ server }) => server.logs()).join('');
    return logs.split('"event":"log-down"').length - 1;
  }

  /** Performs the workload; returns what is wrong after it. */
  async run({ documents, steps }: Workload): Promise<Violation[]> {
    this.reached.trials += 1;
    const prefix = `trial-${this.reached.trials}`;
    const names = documents.map((each) => `${prefix}-${each}`);
    const typed = new Map(names.map((name) => [name, new TypedUnits()]));
    const people = names.map((name, index) => {
      return this.#person(name, `client ${index}`, typed.get(name) ?? new TypedUnits(), index);
    });
    try {
      await this.#everybody(people, ({ client }) =>
        client.session.synced({ signal: this.#patience() }),
      );
      for (const step of steps) await this.#perform(step, people);
      return await this.#judge(people, new Set(names));
    } finally {
      for (const { client } of this.#present.splice(0)) client.session.close();
    }
  }

  #person(document: string, by: string, typed: TypedUnits, node: number): Person {
    const told = new ToldRows(document, by, this.#witness);
    const client: MovingClient = new MovingClient({
      document,
      syncUrl: this.#node(node).syncUrl,
      onFrame: (connection, frame) => told.frame(connection, frame, client.session.replica),
    });
    const person = { client, document, told, typed, rescued: false };
    this.#present.push(person);
    client.session.on('rescued', () => {
      person.rescued = true;
    });
    return person;
  }

  async #perform(step: Step, people: readonly Person[]): Promise<void> {
    switch (step.type) {
      case 'wait':
        for (let k = 0; k < step.roundTrips; k++) await this.#witness.roundTrip();
        return;
      case 'cut':
        // It may never meet its condition.
        void this.#node(step.node)[step.way].cut(step.cut);
        return;
      case 'reset':
        this.#node(step.node)[step.way].cutAll();
        return;
      case 'kill':
        await this.#kill(this.#node(step.node));
        return;
    }
    const person = people[step.client % people.length];
    if (person === undefined) return;
    const { client, typed } = person;
    const { session } = client;
    switch (step.type) {
      case 'leave':
        session.goOffline();
        return;
      case 'go':
        client.moveTo(this.#node(step.node).syncUrl);
        return;
      case 'type':
        typed.edit(session, {
          index: placeIn(session.text, step.at),
          deleted: 0,
          inserted: step.text,
        });
        return;
      case 'replace': {
        const index = placeIn(session.text, step.from);
        const deleted = lengthFrom(session.text, index, step.units);
        typed.edit(session, { index, deleted, inserted: step.text });
      }
    }
  }

  async #kill(node: ClusterNode): Promise<void> {
    if (!node.server.running || this.#starting.has(node)) return;
    this.reached.kills += 1;
    await node.server.kill();
    this.#start(node);
  }

  #start(node: ClusterNode): void {
    const started = node.server.start().finally(() => this.#starting.delete(node));
    // Told by whoever waits for it.
    started.catch(() => {});
    this.#starting.set(node, started);
  }

  /**
   * Everything works again: cuts that nobody met are forgotten, who was killed is back. Returns
   * what those said last who ended by themselves; they are back, too.
   */
  async #mend(): Promise<string[]> {
    const lastWords: string[] = [];
    for (const node of this.#cluster.nodes) {
      for (const proxy of [node.toClients, node.toPostgres, node.toRedis]) {
        proxy.disarm();
      }
      if (node.server.running || this.#starting.has(node)) continue;
      lastWords.push(node.server.logs().slice(-lastWordsMax));
      this.#start(node);
    }
    await Promise.all(this.#starting.values());
    return lastWords;
  }

  async #judge(people: readonly Person[], names: ReadonlySet<string>): Promise<Violation[]> {
    const violations: Violation[] = [];
    const note = (property: Violation['property'], messages: readonly string[]): void => {
      for (const message of messages) violations.push({ property, message });
    };
    note('crash', await this.#mend());
    const unsettled = await this.#everybody(people, ({ client: { session } }) => {
      if (session.status === 'offline') session.goOnline();
      return session.settled({ signal: this.#patience() });
    });
    note(
      'G3',
      unsettled.map((reason) => `not acknowledged: ${reason}`),
    );
    note(
      'G3',
      people.flatMap(({ rescued }) => (rescued ? ['text had to be rescued'] : [])),
    );
    for (const document of names) {
      const own = people.filter((person) => person.document === document);
      const late = this.#cluster.nodes.map((_, index) => {
        return this.#person(document, `a late one at node ${index}`, new TypedUnits(), index);
      });
      note('G1', await this.#differences(document, [...own, ...late]));
      for (const { client } of [...own, ...late]) client.session.close();
      // Read again: a node may have appended what another one had appended before.
      const rows = await this.#rowsOf(document);
      const content = contentOf(rows);
      note('G3', own[0]?.typed.faults(content) ?? []);
      note(
        'G2',
        [...own, ...late].flatMap(({ told }) => told.faults(rows)),
      );
      this.reached.units += own[0]?.typed.count ?? 0;
      this.reached.rows += rows.length;
      this.reached.covered += content.covered;
    }
    await this.#witness.answered();
    const early = this.#witness.broken.splice(0);
    note(
      'G2',
      early.map(({ document, lsn, by }) => {
        return `${by} was told of row ${lsn} of ${document} when it was not in the log`;
      }),
    );
    this.reached.asked = this.#witness.asked;
    this.reached.published = this.#witness.published;
    return violations;
  }

  /** Whose text is not that of the log, when all have come to its head. */
  async #differences(document: string, people: readonly Person[]): Promise<string[]> {
    const rows = await this.#rowsOf(document);
    const { text } = contentOf(rows);
    await this.#remind(document, rows);
    const absent = await this.#everybody(people, ({ client }) =>
      client.reached(rows.length, this.#patience()),
    );
    const texts = people.map(({ client }) => client.session.text);
    const differing = texts.filter((each) => each !== text);
    return [
      ...absent.map((reason) => `not at the head: ${reason}`),
      ...differing.map((each) => `${JSON.stringify(each)} ≠ ${JSON.stringify(text)}`),
    ];
  }

  /**
   * Says hello to each node with the log's head as the cursor. A node that missed the last row on
   * the bus would notice when it has heard nothing for a while; now it reads the log at once.
   */
  async #remind(document: string, rows: readonly RowContent[]): Promise<void> {
    const page = await readFrom(this.#log, document, rows.length);
    if (page === null || page.head === null) return;
    const { epoch, lsn, at } = page.head;
    const hello = helloFrame({ document });
    if (hello.body.type !== 'hello') return;
    for (const node of this.#cluster.nodes) {
      const client = await RawClient.open(node.syncUrl);
      const cursor = { epoch, lsn, at, operations: 0 };
      client.send({ ...hello, body: { ...hello.body, cursor } });
      await client.next(({ welcome, error }) => welcome !== null || error !== null);
      await client.cut();
    }
  }

  async #rowsOf(document: string): Promise<RowContent[]> {
    const rows = await readAll(this.#log, document);
    return rows.map(({ lsn, at, body }) => ({ lsn, at, ...decodeUpdate(body) }));
  }

  /** Does it for all at once; returns why it could not be done for some. */
  async #everybody(
    people: readonly Person[],
    act: (person: Person) => Promise<void>,
  ): Promise<string[]> {
    const outcomes = await Promise.allSettled(people.map(act));
    return outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [String(outcome.reason)] : [],
    );
  }

  #patience(): AbortSignal {
    return AbortSignal.timeout(this.#patienceMs);
  }

  #node(index: number): ClusterNode {
    const node = this.#cluster.nodes[index % this.#cluster.nodes.length];
    if (node === undefined) throw new Error('a cluster without nodes');
    return node;
  }
}

/** An index by millionths of the text, at or before which no surrogate pair is parted. */
function placeIn(text: string, millionths: number): number {
  const index = Math.floor((text.length * millionths) / 1_000_000);
  return cutsPair(text, index) ? index - 1 : index;
}

/** About so many units from an index on that can be deleted. */
function lengthFrom(text: string, index: number, units: number): number {
  const end = Math.min(text.length, index + units);
  return (cutsPair(text, end) ? end + 1 : end) - index;
}
