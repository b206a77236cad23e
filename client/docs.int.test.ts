/**
 * Goal: the example of docs/client.md does what the page says. Method: it runs as it stands there,
 * in a process of its own, against the real server; only addresses are replaced.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithBinaries } from '../server/testing/describe-postgres.ts';
import { type ServerProcess, startServerProcess } from '../server/testing/server-process.ts';

const root = join(import.meta.dirname, '..');

await describeWithBinaries('docs/client.md', () => {
  let dataDir: string;
  let server: ServerProcess;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sve-example-'));
    server = await startServerProcess({ dataDir });
  });

  afterAll(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true });
  });

  it('has an example that prints what it says', async () => {
    const page = await readFile(join(root, 'docs', 'client.md'), 'utf8');
    const [, code = '', printed = ''] =
      /```ts\n(.*?)```.*?```text\n(.*?)```/s.exec(page) ?? expect.fail('no example');
    const program = code
      .replace('sync-vector-engine/client', '../../client/index-node.ts')
      .replace('http://127.0.0.1:4800', server.url);
    const folder = join(root, '.cache', 'docs');
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'client-example.ts');
    await writeFile(file, program);
    const run = promisify(execFile)(process.execPath, ['--import', 'tsx', file], { cwd: root });
    expect((await run).stdout).toBe(printed);
  });
});
