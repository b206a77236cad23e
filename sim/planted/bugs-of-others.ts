/**
 * Bugs that others made, by the numbers of the project's list of such bugs (docs/simulation.md says
 * which of that list do not apply here, and why).
 */
import type { PlantedBug, Planting } from './planting.ts';

const room = 'engine/sync/room.ts';
const session = 'engine/sync/replica-session.ts';
const maker = 'engine/driver/snapshot-maker.ts';
const appendLine =
  'append: (batches) => context.append(this, this.fold.epoch, encodeUpdate({ batches })),';

/** An append that also does `more` with the row `row`, as if it were committed. */
function hastyAppend(more: string): Planting {
  const replacement = `append: (batches) => {
        const body = encodeUpdate({ batches });
        const { epoch, lsn, at } = this.fold;
        const row = rowFromBus({ epoch, lsn: lsn + 1, at, body });
        const appendId = this.#context.append(this, epoch, body);
        ${more}
        return appendId;
      },`;
  return { file: room, text: appendLine, replacement };
}

export const bugsOfOthers: readonly PlantedBug[] = [
  {
    id: 'M00',
    story: 'The canary: a text with something behind it.',
    properties: ['S9'],
    seedsMax: 3,
    plantings: [
      {
        file: 'engine/sync/replica-session.ts',
        text: 'return this.#fold.sequence.text;',
        replacement: "return this.#fold.sequence.text + '!';",
      },
    ],
  },
  {
    id: 'M01',
    story: 'The room folds a row, and so acknowledges it, when it is sent to the log.',
    properties: ['S12', 'S1', 'S13', 'assert'],
    seedsMax: 300,
    plantings: [hastyAppend('this.#offer(row);')],
  },
  {
    id: 'M02',
    story: 'A rejected append is taken for a committed one.',
    properties: ['S12', 'S1', 'S13', 'G4', 'S6', 'assert'],
    seedsMax: 300,
    plantings: [
      {
        file: room,
        text: '} else this.#rejected(result.code, batches);',
        replacement: `} else {
        const { epoch, lsn, at } = this.fold;
        const body = encodeUpdate({ batches });
        this.#offer(rowFromBus({ epoch, lsn: lsn + 1, at, body }));
      }`,
      },
    ],
  },
  {
    id: 'M03',
    story: 'An append of unknown outcome is forgotten.',
    properties: ['L1', 'S4', 'S13'],
    seedsMax: 300,
    plantings: [
      {
        file: room,
        text: "} else if (result.outcome === 'unknown') {\n      this.#pipeline.doubt(batches);",
        replacement: "} else if (result.outcome === 'unknown') {\n      this.#pipeline.doubt([]);",
      },
    ],
  },
  {
    id: 'M07',
    story: 'What is in the document already is applied once more.',
    properties: ['assert', 'S8', 'S3'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/fold.ts',
        text: "return this.sequence.holds(batch) ? { type: 'covered' } : forked(batch);",
        replacement: "return { type: 'applied', batch };",
      },
      {
        file: 'engine/sync/fold.ts',
        text: 'const isNew = last > this.sequence.versionVector.get(replica);',
        replacement: 'const isNew = true;',
      },
    ],
  },
  {
    id: 'M08',
    story: 'What was sent on a connection that broke is not sent again.',
    properties: ['L1', 'G4', 'S4'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/replica-session.ts',
        text: '    this.#settle(welcome.through);\n',
        replacement: `    this.#settle(welcome.through);
    connection.sentThrough = this.#fold.sequence.versionVector.get(this.replica);
`,
      },
    ],
  },
  {
    id: 'M12',
    story: 'A session resumes one row after its cursor.',
    properties: ['S6', 'L1', 'assert'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/delivery.ts',
        text: 'session.position = cursor.lsn;',
        replacement: 'session.position = Math.min(fold.lsn, cursor.lsn + (bySnapshot ? 0 : 1));',
      },
    ],
  },
  {
    id: 'M15',
    story: 'A row that skips an LSN is folded as if it were the next one.',
    properties: ['S6', 'S8', 'S12', 'S13', 'L1', 'S3', 'S11', 'assert'],
    seedsMax: 300,
    plantings: [
      {
        file: room,
        text: 'row.lsn > this.fold.lsn + 1) this.readTail();',
        replacement: 'row.lsn <= this.fold.lsn) this.readTail();',
      },
      {
        file: room,
        text: 'else if (row.lsn === this.fold.lsn + 1) {\n      this.#foldRow(row);',
        replacement: 'else if (row.lsn > this.fold.lsn) {\n      this.#foldRow(row);',
      },
      {
        file: 'engine/sync/fold.ts',
        text: 'assert(row.lsn === this.#lsn + 1,',
        replacement: 'assert(row.lsn > this.#lsn,',
      },
    ],
  },
  {
    id: 'M16',
    story: 'A row is published when it is sent to the log.',
    properties: ['S12'],
    seedsMax: 300,
    plantings: [
      hastyAppend(`const { document } = this;
        this.#context.connections.emit({ type: 'publish', document, message: busMessage(row) });`),
    ],
  },
  {
    id: 'M17',
    story: 'A client never gives up a silent connection.',
    properties: ['L1'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/replica-connection.ts',
        text: 'return this.heardMs + 2 * this.heartbeatMs;',
        replacement: 'return Number.POSITIVE_INFINITY;',
      },
    ],
  },
  {
    id: 'M28',
    story: 'Insertions in the same gap are ordered by arrival, not by id.',
    properties: ['S8', 'S11', 'G4', 'assert', 'S3'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/text/sibling-directories.ts',
        text: 'if (right === other) return state.numbers.compare(number, child) < 0;',
        replacement: 'if (right === other) return true;',
      },
    ],
  },
  {
    id: 'M05',
    story: 'A welcome does not say what the log has already: it is sent again for ever.',
    properties: ['L1', 'L2', 'G4', 'S10'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/delivery.ts',
        text: '      through: session.acked,',
        replacement: '      through: 0,',
      },
    ],
  },
  {
    id: 'M09',
    story: 'An ack settles the oldest edit of the outbox, whatever it names.',
    properties: ['S1', 'S4', 'S10', 'L1', 'G4', 'S3', 'assert'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/outbox.ts',
        text: '      if (batchLast(first) <= through) {',
        replacement: '      if (first.first <= through) {',
      },
    ],
  },
  {
    id: 'M10',
    story: 'What arrives on an old connection is taken as if it came on the new one.',
    properties: ['S6', 'S2', 'S1', 'S3', 'G4', 'assert'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/replica-session.ts',
        text: 'if (this.#connection?.number === input.connection) this',
        replacement: 'if (this.#connection !== null && input.connection > 0) this',
      },
    ],
  },
  {
    id: 'M13',
    story: 'The last timestamp of a replica is one too low when it first appears.',
    properties: ['S11', 'S3', 'S8', 'S1', 'G4', 'S4', 'assert'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/causal/version-vector.ts',
        text: 'if (timestamp > this.get(replica)) this.#last.set(replica, timestamp);',
        replacement: `if (timestamp > this.get(replica))
      this.#last.set(replica, this.#last.has(replica) ? timestamp : timestamp - 1);`,
      },
    ],
  },
  {
    id: 'M18',
    story: 'A connection that fails is tried again at once, for ever.',
    properties: ['L4'],
    seedsMax: 300,
    plantings: [
      {
        file: session,
        text: 'Math.max(minMs, this.#backoff.next(this.#options.random));',
        replacement: 'minMs;',
      },
    ],
  },
  {
    id: 'M21',
    story: 'A snapshot names the row after the one that it ends with.',
    properties: ['P4', 'L7'],
    seedsMax: 300,
    plantings: [
      {
        file: maker,
        text: 'const { epoch, lsn, at } = fold;',
        replacement: 'const { epoch, at } = fold;\n  const lsn = fold.lsn + 1;',
      },
    ],
  },
  {
    id: 'M22',
    story: 'The pointer to a snapshot is written although its body was not stored.',
    properties: ['P4'],
    seedsMax: 300,
    plantings: [
      {
        file: maker,
        text: 'if (!isStored) {',
        replacement: 'if (!isStored && bytes.length === 0) {',
      },
    ],
  },
  {
    id: 'M23',
    story: 'The document at a time lacks the rows of that very time.',
    properties: ['P2'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/playback.ts',
        text: 'at <= this.#moment.at',
        replacement: 'at < this.#moment.at',
      },
    ],
  },
  {
    id: 'M24',
    story: 'A row is stamped by the clock alone, which may stand before the row before.',
    properties: ['S5', 'P2', 'P3', 'P5', 'assert'],
    seedsMax: 300,
    plantings: [
      {
        // What the database's statement keeps, in its model.
        file: 'sim/world/sim-log.ts',
        text: 'const at = Math.max(head?.at ?? 0, this.clock.nowMs);',
        replacement: 'const at = this.clock.nowMs;',
      },
    ],
  },
  {
    id: 'M26',
    story: 'A time counts as closed while a row of it may still come.',
    properties: ['P3', 'P2'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/playback.ts',
        text: 'head.at > this.#moment.at',
        replacement: 'head.at >= this.#moment.at',
      },
    ],
  },
  {
    id: 'M34',
    story: 'A log that lost rows that were folded is taken for the same one.',
    properties: ['S7', 'L1', 'L2', 'S8', 'S6', 'G4', 'S2', 'S3', 'S10', 'assert', 'S1'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/tail-reader.ts',
        text: 'head.epoch !== from.epoch || head.lsn < from.lsn) return false;',
        replacement: 'head.epoch !== from.epoch) return false;',
      },
      {
        file: 'engine/sync/tail-reader.ts',
        text: 'return last?.lsn !== from.lsn || last.at === from.at;',
        replacement: 'return last !== null;',
      },
      {
        file: room,
        text: '} else if (row.at !== (this.#history.delivery.timeOf(row.lsn) ?? row.at)) {',
        replacement: '} else if (row.at < 0) {',
      },
    ],
  },
  {
    id: 'M35',
    story: 'An edit goes to another document of the node.',
    properties: ['S14', 'S4', 'S6', 'S7', 'S8', 'S1', 'L1', 'L5', 'G4', 'S12', 'assert', 'L6'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/gateway.ts',
        text: 'const room = this.#rooms.get(document) ?? null;',
        replacement: 'const room = [...this.#rooms.values()].at(-1) ?? null;',
      },
    ],
  },
  {
    id: 'M36',
    story: 'The core reads the clock of the machine.',
    properties: ['assert'],
    seedsMax: 3,
    plantings: [
      {
        file: 'engine/sync/backoff.ts',
        text: 'this.#failures++;',
        replacement: 'this.#failures += Math.min(1, new Date().getTime());',
      },
    ],
  },
];
