/**
 * One file of all that a thread needs, in .cache/sim, with a bug planted in it if asked.
 *
 * Threads start at once from it, without a loader, and a bug needs no copy of the sources: it is
 * put in as they are read. The text that a bug replaces must stand in its file exactly once, and
 * the file must be part of the bundle; otherwise the bug would be tested by nobody.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { PlantedBug, Planting } from '../planted/planting.ts';
import { planted } from './plant.ts';

const root = join(import.meta.dirname, '..', '..');

/** Where generated things lie. */
export const simCache = join(root, '.cache', 'sim');

/** Returns the bundle's path. Throws if the bug does not fit the sources. */
export async function bundleWorker(bug: PlantedBug | null): Promise<string> {
  const seen = new Set<string>();
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, './worker.ts')],
    bundle: true,
    write: false,
    outfile: join(simCache, 'worker.mjs'),
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'silent',
    // protobufjs is CommonJS and asks for nothing but this.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire('/');" },
    plugins: bug === null ? [] : [plantingPlugin(bug.plantings, seen)],
  });
  const missed = bug?.plantings.find(({ file }) => !seen.has(file));
  if (missed !== undefined) throw new Error(`${missed.file} is no part of the simulator`);
  const [output] = outputFiles;
  if (output === undefined) throw new Error('esbuild gave no file');
  return store(`${bug?.id ?? 'product'}.mjs`, output.contents);
}

/** Puts the replacements in while the files are read; notes those that it has seen. */
function plantingPlugin(plantings: readonly Planting[], seen: Set<string>): Plugin {
  const byPath = new Map<string, Planting[]>();
  for (const planting of plantings) {
    const path = join(root, planting.file);
    byPath.set(path, [...(byPath.get(path) ?? []), planting]);
  }
  return {
    name: 'planted bug',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const own = byPath.get(path);
        if (own === undefined) return null;
        for (const { file } of own) seen.add(file);
        const contents = own.reduce(planted, readFileSync(path, 'utf8'));
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** Written aside and moved there whole: another process may be about to read it. */
function store(name: string, contents: Uint8Array): string {
  mkdirSync(simCache, { recursive: true });
  const path = join(simCache, name);
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, contents);
  renameSync(aside, path);
  return path;
}
