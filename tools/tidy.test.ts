/**
 * Goal: every house rule finds what it forbids and leaves alone what it allows. Method: tiny
 * repositories as `{ path: text }`; a case names the rule, a text that breaks it and one that does
 * not. Markers and machine words are put together at run time, so that this file is tidy itself.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zoneOf } from './tidy/house.ts';
import { sourceFile } from './tidy/source.ts';
import { listFiles, tidy } from './tidy.ts';

type Repository = Readonly<Record<string, string>>;

/** The findings of one rule in a repository, as `path:line`. */
function places(rule: string, repository: Repository): string[] {
  const files = Object.entries(repository).map(([path, text]) => sourceFile(path, text));
  return tidy(files)
    .filter((finding) => finding.rule === rule)
    .map(({ path, line }) => `${path}:${line}`);
}

const short = (text: string): string => JSON.stringify(text.slice(0, 60));
const lines = (count: number, line = 'x();'): string => `${line}\n`.repeat(count);
const marker = ['TO', 'DO'].join('');
const brand = 'export type Lsn = Brand<number, "Lsn">;';

/** Rule, text that breaks it, text that keeps it; the path is engine/a.ts unless told. */
const cases: readonly (readonly [rule: string, bad: string, good: string, path?: string])[] = [
  ['syntax', 'const = 1;', 'const a = 1;'],
  ['long-line', `// ${'x'.repeat(98)}`, `// ${'x'.repeat(97)}`],
  ['long-line', `-- ${'x'.repeat(98)}`, `-- ${'x'.repeat(97)}`, 'server/schema/a.sql'],
  ['long-line', `f('${'x'.repeat(98)}');`, `  '${'x'.repeat(98)}',`],
  ['long-file', lines(501), lines(500)],
  ['long-file', lines(651), lines(650), 'engine/text/span-tree.ts'],
  ['long-file', lines(601), lines(600), 'engine/a.test.ts'],
  ['header', 'const a = 1;', '/** Decides a. */'],
  ['header', '#!/usr/bin/env node\nf();', '#!/usr/bin/env node\n/** Runs. */', 'tools/a.ts'],
  ['header', 'create table a ();', '-- One row per a.', 'server/schema/a.sql'],
  ['left-over', `// ${marker}: later`, '// The rest is in the log.'],
  ['machine-word', `// see /${'work'}/main`, '// see ./work/main and network/x'],
  ['machine-word', `# /${'root'}/x`, '# engine/root/x', 'docs/a.md'],
  ['long-function', `function f() {\n${lines(69)}}`, `function f() {\n${lines(68)}}`],
  [
    'long-function',
    `it('x', () => {\n${lines(69)}});`,
    `describeWithPostgres('x', () => {\n${lines(90)}});`,
    'engine/a.test.ts',
  ],
  ['default-export', 'export default 1;', 'export const a = 1;'],
  ['assertion', 'a as Foo;', `${brand} a as Lsn; [1] as const;`],
  ['assertion', `${brand} a as unknown as Lsn;`, 'const a = { b: 1 } satisfies B;'],
  ['assertion', 'const a = [1]; a[0] as number;', 'const a = new Int32Array(1); a[0] as number;'],
  [
    'assertion',
    'const f = (a: A[]) => a[0] as number;',
    'const f = (a: Int8Array) => a[0] as number;',
  ],
  ['forged-proof', 'a as DurableFrame;', 'const a: DurableFrame = mint();'],
  ['inheritance', 'class A extends B {}', 'class A extends RangeError {}'],
  ['vague-name', 'class RoomManager {}', 'class Room {}'],
  ['positional-boolean', 'function f(a: A, on: boolean) {}', 'function f(on: boolean) {}'],
  ['positional-boolean', 'const f = (a: A, on: boolean) => a;', 'assert(a, { on: true });'],
  ['dead-code', '// const a = f(b);\n// g(a);', '// The first wins; the second is dropped:'],
  ['export-all', "export * from './b.ts';", "export { b } from './b.ts';"],
  ['barrel', "export { b } from './b.ts';", "export { b } from './b.ts';\nexport const a = 1;"],
  ['barrel', "export { b } from '../b.ts';", "import { b } from '../b.ts';", 'web/a.ts'],
  ['grab-bag', '', '', 'engine/utils.ts'],
  ['file-name', '', '', 'engine/spanTree.ts'],
];

const pure: readonly (readonly [bad: string, good: string])[] = [
  ['Date.now();', 'now.wallMs;'],
  ['new Date();', 'const a = { Date: 1 };'],
  ['const a: Promise<void> = b;', 'a.Promise;'],
  ['async function f() {}', 'function f() {}'],
  ['for await (const a of b) {}', 'for (const a of b) {}'],
  ['setTimeout(f, 1);', 'return { wakeAt: 1 };'],
  ['queueMicrotask(f);', 'queue.push(f);'],
  ['a.localeCompare(b);', 'a < b;'],
  ['a.toLocaleUpperCase();', 'a.toUpperCase();'],
  ['Intl.DateTimeFormat();', 'a.Intl;'],
  ['new WeakRef(a);', 'new WeakMap();'],
  ['a.sort();', 'a.sort((x, y) => x - y);'],
  ['a.toSorted();', 'a.toSorted(byId);'],
  ['Math.random();', 'random.next();'],
  ['Math.log2(a);', 'Math.clz32(a);'],
  ['a ** 2;', '2 ** 53;'],
  ['10 ** a;', '2 ** a;'],
  ['console.log(a);', 'log.push(a);'],
];

const returned = (text: string): string => text.replace(/^return (.*);$/, 'const a = $1;');

describe('tidy', () => {
  for (const [rule, bad, good, path = 'engine/a.ts'] of cases) {
    it(`${rule} finds ${short(bad)} and allows ${short(good)}`, () => {
      expect(places(rule, { [path]: bad })).toHaveLength(1);
      const allowed = bad === good ? 'engine/span-tree.ts' : path;
      expect(places(rule, { [allowed]: good })).toEqual([]);
    });
  }

  it.each(pure)('the core may not say %j but may say %j', (bad, good) => {
    for (const path of ['engine/a.ts', 'sim/a.ts', 'proto/a.ts']) {
      expect(places('impure', { [path]: bad }).length).toBeGreaterThan(0);
      expect(places('impure', { [path]: returned(good) })).toEqual([]);
    }
    for (const path of ['engine/a.test.ts', 'sim/cli/main.ts', 'server/a.ts']) {
      expect(places('impure', { [path]: bad })).toEqual([]);
    }
  });

  it('a table is known by its declaration, wherever it is, and by what is taken from it', () => {
    const store = `export class Store {
      rows = new Int32Array(1);
      names: number[] = [];
      bytes(): Uint8Array {}
      ids(): number[] {}
    }`;
    const reads = (text: string): string[] =>
      places('assertion', { 'engine/store.ts': store, 'engine/a.ts': text });
    expect(reads('store.rows[0] as number;')).toEqual([]);
    expect(reads('const { rows: from } = store; const a = from; a[0] as number;')).toEqual([]);
    expect(reads('const a = store.rows.slice(1); a[0] as number;')).toEqual([]);
    expect(reads('class A { #rows: Int8Array | null; a() { this.#rows[0] as number; } }')).toEqual(
      [],
    );
    expect(reads('const a = store.bytes(); a[0] as number;')).toEqual([]);
    expect(reads('const a = store.ids(); a[0] as number;')).toHaveLength(1);
    expect(reads('store.names[0] as number;')).toHaveLength(1);
    expect(reads('const { names } = store; names[0] as number;')).toHaveLength(1);
    expect(reads('class A { #rows = []; a() { this.#rows[0] as number; } }')).toHaveLength(1);
    expect(reads('store.rows[0] as Row;')).toHaveLength(1);
    expect(reads('store.rows as number;')).toHaveLength(1);
  });

  it('a test may wait for an event but not for time to pass', () => {
    const sleep = 'await new Promise((go) => setTimeout(go, 5));';
    const event = 'await new Promise((go) => { setTimeout(fail, 5); socket.once("open", go); });';
    expect(places('sleep', { 'server/a.test.ts': sleep })).toEqual(['server/a.test.ts:1']);
    expect(places('sleep', { 'server/a.test.ts': event })).toEqual([]);
    const promised = "import { setTimeout } from 'node:timers/promises';";
    expect(places('sleep', { 'server/a.test.ts': promised })).toEqual(['server/a.test.ts:1']);
    expect(places('sleep', { 'server/a.ts': promised })).toEqual([]);
  });

  it('generated code answers to its generator only', () => {
    const bad = 'export default new Date();';
    expect(places('default-export', { 'proto/generated/a.ts': bad })).toEqual([]);
    expect(places('header', { 'proto/generated/a.ts': bad })).toEqual([]);
  });
});

describe('import directions', () => {
  const from = (path: string, specifier: string): string[] => [
    ...places('import-direction', { [path]: `import { x } from '${specifier}';` }),
    ...places('import-package', { [path]: `import { x } from '${specifier}';` }),
  ];

  it.each([
    ['engine/sync/a.ts', '../../server/main.ts'],
    ['engine/a.ts', '../client/a.ts'],
    ['engine/a.ts', 'node:fs'],
    ['engine/a.ts', 'fs'],
    ['proto/a.ts', '../engine/ids.ts'],
    ['sim/a.ts', '../server/a.ts'],
    ['sim/a.ts', 'node:fs'],
    ['server/a.ts', '../client/a.ts'],
    ['server/a.ts', './testing/harness.ts'],
    ['client/a.ts', 'ws'],
    ['client/a.ts', '../server/a.ts'],
    ['proto/a.ts', './testing/arbitraries.ts'],
    ['web/a.ts', '../engine/a.ts'],
    ['properties/a.ts', '../server/a.ts'],
    ['bench/peers/a.ts', '../../server/a.ts'],
    ['tools/a.ts', '../engine/a.ts'],
    ['engine/a.test.ts', '../server/a.ts'],
  ])('%s may not import %s', (path, specifier) => {
    expect(from(path, specifier)).toEqual([`${path}:1`]);
  });

  it.each([
    ['engine/a.ts', '../proto/batch.ts'],
    ['proto/a.ts', 'protobufjs/minimal.js'],
    ['sim/a.ts', '../engine/ids.ts'],
    ['sim/cli/main.ts', 'node:fs'],
    ['server/a.ts', '../engine/ids.ts'],
    ['server/a.ts', 'ws'],
    ['server/testing/a.ts', '../a.ts'],
    ['server/testing/a.ts', '../backing/a.ts'],
    ['client/transport-node.ts', 'ws'],
    ['web/a.ts', '../client/index.ts'],
    ['properties/a.ts', '../server/testing/harness.ts'],
    ['properties/a.ts', '../proto/testing/arbitraries.ts'],
    ['proto/testing/arbitraries.ts', 'fast-check'],
    ['proto/a.test.ts', './testing/arbitraries.ts'],
    ['tools/replay/main.ts', '../../engine/ids.ts'],
    ['engine/a.test.ts', 'vitest'],
    ['engine/a.test.ts', '../properties/seed.ts'],
  ])('%s may import %s', (path, specifier) => {
    expect(from(path, specifier)).toEqual([]);
  });

  it('the longest folder decides the zone', () => {
    expect(zoneOf('server/testing/harness.ts').folder).toBe('server/testing');
    expect(zoneOf('server/testing-notes.ts').folder).toBe('server');
    expect(zoneOf('vitest.config.ts').folder).toBe('');
  });

  it('forbidden packages are found in code and in a manifest, except for a peer', () => {
    const code = "import { Doc } from 'yjs';";
    expect(places('forbidden-package', { 'server/a.ts': code })).toEqual(['server/a.ts:1']);
    expect(places('forbidden-package', { 'bench/peers/a.ts': code })).toEqual([]);
    const manifest = '{\n  "dependencies": {\n    "socket.io": "1"\n  }\n}';
    expect(places('forbidden-package', { 'package.json': manifest })).toEqual(['package.json:3']);
    expect(places('forbidden-package', { 'bench/peers/package.json': manifest })).toEqual([]);
    expect(places('forbidden-package', { 'package.json': '{\n  "ws": "8"\n}' })).toEqual([]);
  });
});

describe('unused code', () => {
  const a = 'export const a = 1;';

  it('a file needs a user other than its own test', () => {
    const test = "import { a } from './a.ts';";
    const own = { 'engine/a.ts': a, 'engine/a.test.ts': test };
    expect(places('unused-file', own)).toEqual(['engine/a.ts:1']);
    expect(places('unused-file', { ...own, 'engine/b.test.ts': test })).toEqual([]);
  });

  it.each([
    ['package.json', '{ "start": "tsx server/a.ts" }'],
    ['server/b.test.ts', "new Worker(new URL('./a.ts', import.meta.url));"],
    ['server/b.test.ts', "await import('./a.ts');"],
  ])('%s may name an entry point', (path, text) => {
    expect(places('unused-file', { 'server/a.ts': a, [path]: text })).toEqual([]);
  });

  it('a named public surface is an entry point', () => {
    expect(places('unused-file', { 'client/index.ts': a })).toEqual([]);
  });

  it('a page that mentions a file does not use it', () => {
    expect(places('unused-file', { 'server/a.ts': a, 'a.md': '# A\nserver/a.ts' })).toHaveLength(1);
  });

  it('an exported value needs an importer, an exported type does not', () => {
    const user = { 'engine/b.test.ts': "import { a } from './a.ts';" };
    const types = "export interface C {}\nexport type { D } from './d.ts';";
    const text = `${a}\nexport function b() {}\n${types}`;
    expect(places('unused-export', { 'engine/a.ts': text, ...user })).toEqual(['engine/a.ts:2']);
    expect(places('unused-export', { 'engine/a.ts': a, ...user })).toEqual([]);
  });
});

describe('pages', () => {
  const title = '# One\n';

  it('have exactly one title, whatever a code block shows', () => {
    expect(places('one-title', { 'a.md': 'no title' })).toEqual(['a.md:1']);
    expect(places('one-title', { 'a.md': `${title}# Two` })).toEqual(['a.md:2']);
    expect(places('one-title', { 'a.md': `${title}\`\`\`\n# a comment\n\`\`\`` })).toEqual([]);
  });

  it('link only to what exists', () => {
    const page = `${title}[b](../b.md#x) [d](docs2/) [w](https://example.org/) [h](#one)`;
    const both = { 'docs/a.md': page, 'docs/docs2/c.md': title };
    expect(places('broken-link', both)).toEqual(['docs/a.md:2']);
    expect(places('broken-link', { ...both, 'b.md': title })).toEqual([]);
  });
});

describe('the list of files', () => {
  it('comes from a walk without dependencies and output where there is no git', () => {
    const root = mkdtempSync(join(tmpdir(), 'tidy-'));
    for (const folder of ['engine', 'node_modules/x', 'dist']) {
      mkdirSync(join(root, folder), { recursive: true });
      writeFileSync(join(root, folder, 'a.ts'), '');
    }
    expect(listFiles(root)).toEqual(['engine/a.ts']);
    rmSync(root, { recursive: true });
  });
});
