/**
 * The house as data: limits, who may import whom, and which files stand apart.
 *
 * The tables of CONTRIBUTING.md and docs/architecture.md say the same in prose; the project
 * references in the tsconfig files enforce most directions too. Here each has a message. Rules live
 * in rules-*.ts.
 */

/** Bounds of one file. */
export const limits = {
  lineColumns: 100,
  functionLines: 70,
  fileLines: 500,
  testLines: 600,
} as const;

/** Files with a cap of their own, in lines. */
export const fileLinesOf: Readonly<Record<string, number>> = {
  'engine/text/span-tree.ts': 650,
};

/** A folder with one direction rule; the longest matching prefix decides. */
export interface Zone {
  readonly folder: string;
  /** Zones whose files it may import, besides its own. */
  readonly imports: readonly string[];
  /** Packages it may import; `node:` stands for all of Node's own. null = any declared one. */
  readonly packages: readonly string[] | null;
}

const everyRuntime = ['engine', 'proto', 'sim', 'client', 'server/testing'];

/** Who may import whom. */
const zones: readonly Zone[] = [
  { folder: 'proto', imports: [], packages: ['protobufjs'] },
  { folder: 'engine', imports: ['proto'], packages: [] },
  { folder: 'sim', imports: ['engine', 'proto'], packages: [] },
  { folder: 'sim/page', imports: ['sim', 'engine'], packages: [] },
  { folder: 'server', imports: ['server/backing', 'engine', 'proto'], packages: null },
  { folder: 'server/backing', imports: ['server', 'engine'], packages: null },
  {
    folder: 'server/testing',
    imports: ['server', 'server/backing', 'engine', 'proto', 'client'],
    packages: null,
  },
  { folder: 'client', imports: ['engine', 'proto'], packages: [] },
  { folder: 'web', imports: ['client'], packages: [] },
  { folder: 'web/testing', imports: [], packages: [] },
  { folder: 'properties', imports: everyRuntime, packages: ['node:', 'vitest', 'fast-check'] },
  {
    folder: 'bench',
    imports: [...everyRuntime, 'server', 'server/backing', 'tools/replay'],
    packages: null,
  },
  { folder: 'bench/peers', imports: ['bench', 'engine', 'tools/replay'], packages: null },
  { folder: 'tools', imports: [], packages: null },
  { folder: 'tools/cluster', imports: [...everyRuntime, 'server/backing'], packages: null },
  { folder: 'tools/replay', imports: [...everyRuntime, 'server/backing'], packages: null },
  { folder: 'tools/torture', imports: [...everyRuntime, 'server/backing'], packages: null },
  { folder: '', imports: [], packages: null },
];

/** What a test, or a folder `testing`, may import beyond what its folder may. */
export const testExtras: Zone = {
  folder: '',
  imports: ['proto', 'client', 'properties', 'server/testing', 'web/testing'],
  packages: ['node:', 'vitest', 'fast-check', 'protobufjs', 'playwright-core'],
};

/** Files of a pure folder that need not be pure, and the packages they may import. */
export const edges: readonly { readonly files: RegExp; readonly packages: readonly string[] }[] = [
  { files: /^sim\/cli\//, packages: ['node:', 'esbuild'] },
  { files: /^sim\/page\//, packages: [] },
  { files: /^client\/transport-node[^/]*\.ts$/, packages: ['node:', 'ws'] },
];

/** Folders that must compute the same everywhere: no clock, no chance, no promise. */
export const pureFolders: readonly string[] = ['proto', 'engine', 'sim'];

/** Files that only re-export: the named public surfaces. */
export const surfaces: readonly string[] = [
  'client/index.ts',
  'client/index-node.ts',
  'engine/index.ts',
];

/** Files that may have a default export, because a tool demands it. */
export const configFiles: readonly string[] = ['vitest.config.ts'];

/**
 * CRDT, OT and socket libraries that never enter the product (bench/peers has its own manifest).
 */
export const forbiddenPackages =
  /^(yjs|y-[a-z]+|@?automerge([/-].*)?|sharedb.*|loro-crdt|diamond-types.*|socket\.io.*)$/;

/** The zone of a path. */
export function zoneOf(path: string): Zone {
  let best: Zone | undefined;
  for (const zone of zones) {
    const inside = zone.folder === '' || path.startsWith(`${zone.folder}/`);
    if (inside && zone.folder.length >= (best?.folder.length ?? 0)) best = zone;
  }
  if (best === undefined) throw new Error(`no zone for ${path}`);
  return best;
}
