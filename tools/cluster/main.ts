/**
 * `npm run cluster -- --nodes 3`: several nodes on this machine, to try out. Prints where they are;
 * the first Ctrl-C stops all in order, the second at once.
 *
 * Exit code 0: stopped when told to. 1: it did not start, or could not be stopped.
 */
import { parseArgs } from 'node:util';
import { type Cluster, startCluster } from './cluster.ts';

const nodesMax = 16;
/** Which document the printed addresses show. */
const document = 'd/together';

const help = `Usage: npm run cluster [-- options]

Starts several nodes on one PostgreSQL and one Redis, and prints their addresses: pages
of one document, to open side by side. A node that ends is started again.

  --nodes N       how many, at most ${nodesMax} (default: 3)
  --port P        of the first node, the others follow; 0 = any free ones (default: 4800)
  --data-dir DIR  where the documents stay between runs (default: ./data/cluster)

PostgreSQL: DATABASE_URL, or one of its own with the data in DIR/postgres. Redis: REDIS_URL, a
container, redis-server on PATH, or Debian's packages.
`;

try {
  const { values } = parseArgs({
    options: {
      nodes: { type: 'string', default: '3' },
      port: { type: 'string', default: '4800' },
      'data-dir': { type: 'string', default: './data/cluster' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) process.stdout.write(help);
  else {
    const nodes = integer('nodes', values.nodes, { min: 1, max: nodesMax });
    const port = integer('port', values.port, { min: 0, max: 65_536 - nodes });
    await run({ nodes, port, dataDir: values['data-dir'] });
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function run(asked: { nodes: number; port: number; dataDir: string }): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const starting = startCluster({ ...asked, env: process.env, say });
  stopOnSignals(starting);
  const { nodes } = await starting;
  say(`\n${nodes.length} nodes; the documents stay in ${asked.dataDir}, or at DATABASE_URL:\n`);
  for (const [i, { url, pid }] of nodes.entries()) {
    say(`  node ${i + 1}  ${url}${document}  process ${pid}`);
  }
  say(
    '\nOpen them side by side: they show one document. Kill a process: it is started again.\n' +
      'Ctrl-C stops all.',
  );
}

function stopOnSignals(starting: Promise<Cluster>): void {
  let isStopping = false;
  const onSignal = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    starting
      .then((cluster) => cluster.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
          process.exit(1);
        },
      );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

function integer(name: string, text: string, range: { min: number; max: number }): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= range.min && value <= range.max) return value;
  throw new Error(`--${name} is a number from ${range.min} to ${range.max}, got ${text}`);
}
