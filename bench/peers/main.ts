/**
 * `npm run bench:peers`: the same work done by our engine and by other text CRDTs, in turn, in one
 * run, with all final texts compared. The others are installed here only (`npm ci` in this folder),
 * never by the root.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../engine/child-process.ts';
import { runSession, sessionHelp, sessionOptions } from '../engine/session.ts';

const help = `Usage: npm run bench:peers [-- options]

  --library A,B these beside our engine (default: all)
${sessionHelp}`;

const { values } = parseArgs({
  options: {
    ...sessionOptions,
    library: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const packages = join(import.meta.dirname, 'node_modules');
if (values.help) process.stdout.write(help);
else if (!existsSync(packages)) {
  process.stderr.write('The peers are not installed: run `npm ci` in bench/peers first.\n');
  process.exitCode = 2;
} else process.exitCode = (await comparePeers()) ? 0 : 1;

async function comparePeers(): Promise<boolean> {
  const entry = join(import.meta.dirname, './child.ts');
  const script = await bundle({ entry, folder: join(packages, '.bench') });
  const { libraries } = await import('./contenders.ts');
  const named = values.library?.split(',');
  const chosen = libraries.filter(
    ({ name }, index) => index === 0 || named === undefined || named.includes(name),
  );
  return runSession(
    chosen.map((library) => ({ library, script })),
    values,
  );
}
