/** Goal: the table of planted bugs says what was measured. Method: finds made by hand. */
import { describe, expect, it } from 'vitest';
import type { PlantedBug } from '../planted/planting.ts';
import { type Find, rowOf, withTable } from './mutant-trials.ts';

const bug: PlantedBug = {
  id: 'M99',
  story: 'Something is wrong.',
  properties: ['S1', 'L2'],
  seedsMax: 300,
  plantings: [],
};

function find(property: string, seeds: number): Find {
  const about = { about: [], event: 1, timeMs: 1 };
  const violation = { kind: 'safety', property, message: 'it broke\nat a', ...about } as const;
  return { seed: seeds, seeds, events: 100 * seeds, violation };
}

describe('a row', () => {
  it('has what found the bug most often, and medians', () => {
    const finds = [find('L2', 50), find('S1', 2), find('S1', 9), find('L2', 1), find('S1', 7)];
    expect(rowOf(bug, finds)).toEqual({
      id: 'M99',
      story: 'Something is wrong.',
      property: 'S1',
      seedsMedian: 7,
      eventsMedian: 700,
      misses: [],
    });
  });

  it('says which trials missed it, or found something else', () => {
    const row = rowOf(bug, [null, find('S9', 4)]);
    expect(row.misses).toEqual([
      'trial 1: not found in 300 seeds',
      'trial 2: by S9, not S1/L2: it broke',
    ]);
    expect(rowOf(bug, [null])).toMatchObject({ property: null, seedsMedian: null });
  });
});

describe('the table', () => {
  const page = 'before\n<!-- mutants -->\nold\n<!-- /mutants -->\nafter\n';
  const rows = [rowOf(bug, [find('S1', 30)]), rowOf(bug, [null])];

  it('takes the place of the old one', () => {
    const written = withTable(page, rows);
    expect(written).toMatch(/^before\n/);
    expect(written).toMatch(/\nafter\n$/);
    expect(written).not.toContain('old');
    expect(written).toContain('| M99 | Something is wrong. | S1 | 30 | 3,000 |\n');
    expect(written).toContain('| M99 | Something is wrong. | nothing | – | – |\n');
    expect(withTable(written, rows)).toBe(written);
  });

  it('has no place in a page without markers', () => {
    expect(() => withTable('page', rows)).toThrow('no <!-- mutants -->');
  });
});
