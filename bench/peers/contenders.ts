/** Our engine and the libraries beside which it is measured. */
import { library as engine } from '../engine/adapter.ts';
import type { Library } from '../engine/library.ts';
import { automerge } from './automerge.ts';
import { diamondTypes } from './diamond-types.ts';
import { jsonJoy } from './json-joy.ts';
import { loro } from './loro.ts';
import { yjs, yjsGcOff } from './yjs.ts';

/** Ours first: what is told of it is told against the best of the others. */
export const libraries: readonly Library[] = [
  engine,
  yjs,
  yjsGcOff,
  jsonJoy,
  diamondTypes,
  loro,
  automerge,
];
