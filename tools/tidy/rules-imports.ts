/**
 * Rules about how files hang together: import directions, barrels, files that nothing uses and
 * exports that nothing imports.
 *
 * The graph is built from import and export specifiers and from string literals that name a `.ts`
 * file (a worker's URL); files that are not TypeScript (package.json, HTML, the CI script) count as
 * users of the paths they name. That list of names is the list of entry points. A file's own test
 * is not a user.
 */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { edges, forbiddenPackages, surfaces, testExtras, type Zone, zoneOf } from './house.ts';
import {
  child,
  children,
  type Finding,
  isTest,
  isTestSupport,
  lineAt,
  type Node,
  nameOf,
  type SourceFile,
  stringOf,
  walk,
} from './source.ts';

interface Import {
  readonly node: Node;
  readonly specifier: string;
  /** Repository path of a relative specifier, else null. */
  readonly path: string | null;
  /** Imported names; null = all of them (dynamic import, `import *`, a path in a string). */
  readonly names: readonly string[] | null;
  /** True for a path in a string: it makes a file used, but is no import. */
  readonly mentioned: boolean;
}

/** Directions, packages and barrels of one file. */
export function importRules(file: SourceFile): Finding[] {
  const findings: Finding[] = [];
  for (const entry of importsOf(file)) {
    if (entry.mentioned) continue;
    const wrong =
      entry.path === null ? packageFault(file, entry) : directionFault(file, entry.path);
    if (wrong === null) continue;
    findings.push({ path: file.path, line: lineAt(file, entry.node.start), ...wrong });
  }
  return [...findings, ...barrelRule(file)];
}

/** Files and exports of the whole repository that nothing uses. */
export function usageRules(files: readonly SourceFile[]): Finding[] {
  const used = usedBy(files);
  const findings: Finding[] = [];
  for (const file of files) {
    if (file.tree === null || isTest(file.path) || file.path.includes('.config.')) continue;
    const names = used.names.get(file.path) ?? new Set();
    if (!used.files.has(file.path) && !surfaces.includes(file.path)) {
      const message =
        'nothing imports or names it; delete it, or name it where it is run (package.json).';
      findings.push({ path: file.path, line: 1, rule: 'unused-file', message });
    } else if (!names.has('*') && !surfaces.includes(file.path)) {
      findings.push(...unusedExports(file, names));
    }
  }
  return findings;
}

function directionFault(file: SourceFile, path: string): Pick<Finding, 'rule' | 'message'> | null {
  if (isTestSupport(path) && !forTests(file.path)) {
    const message = `${path} is for tests only; move what the product needs out of testing/.`;
    return { rule: 'import-direction', message };
  }
  const [from, to] = [zoneOf(file.path), zoneOf(path)];
  if (from === to || allowed(file).imports.includes(to.folder)) return null;
  const may = from.imports.join(', ') || 'nothing';
  const not = to.folder || 'the root';
  const message = `${from.folder} may import ${may}, not ${not}; use a port or move the code.`;
  return { rule: 'import-direction', message };
}

function forTests(path: string): boolean {
  return isTest(path) || isTestSupport(path) || /^(properties|bench|tools)\//.test(path);
}

function packageFault(file: SourceFile, entry: Import): Pick<Finding, 'rule' | 'message'> | null {
  const bare = entry.specifier.replace(/^node:/, '');
  const builtin = entry.specifier.startsWith('node:') || builtinModules.includes(bare);
  const parts = bare.split('/');
  const name = builtin ? 'node:' : parts.slice(0, bare.startsWith('@') ? 2 : 1).join('/');
  if (forbiddenPackages.test(name) && !file.path.startsWith('bench/peers/')) {
    const message = `${name} never enters the product; peers to measure live in bench/peers.`;
    return { rule: 'forbidden-package', message };
  }
  const packages = allowed(file).packages;
  if (packages === null || packages.includes(name)) return null;
  const folder = zoneOf(file.path).folder;
  const message = `${folder} may not import ${entry.specifier}; let a port outside it do that.`;
  return { rule: 'import-package', message };
}

function allowed(file: SourceFile): Pick<Zone, 'imports' | 'packages'> {
  const zone = zoneOf(file.path);
  const edge = edges.find(({ files }) => files.test(file.path));
  const extras = isTest(file.path) || isTestSupport(file.path) ? testExtras : null;
  return {
    imports: [...zone.imports, ...(extras?.imports ?? [])],
    packages:
      zone.packages === null
        ? null
        : [...zone.packages, ...(edge?.packages ?? []), ...(extras?.packages ?? [])],
  };
}

function barrelRule(file: SourceFile): Finding[] {
  if (file.tree === null) return [];
  const body = children(file.tree, 'body');
  const findings: Finding[] = [];
  for (const node of body) {
    if (node.type !== 'ExportAllDeclaration') continue;
    const message = 'export * hides the surface; list the names.';
    findings.push({ path: file.path, line: lineAt(file, node.start), rule: 'export-all', message });
  }
  const reExports = body.filter((node) => child(node, 'source') !== null && isExport(node));
  if (body.length > 0 && reExports.length === body.length && !surfaces.includes(file.path)) {
    const message = 'only re-exports; import from the defining file instead.';
    findings.push({ path: file.path, line: 1, rule: 'barrel', message });
  }
  return findings;
}

interface Used {
  /** Files that another file uses. */
  readonly files: ReadonlySet<string>;
  /** Names used of each file, by its own test too; '*' = all of them. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>;
}

function usedBy(files: readonly SourceFile[]): Used {
  const users = new Set<string>();
  const used = new Map<string, Set<string>>();
  const use = (path: string, names: readonly string[]): void => {
    const known = used.get(path) ?? new Set();
    for (const name of names) known.add(name);
    used.set(path, known);
  };
  for (const file of files) {
    const own = file.path.replace(/(\.int|\.prop)?\.test\.ts$/, '.ts');
    for (const { path, names } of importsOf(file)) {
      if (path === null) continue;
      use(path, names ?? ['*']);
      if (path !== own) users.add(path);
    }
    if (file.tree !== null || file.path.endsWith('.md')) continue;
    for (const [name] of file.text.matchAll(/[\w./-]+\.ts\b/g)) {
      for (const path of [posix.normalize(name), posix.join(posix.dirname(file.path), name)]) {
        use(path, ['*']);
        users.add(path);
      }
    }
  }
  return { files: users, names: used };
}

function unusedExports(file: SourceFile, names: ReadonlySet<string>): Finding[] {
  if (file.tree === null) return [];
  const findings: Finding[] = [];
  for (const node of children(file.tree, 'body')) {
    for (const name of exportedNames(node)) {
      if (names.has(name)) continue;
      const message = `nothing imports ${name}; drop the export, or the whole declaration.`;
      findings.push({
        path: file.path,
        line: lineAt(file, node.start),
        rule: 'unused-export',
        message,
      });
    }
  }
  return findings;
}

function exportedNames(node: Node): string[] {
  if (node.type !== 'ExportNamedDeclaration' || node.exportKind === 'type') return [];
  const declaration = child(node, 'declaration');
  if (declaration === null) {
    return children(node, 'specifiers').map((specifier) => nameOf(child(specifier, 'exported')));
  }
  // A type may be exported for whoever has to name it; only values count.
  if (declaration.type.startsWith('TS')) return [];
  const declared = children(declaration, 'declarations');
  const ids = declared.length > 0 ? declared : [declaration];
  return ids.map((each) => nameOf(child(each, 'id'))).filter((name) => name !== '');
}

function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  if (file.tree === null) return found;
  const add = (node: Node, specifier: string, names: readonly string[] | null): void => {
    const path = specifier.startsWith('.') ? posix.join(posix.dirname(file.path), specifier) : null;
    found.push({ node, specifier, path, names, mentioned: node.type === 'Literal' });
  };
  walk(file.tree, (node, parent) => {
    const specifier = stringOf(child(node, 'source'));
    if (
      specifier !== null &&
      (node.type === 'ImportExpression' || isExport(node) || isImport(node))
    ) {
      add(node, specifier, namesOf(node));
      return;
    }
    const text = stringOf(node);
    const plain = parent !== null && !isImport(parent) && !isExport(parent);
    if (
      text !== null &&
      plain &&
      parent.type !== 'ImportExpression' &&
      /^\.\.?\/.*\.ts$/.test(text)
    ) {
      add(node, text, null);
    }
  });
  return found;
}

function namesOf(node: Node): readonly string[] | null {
  const specifiers = children(node, 'specifiers');
  if (node.type === 'ImportExpression') return null;
  if (node.type === 'ExportAllDeclaration') return null;
  if (specifiers.some(({ type }) => type === 'ImportNamespaceSpecifier')) return null;
  return specifiers.map((specifier) =>
    nameOf(child(specifier, isImport(node) ? 'imported' : 'local')),
  );
}

function isImport(node: Node): boolean {
  return node.type === 'ImportDeclaration';
}

function isExport(node: Node): boolean {
  return node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration';
}
