/** The process that measures a peer, or our engine, by name: bundled by main.ts. */
import { runJob } from '../engine/job.ts';
import type { Library } from '../engine/library.ts';

const libraries: Readonly<Record<string, () => Promise<Library>>> = {
  engine: async () => (await import('../engine/adapter.ts')).library,
  yjs: async () => (await import('./yjs.ts')).yjs,
  'yjs-gc-off': async () => (await import('./yjs.ts')).yjsGcOff,
  'json-joy': async () => (await import('./json-joy.ts')).jsonJoy,
  'diamond-types': async () => (await import('./diamond-types.ts')).diamondTypes,
  loro: async () => (await import('./loro.ts')).loro,
  automerge: async () => (await import('./automerge.ts')).automerge,
};

await runJob((name) => {
  const find = libraries[name];
  if (find === undefined) throw new Error(`no library ${name}`);
  return find();
});
