/**
 * A real service, found by a ladder; the rung is printed once.
 *
 * 1. Its address in the environment: if it is set and does not answer, there is an error.
 * 2. A container, when Docker answers. REQUIRE_DOCKER=1 allows this rung only.
 * 3. A server of our own, from programs that are here.
 * 4. None: whoever needs it says so (tests are skipped with the reason), or fails with
 *    REQUIRE_<SERVICE>=1.
 *
 * `npm start` has a shorter one: the address (address.ts), or what it runs itself.
 */
import { mustAnswer } from './address.ts';
import { whyNoDocker } from './docker.ts';

export interface RunningService {
  readonly type: 'running';
  /** Which rung it is, for people. */
  readonly rung: string;
  readonly url: string;
  /** Stops what was started; a server behind a given address stays as it is. */
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
  /** Null: what it holds has to stay, and a container's does not. */
  readonly container: (() => Promise<RunningService>) | null;
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
  const found = backing.type === 'running' ? backing.rung : `none (${backing.reason})`;
  process.stderr.write(`${service}: ${found}\n`);
  return backing;
}

async function climb(ladder: Ladder, env: NodeJS.ProcessEnv): Promise<BackingService> {
  const { addressVariable, container, reach } = ladder;
  const containersOnly = container !== null && env.REQUIRE_DOCKER === '1';
  const url = env[addressVariable] ?? '';
  if (url !== '' && !containersOnly) {
    const advice = `Check that it runs there, or unset ${addressVariable}.`;
    await mustAnswer({ variable: addressVariable, url, advice, reach });
    return { type: 'running', rung: addressVariable, url, stop: () => Promise.resolve() };
  }
  const reasons = [`${addressVariable} is not set`];
  if (container !== null) {
    const noDocker = await whyNoDocker();
    if (noDocker === null) return await container();
    if (containersOnly) throw new Error(`REQUIRE_DOCKER=1, but ${noDocker}`);
    reasons.push(noDocker);
  }
  const own = await ladder.own();
  if (typeof own !== 'string') return own;
  return { type: 'none', reason: [...reasons, own].join('; ') };
}
