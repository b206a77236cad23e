/**
 * Compares a Sequence with the oracle, character by character: ids, origins, content, deletions,
 * order.
 */
import { expect } from 'vitest';
import type { ReferenceDocument, ReferenceUnit } from '../engine/text/reference.ts';
import type { Sequence } from '../engine/text/sequence.ts';
import type { OpId } from '../proto/batch.ts';

/** One line per character, tombstones included, in document order. */
export function describeSequence(sequence: Sequence): string {
  const lines: string[] = [];
  for (const { id, text, left, right, deleted } of sequence.runs()) {
    for (let k = 0; k < text.length; k++) {
      const before = { timestamp: id.timestamp + k - 1, replica: id.replica };
      const unitId = { timestamp: id.timestamp + k, replica: id.replica };
      const unit = text.charAt(k);
      lines.push(describeUnit({ id: unitId, left: k === 0 ? left : before, right, unit, deleted }));
    }
  }
  return lines.join('\n');
}

export function describeReference(reference: ReferenceDocument): string {
  return reference.units.map(describeUnit).join('\n');
}

/** Fails unless both hold the same characters in the same order, and the sequence is sound. */
export function expectSame(sequence: Sequence, reference: ReferenceDocument): void {
  sequence.check();
  const actual = describeSequence(sequence);
  const expected = describeReference(reference);
  // `expect` formats both sides first, which would take most of the time of a long property.
  if (actual !== expected) expect(actual).toBe(expected);
  if (sequence.text !== reference.text) expect(sequence.text).toBe(reference.text);
}

function describeUnit(unit: ReferenceUnit): string {
  const { id, left, right, deleted } = unit;
  const content = `${JSON.stringify(unit.unit)}${deleted ? ' deleted' : ''}`;
  return `${name(id, '')} (${name(left, '^')}, ${name(right, '$')}) ${content}`;
}

function name(id: OpId | null, missing: string): string {
  return id === null ? missing : `${id.timestamp}.${id.replica}`;
}
