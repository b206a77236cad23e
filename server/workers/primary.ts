/**
 * One service of several processes: the primary, which serves nobody, and its workers, each a whole
 * node (node.ts) with its own connections to the database.
 *
 * They share the port: the primary accepts a connection and hands it to the next worker in turn,
 * and from then on has nothing to do with it. They hear each other through Redis if there is one,
 * else through the primary (bus-hub.ts). The database is opened, brought up to date and, if it is
 * our own, run by the primary. A worker that ends is started again; what it held is in the log.
 *
 * Stop: all workers at once, each in its order; then the database.
 */
import cluster from 'node:cluster';
import { mustBeChecked } from '../auth/authentication.ts';
import type { Config } from '../config.ts';
import { openDatabase } from '../database.ts';
import type { Log } from '../log.ts';
import type { NodeFacts, RunningNode } from '../node.ts';
import { BusHub } from './bus-hub.ts';
import { MetricsOfAll } from './metrics-of-all.ts';
import type { ToPrimary, ToWorker } from './worker-messages.ts';
import { WorkerSlot } from './worker-slot.ts';

/** Longer than a worker takes for whatever is not edits under way: sockets, connections. */
const stopPatienceMs = 15_000;

/** Resolves when every worker takes connections; rejects if one cannot, with none left running. */
export async function startWorkers(config: Config, log: Log): Promise<RunningNode> {
  mustBeChecked(config);
  const database = await openDatabase(config, log);
  const hub = new BusHub();
  const wanted = config.workers;
  cluster.setupPrimary({ stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'] });
  // Each in turn: left to themselves some would get all connections.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  const slots = Array.from({ length: wanted }, (_, index): WorkerSlot => {
    const onMessage = (message: ToPrimary): void => {
      if (message.type === 'databaseLost') database.lost();
      else if (message.type === 'reported') metrics.reported(message.id, message.metrics);
      else if (message.type === 'scrape') {
        const { id } = message;
        void metrics.text().then((text) => slots[index]?.tell({ type: 'scraped', id, text }));
      }
    };
    return new WorkerSlot({
      ...{ number: index + 1, log, env: { DATABASE_URL: database.url } },
      ...{ onPipe: (pipe) => hub.join(pipe), onMessage, onChange },
    });
  });
  const running = (): readonly WorkerSlot[] => slots.filter(({ isRunning }) => isRunning);
  const metrics = new MetricsOfAll({ running, wanted });
  function tellAll(message: ToWorker): void {
    for (const slot of slots) slot.tell(message);
  }
  function onChange(): void {
    tellAll({ type: 'workers', running: running().length, wanted });
  }
  const stop = async (): Promise<void> => {
    await Promise.all(slots.map((slot) => slot.stop(config.drainMs + stopPatienceMs)));
    await database.stop();
  };
  let closed: Promise<void> | null = null;
  try {
    return {
      ...(await startAll(slots)),
      dataPlace: database.place,
      workers: slots.map(({ pid }) => pid),
      reload: async () => tellAll({ type: 'reload' }),
      close: () => (closed ??= stop()),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The first one alone: what is wrong with the settings is told once. */
async function startAll([first, ...others]: readonly WorkerSlot[]): Promise<NodeFacts> {
  const facts = await first?.start();
  await Promise.all(others.map((slot) => slot.start()));
  if (facts === undefined) throw new RangeError('no workers');
  return facts;
}
