/**
 * `npm run bench:engine`: what our engine takes in time, bytes and memory (job.ts says how each
 * figure is taken), on workloads from a seed and on recorded traces; or, with `--scaling`, what an
 * operation costs as the document grows.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { library } from './adapter.ts';
import { bundle } from './child-process.ts';
import { scalingTable } from './report.ts';
import { measureScaling } from './scaling-report.ts';
import { machine, positive, runSession, sessionHelp, sessionOptions } from './session.ts';

const help = `Usage: npm run bench:engine [-- options]

${sessionHelp}
  --scaling     instead: one operation in documents of growing size
  --sizes N,N   of these sizes, in characters (default 10000,100000,1000000,10000000)
  --svg FILE    draws them
`;

const { values } = parseArgs({
  options: {
    ...sessionOptions,
    scaling: { type: 'boolean', default: false },
    sizes: { type: 'string', default: '10000,100000,1000000,10000000' },
    svg: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const cache = join(import.meta.dirname, '../../.cache');
if (values.help) process.stdout.write(help);
else if (values.scaling) await scaling();
else {
  const entry = join(import.meta.dirname, './child.ts');
  const script = await bundle({ entry, folder: join(cache, 'bench-engine') });
  process.exitCode = (await runSession([{ library, script }], values)) ? 0 : 1;
}

async function scaling(): Promise<void> {
  const series = await measureScaling({
    sizes: values.sizes.split(',').map((size) => positive('sizes', size)),
    repeat: positive('repeat', values.repeat),
    limitMs: 1000 * positive('limit', values.limit),
    warmUpRounds: 100,
    folder: join(cache, 'bench-engine-scaling'),
    svg: values.svg ?? null,
  });
  const json = JSON.stringify({ machine: machine(), unit: 'us', series }, null, 2);
  process.stdout.write(`${values.json ? json : scalingTable(series)}\n`);
}
