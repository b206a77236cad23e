/** Bugs that somebody could make here, thought of by us. */
import type { PlantedBug } from './planting.ts';

const session = 'engine/sync/replica-session.ts';
const gateway = 'engine/sync/gateway.ts';
const exchange = 'engine/sync/presence-exchange.ts';

export const bugsMadeUp: readonly PlantedBug[] = [
  {
    id: 'N01',
    story: 'What is typed is sent before the local store has it.',
    properties: ['S4', 'S10', 'G4', 'S3', 'assert'],
    seedsMax: 1000,
    plantings: [
      {
        file: session,
        text: 'const stored = this.#storedThrough - sentThrough;',
        replacement: 'const stored = Infinity;',
      },
      {
        file: session,
        text: 'if (batch === null || batchLast(batch) > this.#storedThrough) return;',
        replacement: 'if (batch === null) return;',
      },
    ],
  },
  {
    id: 'N02',
    story: 'A tab that is opened again forgets the outbox when it loads the document.',
    properties: ['S10', 'L1', 'G4'],
    seedsMax: 1000,
    plantings: [
      {
        file: session,
        text: 'const unsettled = this.#outbox.takeAll();',
        replacement: 'const unsettled = this.#restored === null ? this.#outbox.takeAll() : [];',
      },
    ],
  },
  {
    id: 'N03',
    story: 'The node never gives up a silent connection.',
    properties: ['L5'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/connections.ts',
        text: 'if (monoMs - conn.heardMs >= 2 * this.#limits.heartbeatMs - every) dead.push(conn);',
        replacement: 'if (conn.heardMs > monoMs) dead.push(conn);',
      },
    ],
  },
  {
    id: 'N04',
    story: 'Sessions that left are kept.',
    properties: ['L5'],
    seedsMax: 300,
    plantings: [{ file: gateway, text: 'this.#sessions.delete(id);', replacement: '' }],
  },
  {
    id: 'N05',
    story: 'Rooms that nobody needs stay in memory.',
    properties: ['L5'],
    seedsMax: 300,
    plantings: [
      {
        file: gateway,
        text: 'this.#rooms.delete(room.document);',
        replacement: 'if (this.#rooms.size > 5) this.#rooms.delete(room.document);',
      },
    ],
  },
  {
    id: 'N06',
    story: 'A client sends more than its window allows.',
    properties: ['G4'],
    seedsMax: 300,
    plantings: [
      {
        file: session,
        text: 'if (!connection.allows(bytes.length, operations)) return;',
        replacement: 'if (!connection.allows(1, 1)) return;',
      },
    ],
  },
  {
    id: 'N07',
    story: 'A room reads the log in a circle: each read asks for one more.',
    properties: ['L4'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/room.ts',
        text: 'else this.#reachedHead(head);',
        replacement: `else {
      this.#reachedHead(head);
      this.readTail();
    }`,
      },
    ],
  },
  {
    id: 'N08',
    story: 'Operations that an ack settles are counted twice.',
    properties: ['S3'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/fold.ts',
        text: 'this.#operations += operations;',
        replacement: 'this.#operations += 2 * operations;',
      },
    ],
  },
  {
    id: 'N09',
    story: 'A client that was told of another history says the old cursor again.',
    properties: ['L1', 'L2', 'L4', 'S8', 'G4'],
    seedsMax: 1000,
    plantings: [
      {
        file: session,
        text: "this.#trust = code === 'history-changed' ? 'nothing' : 'place';",
        replacement: "this.#trust = 'place';",
      },
    ],
  },
  {
    id: 'N10',
    story: 'A late row of the page is sent with the time of another one.',
    properties: ['S6'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/delivery.ts',
        text: '      previousAt = logRow.at;\n      this.#pageEnd = logRow;',
        replacement: '      this.#pageEnd = logRow;',
      },
    ],
  },
  {
    id: 'N11',
    story: 'The places of characters depend on the order in which replicas were met.',
    properties: ['S8', 'S9', 'G4', 'assert'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/text/sibling-directories.ts',
        text: 'return state.rank(right) > state.rank(other);',
        replacement: 'return number > child;',
      },
    ],
  },
  {
    id: 'N12',
    story: 'A question about the past is answered with the rows of the first page.',
    properties: ['P1', 'P2', 'P4'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/playback.ts',
        text: 'if (isReached || fold.lsn === head.lsn) {',
        replacement: 'if (isReached || page.rows.length > 0 || fold.lsn === head.lsn) {',
      },
    ],
  },
  {
    id: 'N13',
    story: 'A snapshot is read without the batches that were void.',
    properties: ['P4', 'S8', 'S3', 'S11', 'L1', 'P1', 'assert'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/fold.ts',
        text: 'fold.#clock = Math.max(fold.#clock, last);',
        replacement: 'fold.#clock = 0;',
      },
    ],
  },
  {
    id: 'N15',
    story: 'Presence is not repeated: who stays where he is vanishes for the other nodes.',
    properties: ['L6'],
    seedsMax: 1000,
    plantings: [
      {
        file: exchange,
        text: 'if (this.#own.size > 0) this.#renewAtMs ??=',
        replacement: 'if (this.#own.size < 0) this.#renewAtMs ??=',
      },
    ],
  },
  {
    id: 'N16',
    story: 'Presence whose end was lost stays for as long as its node lives.',
    properties: ['L6'],
    seedsMax: 1000,
    plantings: [
      {
        file: exchange,
        text: '.filter((session) => !told.has(session))',
        replacement: '.filter((session) => told.size < 0 && !told.has(session))',
      },
    ],
  },
  {
    id: 'N17',
    story: 'The heads that rooms want to know are never asked for.',
    properties: ['L1', 'L2', 'L7'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/head-questions.ts',
        text: 'this.#waiting.add(room);',
        replacement: 'this.#waiting.delete(room);',
      },
    ],
  },
  {
    id: 'N18',
    story: 'A snapshot that could not be made is never tried again.',
    properties: ['L7'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/snapshot-schedule.ts',
        text: '    this.#asked = null;\n    if (lsn === null) {',
        replacement: '    if (lsn !== null) this.#asked = null;\n    else {\n      return;',
      },
    ],
  },
  {
    id: 'N19',
    story: 'A piece of a snapshot lacks its first byte.',
    properties: ['L1', 'L2', 'G4', 'L4'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/delivery.ts',
        text: 'durable.snapshotPiece(channel, piece)',
        replacement: 'durable.snapshotPiece(channel, piece.subarray(1))',
      },
    ],
  },
  {
    id: 'N20',
    story: 'A snapshot of a history that a failover has changed gets its pointer.',
    properties: ['P1', 'P4', 'S8', 'S6', 'S4', 'L1', 'L2', 'G4', 'L7'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'sim/world/sim-snapshot-index.ts',
        text: 'head.epoch === epoch && row?.at === at;',
        replacement: 'head.epoch === epoch && row !== undefined;',
      },
    ],
  },
  {
    id: 'N21',
    story: 'An edit that is sent again is another one if its author says that it was held longer.',
    properties: ['G4', 'S4', 'S3', 'S12', 'assert'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/fold.ts',
        text: "return this.sequence.holds(batch) ? { type: 'covered' } : forked(batch);",
        replacement:
          "return this.sequence.holds(batch) && !batch.heldMs ? { type: 'covered' } : forked(batch);",
      },
    ],
  },
  {
    id: 'N22',
    story: 'Newcomers are told of presence as it was when the first of them came.',
    properties: ['L6'],
    seedsMax: 1000,
    plantings: [{ file: 'engine/sync/presence.ts', text: 'this.#all = null;', replacement: '' }],
  },
];
