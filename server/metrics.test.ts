/**
 * Goal: what is told of the metrics is what there is: the dashboard asks for nothing that a node
 * does not expose, and docs/operations.md lists every one of our own. Method: the names in the
 * files against the names in the exposed text.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

const memory = { texts: 5, rows: 4, snapshots: 3, backlog: 2, sockets: 1 };

function metricsOf(): Metrics {
  return new Metrics({
    stats: () => ({ connections: 0, sessions: 0, rooms: 0, memory }),
    isLogUp: () => true,
    bus: () => 'up',
  });
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

it('the dashboard asks for what a node exposes', async () => {
  const board = read('deploy/grafana/dashboards/sync-vector-engine.json');
  const asked = new Set(board.match(/\b(?:sve|nodejs|process)_\w+/g));
  expect(asked.size).toBeGreaterThan(10);
  const known = await exposed();
  expect([...asked].filter((name) => !known.has(name))).toEqual([]);
});

it('the page tells every metric of our own, and no other', async () => {
  const told = [...read('docs/operations.md').matchAll(/^\| `(sve_\w+)` \|/gm)];
  const own = [...(await exposed())].filter(
    (name) => name.startsWith('sve_') && !/_(bucket|sum|count)$/.test(name),
  );
  expect(told.map(([, name]) => name).toSorted()).toEqual(own.toSorted());
});

it('memory is told by cause', async () => {
  const text = await metricsOf().expose();
  const told = [...text.matchAll(/^sve_memory_bytes\{cause="(\w+)"\} (\d+)$/gm)];
  expect(told.map(([, cause, bytes]) => [cause, Number(bytes)])).toEqual(Object.entries(memory));
});
