/**
 * A place between two characters that moves with them: it sticks to one character (or to an end of
 * the document) and survives every edit, that character's deletion included.
 */
import type { OpId } from '../../proto/batch.ts';
import type { Sequence } from './sequence.ts';

export interface TextAnchor extends OpId {
  /** Timestamp 0: the document's start (`after`) or end (`before`). */
  readonly side: 'after' | 'before';
}

/**
 * The anchor of the caret at `index` (UTF-16 units, 0 … length). 'after': it sticks to the
 * character to the left, so that text which others insert at the caret appears behind it; 'before':
 * to the one to the right, and such text appears before it.
 */
export function anchorAt(
  sequence: Sequence,
  index: number,
  side: TextAnchor['side'] = 'after',
): TextAnchor {
  const id = sequence.idAt(side === 'after' ? index - 1 : index);
  return id === null ? { timestamp: 0, replica: 0, side } : { ...id, side };
}

/** The caret's index now (UTF-16 units); null if the character has never been here. */
export function anchorIndex(sequence: Sequence, anchor: TextAnchor): number | null {
  if (anchor.timestamp === 0) return anchor.side === 'after' ? 0 : sequence.length;
  const index = sequence.indexOf(anchor);
  if (index === null) return null;
  return anchor.side === 'after' && sequence.isVisible(anchor) ? index + 1 : index;
}
