/**
 * Bugs to plant into a copy of the sources, to see that the simulator finds them: plain data, so
 * that the product holds no switch for them. A text that does not stand in its file exactly once is
 * an error: the bug has to move with the code.
 *
 * `M…`: bugs that others made (the numbers of the project's list of such bugs). `F…`: bugs that the
 * simulator found here, each undoing its fix; fixtures/bug-seeds holds a seed that found it.
 */

export interface Planting {
  /** From the repository's root. */
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
}

export interface PlantedBug {
  readonly id: string;
  readonly story: string;
  /** What is expected to see it; `assert`: an assertion of the product itself. */
  readonly properties: readonly string[];
  /** It must be found within so many seeds. */
  readonly seedsMax: number;
  readonly plantings: readonly Planting[];
}

const room = 'engine/sync/room.ts';
const appendLine =
  'append: (batches) => this.#context.append(this, this.fold.epoch, encodeUpdate({ batches })),';

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

export const plantedBugs: readonly PlantedBug[] = [
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
    properties: ['G2', 'assert'],
    seedsMax: 300,
    plantings: [hastyAppend('this.#offer(row);')],
  },
  {
    id: 'M02',
    story: 'A rejected append is taken for a committed one.',
    properties: ['G2', 'assert'],
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
    properties: ['assert', 'G1', 'G3'],
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
    properties: ['L1', 'S13'],
    seedsMax: 300,
    plantings: [
      {
        file: 'engine/sync/replica-session.ts',
        text: '    this.#settle(welcome.through);\n',
        replacement: `    this.#settle(welcome.through);
    connection.sentThrough = this.#fold.sequence.versionVector.get(replica);
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
    properties: ['S6', 'G1', 'G2', 'S13', 'assert'],
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
        replacement: 'else {\n      this.#foldRow(row);',
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
    properties: ['G2'],
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
    properties: ['G1', 'S13', 'assert'],
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
    id: 'F01',
    story: 'An edit cut for size parts the deletions of the two halves of a pair.',
    properties: ['S13', 'S6'],
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
    properties: ['assert'],
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
    properties: ['L1', 'L2'],
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
    properties: ['S13'],
    seedsMax: 1000,
    plantings: [
      { file: room, text: 'head.lsn < from.lsn', replacement: 'head.lsn < this.fold.lsn' },
    ],
  },
  {
    id: 'F05',
    story: 'A tail read begins with a row that fills the page: it never gets further.',
    properties: ['L1', 'L4'],
    seedsMax: 300,
    plantings: [
      {
        file: room,
        text: '> this.fold.lsn) this.#readAfter(this.fold.lsn);',
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
    properties: ['S13'],
    seedsMax: 6000,
    plantings: [
      {
        file: room,
        text: 'if (cursor.epoch !== this.fold.epoch || cursor.lsn > this.fold.lsn) {',
        replacement: `if (cursor.epoch !== this.fold.epoch) return 'history-changed';
    if (cursor.lsn > this.fold.lsn) {`,
      },
    ],
  },
  {
    id: 'F08',
    story: 'A hello that waits for the log is refused because the read failed.',
    properties: ['S13'],
    seedsMax: 6000,
    plantings: [
      {
        file: room,
        text: 'if (session.waitedForTail && (this.#reading || this.#retryAtMs !== null)) continue;',
        replacement: 'if (session.waitedForTail && this.#reading) continue;',
      },
    ],
  },
  {
    id: 'F09',
    story: 'A room whose last bus message was lost never looks at the log.',
    properties: ['L1', 'L2'],
    seedsMax: 300,
    plantings: [
      {
        file: room,
        text: 'this.#silentAtMs = this.#now() + wait;',
        replacement: 'this.#silentAtMs = wait < 0 ? 0 : null;',
      },
    ],
  },
  {
    id: 'F10',
    story: 'A frame that was settled before it came counts against the window for ever.',
    properties: ['S13'],
    seedsMax: 6000,
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
    properties: ['S13'],
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
    properties: ['S13'],
    seedsMax: 6000,
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
    properties: ['G3'],
    seedsMax: 6000,
    plantings: [
      {
        file: 'engine/sync/replica-session.ts',
        text: 'if (this.#superseded <= supersededMax) break;',
        replacement: '',
      },
    ],
  },
  {
    id: 'F14',
    story: 'An ack for a row that brought nothing new never ends (here it throws instead).',
    properties: ['assert'],
    seedsMax: 6000,
    plantings: [
      {
        file: 'engine/sync/delivery.ts',
        text: 'if (operations > 0) {',
        replacement: 'if (operations >= 0) {',
      },
      {
        file: 'engine/sync/session.ts',
        text: '    this.#ownRows.push(row);',
        replacement:
          "    if (base === Infinity) throw new Error('for ever');\n    this.#ownRows.push(row);",
      },
    ],
  },
];
