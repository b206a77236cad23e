/** Goal: the planted bugs move with the code. Method: their texts against the sources. */
import { expect, it } from 'vitest';
import { planted, sourceOf } from '../../sim/cli/plant.ts';
import { plantedServerBugs, serverParts } from './planted-bugs.ts';

it.each(plantedServerBugs)('$id fits the sources: $story', ({ plantings }) => {
  for (const planting of plantings) {
    const source = sourceOf(planting.file);
    expect(planted(source, planting)).not.toBe(source);
    expect(serverParts.some((part) => planting.file.startsWith(`${part}/`))).toBe(true);
  }
});
