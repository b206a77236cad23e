/** Carries out planned faults on the cluster, and heals them. */
import { setTimeout as wait } from 'node:timers/promises';
import { assert, must, unreachable } from '../../engine/assert.ts';
import type { TcpProxy } from '../../server/testing/tcp-proxy.ts';
import { execute } from '../../server/testing/test-database.ts';
import { Violation } from '../../sim/checks/violation.ts';
import type { Cluster } from './cluster.ts';
import { type FaultKind, type LinkFault, linkFaultOf } from './fault-kinds.ts';
import { type PlannedFault, targetOf } from './fault-plan.ts';
import { freeze } from './signals.ts';

/** How the append's prepared statement is named in the requests to PostgreSQL. */
const appendStatement = '\0append\0';

/** PostgreSQL gets so long to come back by itself after a full disk. */
const recoverMs = 5_000;
const pollMs = 100;

export class Injector {
  readonly counts = new Map<FaultKind, number>();
  readonly #cluster: Cluster;
  readonly #wait: (ms: number) => Promise<void>;
  /** By target: what is done to it, one after the other. */
  readonly #lanes = new Map<string, Promise<void>>();

  /** `signal`: all faults heal at once. */
  constructor(cluster: Cluster, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#wait = (ms) => wait(ms, undefined, { signal }).catch(() => {});
  }

  /**
   * Injects it when its target is free; resolves when it has healed. False: it found nothing to
   * hit, and does not count.
   */
  async inject(fault: PlannedFault): Promise<boolean> {
    const target = targetOf(fault);
    const before = this.#lanes.get(target) ?? Promise.resolve();
    const done = before.then(() => this.#carryOut(fault)).catch(blame(fault));
    this.#lanes.set(
      target,
      done.then(
        () => {},
        () => {},
      ),
    );
    return await done;
  }

  async #carryOut(fault: PlannedFault): Promise<boolean> {
    const link = linkFaultOf(fault.kind);
    const node = must(this.#cluster.nodes[fault.node], 'a node');
    const felt =
      link === null
        ? await this.#hitProcess(fault)
        : await this.#breakLink(node.proxies[link.link], link.fault, fault);
    if (felt) this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
    return felt;
  }

  /** False: it found nothing to hit. */
  async #hitProcess({ kind, node: index, forMs, amount, more }: PlannedFault): Promise<boolean> {
    const { nodes, postgres, redis } = this.#cluster;
    const node = must(nodes[index], 'a node');
    switch (kind) {
      case 'node-kill':
        await node.kill();
        await this.#wait(forMs);
        await node.start();
        return true;
      case 'node-restart':
        await node.stop();
        await node.start();
        return true;
      case 'node-freeze':
        await this.#thaw(freeze([node.pid]), forMs);
        return true;
      case 'postgres-kill':
        await postgres.kill();
        await this.#wait(forMs);
        await postgres.restart();
        return true;
      case 'postgres-freeze':
        await this.#freezePostgres(forMs);
        return true;
      case 'postgres-disk-full':
        return await this.#fillDisk({ forMs, switchesLog: more });
      case 'postgres-commit-cut':
        return await cutCommit(node.proxies.postgres, forMs, amount);
      case 'redis-kill':
        await redis.kill();
        await this.#wait(forMs);
        await redis.restart();
        return true;
      case 'redis-freeze':
        await this.#thaw(freeze([redis.pid]), forMs);
        return true;
      default:
        throw new Error(`${kind} hits no process`);
    }
  }

  async #breakLink(
    proxy: TcpProxy,
    fault: LinkFault,
    { forMs, amount, direction, more }: PlannedFault,
  ): Promise<boolean> {
    switch (fault) {
      case 'cut':
        proxy.refuse(more);
        proxy.cutAll();
        if (more) await this.#wait(forMs);
        proxy.refuse(false);
        return true;
      case 'delay':
        proxy.delay(amount);
        await this.#wait(forMs);
        proxy.delay(0);
        return true;
      case 'one-way':
        proxy.silence(direction);
        await this.#wait(forMs);
        proxy.silence(null);
        return true;
      case 'half-open': {
        const end = proxy.freezeOpen();
        await this.#wait(forMs);
        // Who has not noticed is told now, as by a machine that knows of no such connection.
        end();
        return true;
      }
      default:
        return unreachable(fault);
    }
  }

  async #thaw(go: () => void, afterMs: number): Promise<void> {
    await this.#wait(afterMs);
    go();
  }

  async #freezePostgres(forMs: number): Promise<void> {
    const { postgres } = this.#cluster;
    const known = postgres.pids();
    const go = freeze(known);
    // Born before the postmaster stood still.
    const goToo = freeze(postgres.pids().filter((pid) => !known.includes(pid)));
    await this.#thaw(() => {
      goToo();
      go();
    }, forMs);
  }

  async #fillDisk(fault: {
    readonly forMs: number;
    readonly switchesLog: boolean;
  }): Promise<boolean> {
    const { forMs, switchesLog } = fault;
    const { disk, postgres } = this.#cluster;
    if (typeof disk === 'string') return false;
    try {
      await disk.fill();
      const healMs = performance.now() + forMs;
      // Another segment of its log, for which there is no room: it panics.
      if (switchesLog) await within(forMs, execute(postgres.url, 'SELECT pg_switch_wal()'));
      await this.#wait(Math.max(0, healMs - performance.now()));
    } finally {
      await disk.free();
    }
    const giveUpMs = performance.now() + recoverMs;
    while (postgres.pids().length > 0 && performance.now() < giveUpMs) {
      if (await within(pollMs * 10, execute(postgres.url, 'SELECT 1'))) return true;
      await wait(pollMs);
    }
    await postgres.kill();
    await postgres.restart();
    return true;
  }
}

/** What cannot be carried out is a fault of this tool, unless it is the product's. */
function blame({ kind }: PlannedFault): (error: unknown) => never {
  return (error) => {
    if (error instanceof Violation) throw error;
    throw new Violation('H1', `${kind}: ${String(error)}`, { kind: 'harness' });
  };
}

/** False: nothing was committed meanwhile. */
async function cutCommit(proxy: TcpProxy, forMs: number, replyBytes: number): Promise<boolean> {
  const at = replyBytes === 0 ? 'afterRequest' : 'inReply';
  const cut = { at, replyBytes, request: appendStatement } as const;
  const isMade = await within(forMs, proxy.cut(cut));
  proxy.disarm();
  return isMade;
}

/** Whether it succeeds in time. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  assert(ms >= 0, 'a time');
  const done = work.then(
    () => true,
    () => false,
  );
  return await Promise.race([done, wait(ms, false, { ref: false })]);
}
