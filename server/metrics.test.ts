/**
 * Goal: what is told of the metrics is what there is: dashboard and alerts ask for nothing that a
 * node does not expose, and docs/operations.md lists every one of our own, and every alert. Method:
 * the names in the files against the names in the exposed text.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';
import { sampleMemory, sampleSources } from './testing/metric-sources.ts';
import { MetricsOfAll } from './workers/metrics-of-all.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

function metricsOf(): Metrics {
  const metrics = new Metrics(sampleSources({ bus: () => 'up' }));
  metrics.watchCertificate(() => Date.now() + 60_000);
  return metrics;
}

async function exposed(): Promise<ReadonlySet<string>> {
  const names = [...(await metricsOf().expose()).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    names.flatMap(([, name = '', kind]) =>
      kind === 'histogram'
        ? [name, ...['_bucket', '_sum', '_count'].map((end) => name + end)]
        : [name],
    ),
  );
}

/** What several workers add. */
async function exposedByAll(): Promise<readonly string[]> {
  const text = await new MetricsOfAll({ running: () => [], wanted: 2 }).text();
  return [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
}

it('the dashboard asks for what a node exposes', async () => {
  const board = read('deploy/grafana/dashboards/sync-vector-engine.json');
  const asked = new Set(board.match(/\b(?:sve|nodejs|process)_\w+/g));
  expect(asked.size).toBeGreaterThan(10);
  const known = new Set([...(await exposed()), ...(await exposedByAll())]);
  expect([...asked].filter((name) => !known.has(name))).toEqual([]);
});

describe('the alerts', () => {
  const rules = read('deploy/alerts.yml')
    .split(/^ +- alert: /m)
    .slice(1);
  const alerts = rules.map((rule) => ({
    name: rule.split('\n', 1)[0] ?? '',
    asked: /^ +expr: (.*)$/m.exec(rule)?.[1]?.match(/\b(?:sve|nodejs|process)_\w+|\bup\b/g) ?? [],
  }));

  it('ask for what a node exposes', async () => {
    const known = new Set([...(await exposed()), ...(await exposedByAll()), 'up']);
    expect(alerts.length).toBeGreaterThan(10);
    for (const { asked } of alerts) {
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.filter((name) => !known.has(name))).toEqual([]);
    }
  });

  it('are all in the runbook, and nothing else is', () => {
    const told = [...read('docs/operations.md').matchAll(/^\| `(Sve\w+)` \|/gm)];
    expect(told.map(([, name]) => name).toSorted()).toEqual(
      alerts.map(({ name }) => name).toSorted(),
    );
  });
});

it('the page tells every metric of our own, and no other', async () => {
  const told = [...read('docs/operations.md').matchAll(/^\| `(sve_\w+)` \|/gm)];
  const own = [...(await exposed()), ...(await exposedByAll())].filter(
    (name) => name.startsWith('sve_') && !/_(bucket|sum|count)$/.test(name),
  );
  expect(told.map(([, name]) => name).toSorted()).toEqual(own.toSorted());
});

it('memory is told by cause', async () => {
  const text = await metricsOf().expose();
  const told = [...text.matchAll(/^sve_memory_bytes\{cause="(\w+)"\} (\d+)$/gm)];
  expect(told.map(([, cause, bytes]) => [cause, Number(bytes)])).toEqual(
    Object.entries(sampleMemory),
  );
});
