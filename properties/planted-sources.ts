/**
 * The sources of the server with a bug planted in a copy of them: below the repository, so that
 * packages are found.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planted } from '../sim/cli/plant.ts';
import type { Planting } from '../sim/planted/planting.ts';

export interface PlantedSources {
  readonly folder: string;
  remove(): void;
}

const root = join(import.meta.dirname, '..');
const copiedParts = ['proto', 'engine', 'client', 'server', 'web', 'package.json'];

/** `id` names the folder. Throws unless the text to replace stands there exactly once. */
export function plantedSources(id: string, planting: Planting): PlantedSources {
  const folder = join(root, '.cache', 'planted', id);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  remove();
  mkdirSync(folder, { recursive: true });
  for (const part of copiedParts) {
    cpSync(join(root, part), join(folder, part), {
      recursive: true,
      filter: (path) => !path.includes('tsconfig'),
    });
  }
  const path = join(folder, planting.file);
  writeFileSync(path, planted(readFileSync(path, 'utf8'), planting));
  return { folder, remove };
}
