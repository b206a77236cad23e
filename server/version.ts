/**
 * The version of this package, from its manifest: one folder up from the source, two from `dist/`.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const manifest = z.object({ name: z.literal('sync-vector-engine'), version: z.string() });

/** As in package.json. */
export function packageVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    const parsed = manifest.safeParse(readJson(new URL(path, import.meta.url)));
    if (parsed.success) return parsed.data.version;
  }
  return 'unknown';
}

function readJson(url: URL): unknown {
  try {
    return JSON.parse(readFileSync(url, 'utf8'));
  } catch {
    return null;
  }
}
