/**
 * Every bug that is planted to see whether the simulator finds it: `M…` of others, `N…` made up,
 * `F…` found here.
 */
import { bugsFoundHere } from './bugs-found-here.ts';
import { bugsMadeUp } from './bugs-made-up.ts';
import { bugsOfOthers } from './bugs-of-others.ts';
import type { PlantedBug } from './planting.ts';
import { rareBugs } from './rare-bugs.ts';

/** Those that any few hundred seeds find: the measure of the simulator. */
export const huntedBugs: readonly PlantedBug[] = [...bugsOfOthers, ...bugsMadeUp, ...bugsFoundHere];

export const plantedBugs: readonly PlantedBug[] = [...huntedBugs, ...rareBugs];
