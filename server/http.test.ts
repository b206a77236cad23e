/**
 * Goal: what the port answers to plain HTTP: health, metrics, the page, problems, and headers that
 * keep a browser safe. Method: a real server with a made-up log and a page of two files.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BusState, Health } from './health.ts';
import { createHttpServer } from './http.ts';
import { createLog } from './log.ts';
import { Metrics } from './metrics.ts';
import { loadPage, type Page } from './page.ts';
import { sampleSources } from './testing/metric-sources.ts';

const durability = {
  ...{ fsync: true, fullPageWrites: true, synchronousCommit: 'on', ok: true, advice: '' },
};
let folder: string;
let logUp: boolean;
let questions: number;
let health: Health;
let metrics: Metrics;
let server: Server;
let base: string;

async function start(page: Promise<Page>, bus: BusState = 'none'): Promise<void> {
  logUp = true;
  questions = 0;
  const ready = (): Promise<boolean> => {
    questions++;
    return Promise.resolve(logUp);
  };
  health = new Health({ port: { ready }, durability }, bus);
  metrics = new Metrics(sampleSources({ isLogUp: () => logUp, bus: () => health.bus }));
  server = createHttpServer({ health, metrics, page, log: createLog('silent') });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  base = `http://127.0.0.1:${address.port}`;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sve-page-'));
  await writeFile(
    `${folder}/index.html`,
    '<link rel="stylesheet" href="./style.css"><a href="/d/x"></a><script src="/main.ts"></script>',
  );
  await writeFile(`${folder}/style.css`, 'body { color: red; }');
  await writeFile(
    `${folder}/main.ts`,
    'const answer: number = 42;\nwindow.name = String(answer);\n',
  );
  const page = loadPage(`${folder}/`);
  await page;
  await start(page);
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

/** Without the decoding and the caching that `fetch` does by itself. */
async function ask(path: string, headers: Record<string, string> = {}) {
  const [response] = await once(get(`${base}${path}`, { headers }), 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const received: IncomingHttpHeaders = response.headers;
  return { status: response.statusCode, headers: received, body: Buffer.concat(chunks) };
}

describe('health', () => {
  it('is live and ready, and says what durability rests on', async () => {
    expect((await ask('/livez')).status).toBe(200);
    const response = await fetch(`${base}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      ...{ ready: true, degraded: false, reasons: [], draining: false },
      ...{ log: 'up', bus: 'none', durability },
    });
  });

  it('stays ready without the bus, and says that it is degraded and why', async () => {
    health.bus = 'down';
    const response = await fetch(`${base}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      ...{ ready: true, degraded: true, reasons: [expect.stringMatching(/Redis/)], bus: 'down' },
    });
  });

  it('stays ready when snapshots fail, and says that it is degraded and why', async () => {
    health.areSnapshotsFailing = () => true;
    const response = await fetch(`${base}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      ...{ ready: true, degraded: true, reasons: [expect.stringMatching(/snapshots cannot/)] },
    });
  });

  it('is live but not ready when the log is down or the node stops, and says why', async () => {
    logUp = false;
    health.draining = true;
    const response = await fetch(`${base}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      ready: false,
      reasons: [expect.stringMatching(/log/), expect.stringMatching(/stopping/)],
      draining: true,
      log: 'down',
    });
    expect((await ask('/livez')).status).toBe(200);
  });

  it('asks the database once for many who ask at the same time', async () => {
    await Promise.all(Array.from({ length: 5 }, () => health.readiness()));
    expect(questions).toBe(1);
  });
});

describe('metrics', () => {
  /** The samples of our own, by name with labels. */
  async function samples(): Promise<Record<string, number>> {
    const lines = (await ask('/metrics')).body.toString().split('\n');
    const own = lines.filter((line) => line.startsWith('sve_'));
    return Object.fromEntries(own.map((line) => line.split(' ')).map(([k, v]) => [k, Number(v)]));
  }

  it('are read when they are asked for, and have none of a bus that is not there', async () => {
    const { headers, body } = await ask('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(headers['cache-control']).toBe('no-store');
    expect(body.toString()).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    const before = await samples();
    expect(before).toMatchObject({
      ...{ sve_connections: 3, sve_documents: 1, sve_log_up: 1 },
      ...{ sve_log_rows_total: 0, sve_log_commit_seconds_count: 0 },
    });
    expect(before).not.toHaveProperty('sve_bus_up');
    logUp = false;
    metrics.committed({ documents: 2, rows: 1, bytes: 70, ms: 3 });
    metrics.playback.answered(0.004);
    metrics.playback.refused();
    expect(await samples()).toMatchObject({
      ...{ sve_log_up: 0, sve_log_rows_total: 1, sve_log_bytes_total: 70 },
      ...{ sve_log_commit_seconds_count: 1, sve_log_commit_seconds_sum: 0.003 },
      ...{ sve_playback_seconds_count: 1, sve_playback_refused_total: 1 },
      ...{ 'sve_log_commit_seconds_bucket{le="0.002"}': 0 },
      ...{ 'sve_log_commit_seconds_bucket{le="0.005"}': 1 },
    });
  });

  it('count attempts to make snapshots by outcome, and time those that made one', async () => {
    metrics.snapshotted({ outcome: 'made', ms: 40 });
    metrics.snapshotted({ outcome: 'failed', ms: 9_000 });
    metrics.snapshotBad();
    expect(await samples()).toMatchObject({
      ...{ 'sve_snapshots_total{outcome="made"}': 1, 'sve_snapshots_total{outcome="failed"}': 1 },
      ...{ sve_snapshot_seconds_count: 1, sve_snapshot_seconds_sum: 0.04 },
      ...{ sve_snapshots_bad_total: 1 },
    });
  });

  it('tell whether the bus is up', async () => {
    server.close();
    await start(loadPage(`${folder}/`), 'up');
    expect(await samples()).toMatchObject({ sve_bus_up: 1 });
    health.bus = 'down';
    expect(await samples()).toMatchObject({ sve_bus_up: 0 });
  });
});

describe('the page', () => {
  it('is the same for every document; its files have paths that never change', async () => {
    const root = await ask('/');
    expect(root.status).toBe(200);
    expect(root.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(root.headers['cache-control']).toBe('no-cache');
    expect((await ask('/d/My-doc.1?at=5')).body).toEqual(root.body);
    const html = root.body.toString();
    expect(html).toContain('href="/d/x"');
    const paths = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(paths).toEqual([
      expect.stringMatching(/^\/assets\/[\w-]{16}\/style\.css$/),
      expect.stringMatching(/^\/assets\/[\w-]{16}\/main\.js$/),
    ]);
    for (const path of [...paths, `${paths[1]}.map`]) {
      const file = await ask(path);
      expect(file.status).toBe(200);
      expect(file.headers['cache-control']).toContain('immutable');
    }
    expect((await ask(paths[1] ?? '')).body.toString()).toContain('sourceMappingURL=main.js.map');
  });

  it('is packed for who takes it, and not sent again to who has it', async () => {
    const plain = await ask('/');
    const packed = await ask('/', { 'accept-encoding': 'gzip' });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.body)).toEqual(plain.body);
    const again = await ask('/', { 'if-none-match': plain.headers.etag ?? '' });
    expect(again.status).toBe(304);
    expect(again.body).toHaveLength(0);
  });

  it('may not load from elsewhere or be framed, whatever is answered', async () => {
    for (const path of ['/', '/livez', '/nothing']) {
      const { headers } = await ask(path);
      expect(headers['content-security-policy']).toMatch(
        /default-src 'none'.*frame-ancestors 'none'/,
      );
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
  });

  it('gets other paths when its files change', async () => {
    const before = [...(await loadPage(`${folder}/`)).assets.keys()];
    await writeFile(`${folder}/style.css`, 'body { color: blue; }');
    const after = [...(await loadPage(`${folder}/`)).assets.keys()];
    expect(after).toHaveLength(before.length);
    expect(after.filter((path) => before.includes(path))).toEqual([]);
  });

  it('is taken as it is from a build', async () => {
    await rm(`${folder}/main.ts`);
    await writeFile(`${folder}/main.js`, 'built();');
    const page = await loadPage(`${folder}/`);
    const [path = ''] = [...page.assets.keys()].filter((name) => name.endsWith('/main.js'));
    expect(page.assets.get(path)?.body.toString()).toBe('built();');
    expect(page.html.body.toString()).toContain(`src="${path}"`);
  });

  it('that cannot be made is a failure of its own addresses only', async () => {
    server.close();
    await rm(`${folder}/index.html`);
    const page = loadPage(`${folder}/`);
    await expect(page).rejects.toThrow(/no index\.html/);
    await start(page);
    expect((await ask('/')).status).toBe(500);
    expect((await ask('/livez')).status).toBe(200);
  });
});

describe('a problem', () => {
  const cases: [method: string, path: string, status: number, header: [string, string] | null][] = [
    ['GET', '/nothing', 404, null],
    ['GET', '/assets/x/main.js', 404, null],
    ['GET', '/d/', 404, null],
    ['GET', '/d/a%20b', 404, null],
    ['POST', '/', 405, ['allow', 'GET, HEAD']],
    ['GET', '/v1/sync', 426, ['upgrade', 'websocket']],
  ];
  for (const [method, path, status, header] of cases) {
    it(`of ${method} ${path} is told as problem+json with ${status}`, async () => {
      const response = await fetch(`${base}${path}`, { method });
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject({ status, detail: expect.any(String) });
      if (header !== null) expect(response.headers.get(header[0])).toBe(header[1]);
    });
  }
});
