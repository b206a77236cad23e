/**
 * Bugs of the text itself, and of rights, to plant into a copy of the sources, and the one test by
 * name that must then fail; and changes that are no bugs, with which a test must still pass. Plain
 * data, like planted-bugs.ts, whose rules hold here too.
 */
import type { Planting } from './planting.ts';

/** A change of the sources and the tests that are to run with it. */
export interface TestedPlanting {
  readonly id: string;
  readonly story: string;
  readonly plantings: readonly Planting[];
  /** The file of the test, from the repository's root. */
  readonly file: string;
  /** The test's whole name; null = all tests of the file. */
  readonly test: string | null;
}

const placement = 'engine/text/placement.ts';
const siblings = 'engine/text/sibling-directories.ts';
const past = 'engine/text/past-state.ts';
const acceptance = 'engine/text/acceptance.test.ts';
const rights = 'engine/sync/authority.test.ts';

const orderOfRights = 'return state.rank(right) > state.rank(other);';
const orderOfIds = 'if (right === other) return state.numbers.compare(number, child) < 0;';
/** Right siblings by id, whatever their right origins are. */
const idsOnly: Planting = {
  file: siblings,
  text: orderOfIds,
  replacement: 'if (number !== child) return state.numbers.compare(number, child) < 0;',
};

/** Each must make its test fail. */
export const plantedEngineBugs: readonly TestedPlanting[] = [
  {
    id: 'M28',
    story: 'Insertions in the same gap are ordered by arrival, not by id.',
    plantings: [
      { file: siblings, text: orderOfIds, replacement: 'if (right === other) return true;' },
    ],
    file: acceptance,
    test: 'C1 a tie',
  },
  {
    id: 'M29',
    story: 'Right origins are ignored: all is a right child, ordered by ids only.',
    plantings: [
      idsOnly,
      {
        file: placement,
        text: 'right >= 0 && (left < 0 || isInside || spans.isBranched(this.span));',
        replacement: 'false;',
      },
      {
        file: placement,
        text: "right >= 0 && this.isDescendant(right, left) ? 'left' : 'right';",
        replacement: "'right';",
      },
    ],
    file: acceptance,
    test: 'C13 equal left origins',
  },
  {
    id: 'M30',
    story: "Plain Fugue's order of siblings, which converges to another text.",
    plantings: [idsOnly],
    file: acceptance,
    test: 'C10 right siblings in reverse order of right origins',
  },
  {
    id: 'M31',
    story: 'What comes too early is dropped instead of kept until it can be applied.',
    plantings: [
      {
        file: 'engine/causal/causal-buffer.ts',
        text: 'waiting.push({ batch, timestamp: missing.timestamp });',
        replacement: '',
      },
    ],
    file: 'engine/text/document.test.ts',
    test: 'B2 whose causes are missing waits, and is released in order',
  },
  {
    id: 'M32',
    story: 'Ties are broken by the order of a language, in which 100 stands before 99.',
    plantings: [
      {
        file: 'engine/text/operation-numbers.ts',
        text: 'return difference || authorA.replica - authorB.replica;',
        replacement:
          'return difference || String(authorA.replica).localeCompare(String(authorB.replica));',
      },
    ],
    file: acceptance,
    test: 'C1 a tie of the agents 99 and 100: ids are numbers, not text',
  },
  {
    id: 'M30b',
    story: 'The order of right siblings by right origins is the wrong way round.',
    plantings: [
      {
        file: siblings,
        text: orderOfRights,
        replacement: 'return state.rank(right) < state.rank(other);',
      },
    ],
    file: acceptance,
    test: 'C11 the same with the other agent lower',
  },
  {
    id: 'past-halves',
    story: 'A version that ends inside a surrogate pair shows half of it.',
    plantings: [{ file: past, text: 'if (!cuts(edge)) return edge;', replacement: 'return edge;' }],
    file: 'engine/text/history.test.ts',
    test: 'a pair comes and goes as a whole',
  },
  {
    id: 'undo-of-others',
    story: 'Undo brings back what somebody else deleted too.',
    plantings: [
      {
        file: past,
        text: 'if (!this.#isLeftOut) this.#hide',
        replacement: 'if (!this.#isLeftOut && this.#leftOut[index]?.length !== 0) this.#hide',
      },
    ],
    file: 'engine/text/undo.test.ts',
    test: 'keep away what they deleted too, before or after',
  },
  {
    id: 'anchor-of-deleted',
    story: 'An anchor stays one unit behind where its character was.',
    plantings: [
      {
        file: 'engine/text/anchor.ts',
        text: "anchor.side === 'after' && sequence.isVisible(anchor)",
        replacement: "anchor.side === 'after'",
      },
    ],
    file: 'engine/text/positions.test.ts',
    test: 'stay with the character before or after them',
  },
  {
    id: 'edit-after-expiry',
    story: 'An edit is taken after its token has expired, if the timer is late.',
    plantings: [
      {
        file: 'engine/sync/gateway.ts',
        text: '    this.#authority.endExpired();\n    this.#handle(input);\n',
        replacement: '    this.#handle(input);\n    this.#authority.endExpired();\n',
      },
    ],
    file: rights,
    test: 'refuses an edit that comes in the step in which it is due',
  },
  {
    id: 'write-right-kept',
    story: 'Who loses the right to write goes on writing.',
    plantings: [
      {
        file: 'engine/sync/authority.ts',
        text: '    session.writable = rights.write;\n',
        replacement: '    session.writable ||= rights.write;\n',
      },
    ],
    file: rights,
    test: 'is lost in the middle: what comes is skipped, what is on its way is acknowledged',
  },
  {
    id: 'edit-behind-a-hole',
    story: 'When the right to write is back, an edit is taken that follows one that was skipped.',
    plantings: [
      {
        file: 'engine/sync/authority.ts',
        text: 'if (!session.writable || first > session.skippedFrom) {',
        replacement: 'if (!session.writable) {',
      },
    ],
    file: rights,
    test: 'comes back: edits are taken from the first that was skipped, and none before it',
  },
];

/** With each, every test of its file must pass. */
export const harmlessChanges: readonly TestedPlanting[] = [
  {
    id: 'directories',
    story: 'Siblings get a directory at once, not only where there are very many.',
    plantings: [
      { file: placement, text: 'const stepsMax = 64;', replacement: 'const stepsMax = 0;' },
    ],
    file: 'properties/differential.prop.test.ts',
    test: null,
  },
];
