/**
 * What a planted bug is: data, so that the product holds no switch for it. A text that does not
 * stand in its file exactly once is an error: the bug has to move with the code.
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
