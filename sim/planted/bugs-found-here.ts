/** Bugs that the simulator found here, each undoing its fix; fixtures/seeds holds the scenarios. */
import type { PlantedBug } from './planting.ts';

const room = 'engine/sync/room.ts';

export const bugsFoundHere: readonly PlantedBug[] = [
  {
    id: 'F01',
    story: 'An edit cut for size parts the deletions of the two halves of a pair.',
    properties: ['G4', 'S6', 'S4', 'S8'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/outbox.ts',
        text: "if (op.type === 'delete') return op.timestamp + op.count;",
        replacement: "if (op.type === 'delete') return timestamp;",
      },
    ],
  },
  {
    id: 'F02',
    story: 'A snapshot counts its authors in another order than it names them.',
    properties: ['S8', 'S3', 'assert'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/fold-snapshot.ts',
        text: 'const authors = replicas.map(({ id }) => id);',
        replacement: 'const authors = replicas.map(({ id }) => id).toReversed();',
      },
    ],
  },
  {
    id: 'F03',
    story: 'A snapshot with a run of deletions that hits what came meanwhile is refused.',
    properties: ['L1', 'L2', 'P4'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'proto/snapshot-deletions.ts',
        text: '!isNewer(this.#from.times, piece)',
        replacement: '!isNewer(this.#from.times, { ...piece, isDownwards: true })',
      },
    ],
  },
  {
    id: 'F04',
    story: 'A page that was read before the latest commits looks like another history.',
    properties: ['G4'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/tail-reader.ts',
        text: '!this.#isOfOneHistory(page)',
        replacement: '(!this.#isOfOneHistory(page) || (page.head?.lsn ?? 0) < lsn)',
      },
    ],
  },
  {
    id: 'F05',
    story: 'A tail read begins with a row that fills the page: it never gets further.',
    properties: ['L1', 'L2', 'L4'],
    seedsMax: 300,
    plantings: [
      {
        file: room,
        text: '> this.fold.lsn) this.#tail.readAfter(this.fold.lsn, this.fold);',
        replacement: '> this.fold.lsn) this.readTail();',
      },
    ],
  },
  {
    id: 'F06',
    story: 'A page for a session that lags begins with a row that fills it.',
    properties: ['L1', 'L2', 'L4'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/delivery.ts',
        text: 'const isKnown = this.#pageEnd?.lsn === afterLsn;',
        replacement: 'const isKnown = false;',
      },
    ],
  },
  {
    id: 'F07',
    story: 'An empty room takes a cursor of the real epoch for one of another history.',
    properties: ['G4'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/join-refusal.ts',
        text: 'if (cursor.epoch !== fold.epoch || cursor.lsn > fold.lsn) {',
        replacement: `if (cursor.epoch !== fold.epoch) return 'history-changed';
  if (cursor.lsn > fold.lsn) {`,
      },
    ],
  },
  {
    id: 'F09',
    story: 'A room whose last bus message was lost never looks at the log.',
    properties: ['L1', 'L2', 'L7'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/head-watch.ts',
        text: 'this.#dueMs = nowMs + wait;',
        replacement: 'this.#dueMs = wait < 0 ? nowMs : null;',
      },
    ],
  },
  {
    id: 'F10',
    story: 'A frame that was settled before it came counts against the window for ever.',
    properties: ['G4'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/session.ts',
        text: 'if (frame.last <= this.#settledThrough) return;',
        replacement: '',
      },
    ],
  },
  {
    id: 'F11',
    story: 'A session that lags frees its window later than its client does.',
    properties: ['G4'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/delivery.ts',
        text: 'if (authors.has(replica)) session.settled(fold.committed.get(replica));',
        replacement: '',
      },
    ],
  },
  {
    id: 'F12',
    story: 'A session that is welcomed again on its connection sends everything twice.',
    properties: ['G4'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/replica-connection.ts',
        text: 'this.sentThrough = Math.max(this.sentThrough, welcome.through);',
        replacement: 'this.sentThrough = welcome.through;\n    this.#unacked.length = 0;',
      },
    ],
  },
  {
    id: 'F13',
    story: "A hello that was overtaken by the next connection's ends an honest replica.",
    properties: ['G4'],
    seedsMax: 1000,
    plantings: [
      {
        file: 'engine/sync/replica-session.ts',
        text: 'if (++this.#superseded <= supersededMax) break;',
        replacement: '',
      },
    ],
  },
];
