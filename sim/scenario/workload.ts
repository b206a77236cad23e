/**
 * What people do: a list of intents with times, drawn from the seed before the run.
 *
 * Places are fractions of the text as it will be then, so that an intent stays possible whatever
 * happened before it. Runs forward and backward, pastes, deletions, deletions with an insertion in
 * the same edit, several people in the same gap, characters outside the basic plane.
 */
import { Random } from '../../engine/random.ts';

export type Action =
  /** At the caret, which then stands behind it, or before it (`backward`). */
  | { readonly type: 'type'; readonly text: string; readonly backward: boolean }
  /** Moves the caret. */
  | { readonly type: 'move'; readonly to: number }
  /** Deletes before the caret. */
  | { readonly type: 'erase'; readonly units: number }
  | { readonly type: 'delete'; readonly from: number; readonly units: number }
  /** Two splices in one edit: a deletion, then an insertion at its place. */
  | {
      readonly type: 'replace';
      readonly from: number;
      readonly units: number;
      readonly text: string;
    }
  /** Tells the others where the caret is. */
  | { readonly type: 'presence' };

export interface Intent {
  /** Virtual time. */
  readonly atMs: number;
  /** Its name. */
  readonly client: string;
  /** Places in it (`to`, `from`) are millionths of the text's length. */
  readonly action: Action;
}

/** What somebody wants to know of a document's past. */
export interface Question {
  readonly atMs: number;
  readonly document: string;
  /**
   * - version: at a share of the head's LSN, in millionths;
   * - ago: at the database's time, so many ms before now;
   * - row: at the very time of a row, which is a share of the head's LSN.
   */
  readonly of: 'version' | 'ago' | 'row';
  readonly value: number;
}

const letters = 'abcdefghijklmnopqrstuvwxyz      \n';
/** Surrogate pairs, a combining mark, a character of three bytes. */
const exotic = ['😀', '👩‍🚀', '𝔘', 'e\u0301', '漢', '\u0000'];

/** Who works on what, and for how long. */
interface Workplace {
  readonly clients: readonly string[];
  readonly documents: readonly string[];
  readonly durationMs: number;
}

/** The intents of a seed, in the order of their times. */
export function drawWorkload(
  seed: number,
  { clients, durationMs }: Pick<Workplace, 'clients' | 'durationMs'>,
): Intent[] {
  const hot = new Random(seed, 'hot place').below(1_000_001);
  const intents: Intent[] = [];
  for (const client of clients) {
    const random = new Random(seed, `user ${client}`);
    const thinkMs = random.pick([20, 60, 150, 400]);
    let atMs = random.below(300);
    while (atMs < durationMs) {
      for (const action of drawActivity(random, hot)) {
        if (atMs < durationMs) intents.push({ atMs, client, action });
        atMs += random.below(Math.min(thinkMs, 120));
      }
      atMs += random.below(8 * thinkMs);
    }
  }
  return intents.sort((a, b) => a.atMs - b.atMs);
}

/** The questions of a seed, in the order of their times. */
export function drawQuestions(
  seed: number,
  { documents, durationMs }: Pick<Workplace, 'documents' | 'durationMs'>,
): Question[] {
  const random = new Random(seed, 'questions');
  const count = random.pick([0, 2, 5, 12]);
  const questions = Array.from({ length: count }, (): Question => {
    const of = random.pick(['version', 'ago', 'row'] as const);
    return {
      atMs: random.between(1, durationMs - 1),
      document: random.pick(documents),
      of,
      value: of === 'ago' ? random.pick([0, 0, 5, 50, 500]) : random.below(1_000_001),
    };
  });
  return questions.sort((a, b) => a.atMs - b.atMs);
}

/** A few actions in a row. */
function drawActivity(random: Random, hot: number): Action[] {
  const place = random.chance(300_000) ? hot : random.below(1_000_001);
  const to = { type: 'move', to: place } as const;
  switch (random.below(9)) {
    case 0:
    case 1:
      return [to, ...typing(random, { backward: false, count: random.between(2, 10) })];
    case 2:
      return [to, ...typing(random, { backward: true, count: random.between(2, 6) })];
    case 3:
      return [to, { type: 'type', text: drawText(random, random.between(5, 40)), backward: false }];
    case 4:
      return [{ type: 'delete', from: place, units: random.between(1, 12) }];
    case 5: {
      const text = drawText(random, random.between(1, 6));
      return [{ type: 'replace', from: place, units: random.between(1, 5), text }];
    }
    case 6:
      return [{ type: 'move', to: hot }, ...typing(random, { backward: false, count: 2 })];
    case 7:
      return Array.from({ length: random.between(1, 4) }, () => ({ type: 'erase', units: 1 }));
    default:
      return [to, { type: 'presence' }];
  }
}

function typing(
  random: Random,
  options: { readonly backward: boolean; readonly count: number },
): Action[] {
  const { backward, count } = options;
  return Array.from({ length: count }, () => ({
    type: 'type',
    text: drawText(random, 1),
    backward,
  }));
}

/** `characters` characters; some take two UTF-16 units. */
function drawText(random: Random, characters: number): string {
  let text = '';
  for (let i = 0; i < characters; i++) {
    text += random.chance(60_000)
      ? random.pick(exotic)
      : letters.charAt(random.below(letters.length));
  }
  return text;
}
