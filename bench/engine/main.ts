/**
 * `npm run bench:engine`: what our engine takes in time, bytes and memory (job.ts says how each
 * figure is taken), on workloads from a seed and on recorded traces.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { library } from './adapter.ts';
import { bundle } from './child-process.ts';
import { runSession, sessionHelp, sessionOptions } from './session.ts';

const help = `Usage: npm run bench:engine [-- options]

${sessionHelp}`;

const { values } = parseArgs({
  options: { ...sessionOptions, help: { type: 'boolean', default: false } },
});
if (values.help) process.stdout.write(help);
else {
  const root = join(import.meta.dirname, '../..');
  const folder = join(root, '.cache/bench-engine');
  const script = await bundle({ entry: join(import.meta.dirname, './child.ts'), folder });
  process.exitCode = (await runSession([{ library, script }], values)) ? 0 : 1;
}
