/**
 * Where the texts of several replicas differ, and how a text is shown so that nothing in it is
 * invisible.
 *
 * Texts are compared in characters as people see them, more or less: a surrogate pair is one, a
 * combining mark belongs to what is before it. A character is common if it is matched in every
 * other text, by a longest common subsequence with each; whatever else there is differs.
 */

export interface Piece {
  /** As it is shown. */
  readonly text: string;
  readonly differs: boolean;
  /** Whether it stands for something that has no shape of its own. */
  readonly symbol: boolean;
}

/** Beyond so many cells of the table, all between the common ends counts as different: 4 MB. */
const cellsMax = 1_000_000;

interface Compared {
  readonly characters: readonly string[];
  /** 1 for each that is matched in all others so far. */
  readonly common: Uint8Array;
}

/** The pieces of each text. */
export function differences(texts: readonly string[]): Piece[][] {
  const all = texts.map((text): Compared => {
    const characters = charactersOf(text);
    return { characters, common: new Uint8Array(characters.length).fill(1) };
  });
  for (const [at, own] of all.entries()) {
    for (const other of all.slice(at + 1)) keepMatched(own, other);
  }
  return all.map(piecesOf);
}

function charactersOf(text: string): string[] {
  return text.match(/\P{M}\p{M}*|\p{M}+/gu) ?? [];
}

/** Clears `common` in both where a character has no match in the other. */
function keepMatched(one: Compared, two: Compared): void {
  const [a, b] = [one.characters, two.characters];
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let tail = 0;
  while (tail < shorter - start && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const rows = a.length - start - tail;
  const columns = b.length - start - tail;
  const isTooLong = rows * columns > cellsMax;
  const matches = isTooLong
    ? []
    : longestMatch(a.slice(start, start + rows), b.slice(start, start + columns));
  const [kept, keptToo] = [one.common.slice(), two.common.slice()];
  one.common.fill(0, start, start + rows);
  two.common.fill(0, start, start + columns);
  for (const [row, column] of matches) {
    one.common[start + row] = kept[start + row] ?? 0;
    two.common[start + column] = keptToo[start + column] ?? 0;
  }
}

/** The places of a longest common subsequence in each. */
function longestMatch(a: readonly string[], b: readonly string[]): [number, number][] {
  const width = b.length + 1;
  // lengths[row * width + column]: of the longest that begins there or later.
  const lengths = new Uint32Array((a.length + 1) * width);
  const length = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = a.length - 1; row >= 0; row--) {
    for (let column = b.length - 1; column >= 0; column--) {
      lengths[row * width + column] =
        a[row] === b[column]
          ? length(row + 1, column + 1) + 1
          : Math.max(length(row + 1, column), length(row, column + 1));
    }
  }
  const matches: [number, number][] = [];
  let [row, column] = [0, 0];
  while (row < a.length && column < b.length) {
    if (a[row] === b[column]) matches.push([row++, column++]);
    else if (length(row + 1, column) >= length(row, column + 1)) row++;
    else column++;
  }
  return matches;
}

function piecesOf({ characters, common }: Compared): Piece[] {
  const pieces: Piece[] = [];
  for (const [at, character] of characters.entries()) {
    const differs = common[at] === 0;
    const text = shown(character, { alone: differs });
    const symbol = text !== character;
    const last = pieces.at(-1);
    if (last?.differs === differs && last.symbol === symbol) {
      pieces.splice(-1, 1, { ...last, text: last.text + text });
    } else pieces.push({ text, differs, symbol });
  }
  return pieces;
}

/** A character with a shape; `alone` if its neighbours may not be those it joins with. */
function shown(character: string, { alone }: { readonly alone: boolean }): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '\n') return '↵\n';
  if (code < 0x20) return String.fromCodePoint(0x2400 + code) + character.slice(1);
  if (code === 0x7f) return `␡${character.slice(1)}`;
  if (/^\p{Cs}/u.test(character)) return `\\u${code.toString(16)}${character.slice(1)}`;
  if (/^\p{M}/u.test(character)) return `◌${character}`;
  if (alone && /^\p{Cf}$/u.test(character)) return `U+${code.toString(16).padStart(4, '0')}`;
  return character;
}
