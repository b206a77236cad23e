/**
 * Goal: the cluster as people start it: what is typed at one node is read at another, a node that
 * is killed comes back, documents stay between runs, Ctrl-C leaves no process behind, and what is
 * missing or wrong is told. Method: the real command in a process of its own, raw sockets, and the
 * list of all that it has started.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SnapshotReader } from '../../proto/snapshot-format.ts';
import { describeWithBinaries } from '../../server/testing/describe-postgres.ts';
import { describeWithRedis } from '../../server/testing/describe-redis.ts';
import { stillRunning, treeOf } from '../../server/testing/process-tree.ts';
import { RawClient, typing } from '../../server/testing/raw-client.ts';

const root = join(import.meta.dirname, '..', '..');

/** The command, and what it has said. */
class Command {
  readonly #child: ChildProcess;
  said = '';

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, ['--import', 'tsx', 'tools/cluster/main.ts', ...args], {
      cwd: root,
      env: { ...process.env, DATABASE_URL: '', REQUIRE_DOCKER: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => (this.said += String(chunk)));
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves with the places of the nodes when all are up. */
  async ready(): Promise<readonly { readonly syncUrl: string; readonly pid: number }[]> {
    const exited = this.exitCode();
    while (!this.said.includes('Ctrl-C stops all.')) {
      const code = await Promise.race([exited, once(this.#child.stdout ?? this.#child, 'data')]);
      if (typeof code === 'number') throw new Error(`it ended with ${code}: ${this.said}`);
    }
    const lines = this.said.matchAll(/node \d+ +http:\/\/([^/]+)\/d\/together +process (\d+)/g);
    return [...lines].map(([, host, pid]) => ({
      syncUrl: `ws://${host}/v1/sync`,
      pid: Number(pid),
    }));
  }

  async exitCode(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await once(this.#child, 'exit');
    }
    return this.#child.exitCode;
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return await this.exitCode();
  }
}

await describeWithBinaries('several nodes with one command', () => {
  describeWithRedis('on one Redis', (redisUrl) => {
    const clients: RawClient[] = [];
    const commands: Command[] = [];
    let folder: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sve-cluster-'));
    });

    afterEach(async () => {
      await Promise.all(clients.splice(0).map((client) => client.cut()));
      await Promise.all(commands.splice(0).map((command) => command.end('SIGTERM')));
      await rm(folder, { recursive: true, force: true });
    });

    function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Command {
      const given = ['--data-dir', join(folder, 'data'), ...args];
      const command = new Command(given, { REDIS_URL: redisUrl, ...env });
      commands.push(command);
      return command;
    }

    async function enter(syncUrl = ''): Promise<{ client: RawClient; text: string }> {
      const client = await RawClient.open(syncUrl);
      clients.push(client);
      client.hello({ document: 'together' });
      const { welcome } = await client.next((frame) => frame.welcome !== null);
      const snapshot = welcome?.snapshot ?? null;
      return { client, text: snapshot === null ? '' : new SnapshotReader(snapshot).text };
    }

    it('shows at each what is typed at one, keeps it, and leaves no process', async () => {
      const first = start(['--nodes', '2', '--port', '0'], { REDIS_URL: '' });
      const nodes = await first.ready();
      expect(nodes).toHaveLength(2);
      const { client: reader } = await enter(nodes[1]?.syncUrl);
      const { client: author } = await enter(nodes[0]?.syncUrl);
      author.send(typing('hello'));
      const { rows } = await reader.next((frame) => frame.rows.length > 0);
      const ops = rows.flatMap((row) => row.batches.flatMap((batch) => batch.ops));
      expect(ops).toMatchObject([{ text: 'hello' }]);
      const all = treeOf(first.pid);
      expect(all).toEqual(expect.arrayContaining(nodes.map(({ pid }) => pid)));
      expect(await first.end('SIGINT')).toBe(0);
      expect(stillRunning(all)).toEqual([]);

      const second = start(['--nodes', '1', '--port', '0']);
      const [again] = await second.ready();
      expect((await enter(again?.syncUrl)).text).toBe('hello');
      expect(await second.end('SIGTERM')).toBe(0);
    });

    it('starts a node again that is killed, and ends with whoever kills the command', async () => {
      const command = start(['--nodes', '1', '--port', '0']);
      const [node] = await command.ready();
      process.kill(node?.pid ?? 0, 'SIGKILL');
      await vi.waitFor(() => expect(command.said).toMatch(/node 1 is back as process \d+/), {
        timeout: 30_000,
      });
      await enter(node?.syncUrl);
      const all = treeOf(command.pid);
      await command.end('SIGKILL');
      await vi.waitFor(() => expect(stillRunning(all)).toEqual([]), { timeout: 20_000 });
    });

    it('says what is wrong and what to do, and starts nothing', async () => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const address = taken.address();
      const port = typeof address === 'object' ? String(address?.port) : '';
      const cases: [args: string[], env: NodeJS.ProcessEnv, message: RegExp][] = [
        [['--nodes', '0'], {}, /^--nodes is a number from 1 to 16, got 0\n$/],
        [['--nods', '2'], {}, /Unknown option '--nods'/],
        [['--port', port], {}, new RegExp(`^port ${port} cannot be used: .* --port`)],
        [['--port', '0'], { REDIS_URL: 'redis://127.0.0.1:1' }, /REDIS_URL is .*ECONNREFUSED/],
        [
          ['--port', '0'],
          { REDIS_URL: '', REQUIRE_REDIS: '', PATH: folder, DOCKER_HOST: 'tcp://127.0.0.1:1' },
          /several nodes need Redis: install redis-server .*no redis-server or valkey-server/,
        ],
      ];
      for (const [args, env, message] of cases) {
        const command = start(args, env);
        expect(await command.exitCode()).toBe(1);
        expect(command.said).toMatch(message);
        expect(command.said).not.toMatch(/^ +at /m);
      }
      taken.close();
    });
  });
});
