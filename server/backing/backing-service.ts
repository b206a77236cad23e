/**
 * A real service for a test run, found by a ladder; the rung is printed once.
 *
 * 1. Its address in the environment: if it is set and does not answer, the run fails.
 * 2. A container, when Docker answers. REQUIRE_DOCKER=1 allows this rung only.
 * 3. A server of our own, from programs that are here.
 * 4. None: tests that need it are skipped with the reason, or fail with REQUIRE_<SERVICE>=1.
 */
import { whyNoDocker } from './docker.ts';

export interface RunningService {
  readonly type: 'running';
  /** Which rung it is, for people. */
  readonly rung: string;
  readonly url: string;
  /** Stops what was started for the run; a server behind a given address stays as it is. */
  stop(): Promise<void>;
}

export type BackingService = RunningService | { readonly type: 'none'; readonly reason: string };

export interface Ladder {
  readonly service: string;
  /** The variable that holds an address, and the one that makes a missing service a failure. */
  readonly addressVariable: string;
  readonly requireVariable: string;
  /** Rejects unless the service at `url` answers. */
  readonly reach: (url: string) => Promise<void>;
  readonly container: () => Promise<RunningService>;
  /** A server of our own, or (text) why there is none. */
  readonly own: () => Promise<RunningService | string>;
}

/** Climbs the ladder. Rejects when a rung that was asked for cannot be had. */
export async function startBackingService(
  ladder: Ladder,
  env: NodeJS.ProcessEnv,
): Promise<BackingService> {
  const { service, requireVariable } = ladder;
  const backing = await climb(ladder, env);
  if (backing.type === 'none' && env[requireVariable] === '1') {
    throw new Error(`${requireVariable}=1, but there is no ${service}: ${backing.reason}`);
  }
  const found =
    backing.type === 'running' ? backing.rung : `none, tests are skipped: ${backing.reason}`;
  process.stderr.write(`${service} for tests: ${found}\n`);
  return backing;
}

async function climb(ladder: Ladder, env: NodeJS.ProcessEnv): Promise<BackingService> {
  const { addressVariable } = ladder;
  const containersOnly = env.REQUIRE_DOCKER === '1';
  const url = env[addressVariable];
  if (url !== undefined && !containersOnly) {
    await ladder.reach(url).catch((error: unknown) => {
      const message = `${addressVariable} is set, but does not answer: ${String(error)}`;
      throw new Error(message, { cause: error });
    });
    return { type: 'running', rung: addressVariable, url, stop: () => Promise.resolve() };
  }
  const noDocker = await whyNoDocker();
  if (noDocker === null) return await ladder.container();
  if (containersOnly) throw new Error(`REQUIRE_DOCKER=1, but ${noDocker}`);
  const own = await ladder.own();
  if (typeof own !== 'string') return own;
  return { type: 'none', reason: `${addressVariable} is not set; ${noDocker}; ${own}` };
}
