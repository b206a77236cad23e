/** The probe as plain JavaScript, for `--import`. */
import { join } from 'node:path';
import { bundle } from '../engine/child-process.ts';

let bundled: Promise<string> | null = null;

/** Its path. */
export function bundledProbe(): Promise<string> {
  const folder = join(import.meta.dirname, '../../.cache/bench-server/probe');
  bundled ??= bundle({ entry: join(import.meta.dirname, './probe.ts'), folder });
  return bundled;
}
