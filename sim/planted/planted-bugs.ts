/** Every bug that is planted to see whether the simulator finds it. */
import { bugsFoundHere } from './bugs-found-here.ts';
import { bugsMadeUp } from './bugs-made-up.ts';
import { bugsOfOthers } from './bugs-of-others.ts';
import type { PlantedBug } from './planting.ts';

/** `M…` of others, `N…` made up, `F…` found here. */
export const plantedBugs: readonly PlantedBug[] = [
  ...bugsOfOthers,
  ...bugsMadeUp,
  ...bugsFoundHere,
];
