/**
 * Bugs that the simulator found here and that are too rare to be hunted each time: one seed in
 * thousands meets them. Each has its scenario in fixtures/seeds, which finds it at once.
 */
import type { PlantedBug } from './planting.ts';

const room = 'engine/sync/room.ts';

export const rareBugs: readonly PlantedBug[] = [
  {
    id: 'F14',
    story: 'An ack for a row that brought nothing new never ends (here it throws instead).',
    properties: ['assert'],
    seedsMax: 100_000,
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
  {
    id: 'F16',
    story: 'A row that was committed before a hole is forgotten, and a failover takes it.',
    properties: ['L1', 'L2'],
    seedsMax: 100_000,
    plantings: [
      {
        file: room,
        text: 'if (this.fold === fold && row.lsn > fold.lsn) this.#pipeline.doubt(batches);',
        replacement: '',
      },
    ],
  },
  {
    id: 'F15',
    story:
      'A node that is behind sends its old state to a client whose outbox builds on a newer one.',
    properties: ['G4', 'S10'],
    seedsMax: 100_000,
    plantings: [
      {
        file: 'engine/sync/replica-session.ts',
        text: "const cursor = this.#trust === 'nothing' ? null : this.#place;",
        replacement: "const cursor = this.#trust === 'rows' ? this.#place : null;",
      },
    ],
  },
  {
    id: 'F08',
    story: 'A hello that waits for the log is refused because the read failed.',
    properties: ['G4'],
    seedsMax: 100_000,
    plantings: [
      {
        file: room,
        text: 'if (session.waitedForTail && this.#tail.isBusy) continue;',
        replacement: 'if (session.waitedForTail && this.#tail.isReading) continue;',
      },
    ],
  },
  {
    id: 'F17',
    story: 'A replica takes what its past wrote for its own: the rows leave it out.',
    properties: ['S8', 'S3', 'S1', 'S10'],
    seedsMax: 100_000,
    plantings: [
      {
        file: 'engine/sync/delivery.ts',
        text: 'const shown = hasSent ? batches.filter((it) => it.replica !== replica) : batches;',
        replacement:
          'const shown = hasSent || true ? batches.filter((it) => it.replica !== replica) : batches;',
      },
    ],
  },
  {
    id: 'F18',
    story: 'Ids that a store knew, and that a failover took from the log, are given again.',
    properties: ['S4'],
    seedsMax: 100_000,
    plantings: [
      {
        file: 'engine/sync/replica-session.ts',
        text: 'fold.sequence.versionVector.get(replica) < last) {',
        replacement: 'fold.sequence.versionVector.get(replica) < Math.min(last, 0)) {',
      },
    ],
  },
  {
    id: 'F19',
    story: 'A row that a failover took arrives late by the bus, and is served for good.',
    properties: ['S8', 'S6', 'S3', 'L1', 'L2'],
    seedsMax: 100_000,
    plantings: [
      {
        file: room,
        text: 'this.#now() >= this.#busTrustedAtMs',
        replacement: 'this.#now() >= 0',
      },
      {
        file: room,
        text: '} else if (row.at !== (this.#history.delivery.timeOf(row.lsn) ?? row.at)) {',
        replacement: '} else if (row.at < 0) {',
      },
    ],
  },
  {
    id: 'F20',
    story: 'An ack that settles half of a surrogate pair throws in the client.',
    properties: ['assert'],
    seedsMax: 100_000,
    plantings: [
      {
        file: 'engine/sync/replica-session.ts',
        text: 'return through > this.#ownLast || this.#outbox.parts(through);',
        replacement: 'return through > this.#ownLast;',
      },
    ],
  },
  {
    id: 'F21',
    story:
      'A node that is behind what a client was told of its own edits takes its outbox for lost.',
    properties: ['G4'],
    seedsMax: 100_000,
    plantings: [
      {
        file: 'engine/sync/join-refusal.ts',
        text: 'fold.committed.get(identity.replica) < session.settledAtClient',
        replacement: 'fold.lsn < 0',
      },
    ],
  },
  {
    id: 'N14',
    story: 'Presence of a node that died stays for ever.',
    properties: ['L6'],
    seedsMax: 100_000,
    plantings: [
      {
        file: 'engine/sync/presence-exchange.ts',
        text: 'if (nowMs >= leaseUntilMs) this.#forget(node);',
        replacement: 'if (nowMs >= leaseUntilMs) this.#others.delete(node);',
      },
    ],
  },
  {
    id: 'F22',
    story: 'A snapshot that failed and is not needed any more wakes its node for ever.',
    properties: ['L4'],
    seedsMax: 10_000,
    plantings: [
      {
        file: 'engine/sync/snapshot-schedule.ts',
        text: '    this.#retryAtMs = null;\n    const isDue =',
        replacement: '    const isDue =',
      },
    ],
  },
  {
    id: 'F23',
    story: 'A late word of a node that died takes away who has moved here since.',
    properties: ['L6'],
    seedsMax: 100_000,
    plantings: [
      {
        file: 'engine/sync/presence-exchange.ts',
        text: '    if (own !== undefined) this.#hidden.set(holder, own);\n',
        replacement: '',
      },
    ],
  },
  {
    id: 'F24',
    story: 'A checker lets an old copy delete half a pair, which the fold does not.',
    properties: ['S6'],
    seedsMax: 100_000,
    plantings: [
      {
        file: 'sim/checks/log-truth.ts',
        text: 'return this.#partsPair(batch) ?',
        replacement: 'return this.lost < 0 && this.#partsPair(batch) ?',
      },
    ],
  },
];
