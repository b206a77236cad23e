/**
 * Rules on the shape of code, read from the syntax tree: long functions, default exports,
 * assertions by `as`, inheritance, vague class names, positional booleans, commented-out code,
 * sleeping tests.
 *
 * A function's length is the number of lines from its first token to its closing brace, both
 * included, its doc comment not; a `describe` callback is a list of tests and has no bound of its
 * own. `any`, `!`, unused code and formatting are the linter's; enums and namespaces the
 * compiler's.
 */
import { configFiles, limits } from './house.ts';
import {
  child,
  children,
  type Finding,
  isTest,
  lineAt,
  type Node,
  nameOf,
  parse,
  type SourceFile,
  walk,
} from './source.ts';
import { FileTables } from './tables.ts';

const functionTypes = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;
/** Booleans that are the matter itself (`assert(condition, …)`, `writeBool(field, value)`). */
const plainBooleans = new Set(['condition', 'value']);
const vagueName = /(Manager|Service|Helper|Util|Utils)$/;

type Fault = Pick<Finding, 'rule' | 'message'>;

/** What the rules know of the other files. */
export interface Names {
  /** Branded types. */
  readonly brands: ReadonlySet<string>;
  /** Properties that are tables (tables.ts). */
  readonly tables: ReadonlySet<string>;
}

/** All findings of these rules. */
export function codeRules(file: SourceFile, { brands, tables }: Names): Finding[] {
  if (file.syntaxError !== null) {
    return [{ path: file.path, line: 1, rule: 'syntax', message: file.syntaxError }];
  }
  if (file.tree === null) return [];
  const findings: Finding[] = [];
  const fileTables = new FileTables(file.tree, tables);
  walk(file.tree, (node, parent) => {
    const faults = [
      longFunction(file, node, parent),
      defaultExport(file, node),
      assertion(node, brands, fileTables),
      inheritance(node),
      vague(node),
      positionalBoolean(node),
      sleep(file, node),
    ];
    for (const fault of faults) {
      if (fault === null) continue;
      findings.push({ path: file.path, line: lineAt(file, node.start), ...fault });
    }
  });
  return [...findings, ...deadComments(file)];
}

/** Names of the types declared as `Brand<…>` in these files: `as` may make a value of one. */
export function brandNames(files: readonly SourceFile[]): Set<string> {
  const names = new Set<string>();
  for (const { tree } of files) {
    if (tree === null) continue;
    for (const statement of children(tree, 'body')) {
      const alias = child(statement, 'declaration');
      const brand = alias === null ? null : child(alias, 'typeAnnotation');
      if (alias?.type === 'TSTypeAliasDeclaration' && typeName(brand) === 'Brand') {
        names.add(nameOf(child(alias, 'id')));
      }
    }
  }
  return names;
}

function longFunction(file: SourceFile, node: Node, parent: Node | null): Fault | null {
  if (!functionTypes.test(node.type)) return null;
  const called = parent?.type === 'CallExpression' ? child(parent, 'callee') : null;
  if (/^describe/.test(calleeText(called))) return null;
  const lines = lineAt(file, node.end) - lineAt(file, node.start) + 1;
  if (lines <= limits.functionLines) return null;
  const message = `a function of ${lines} lines, at most ${limits.functionLines}; split it.`;
  return { rule: 'long-function', message };
}

function calleeText(callee: Node | null): string {
  return nameOf(callee) || nameOf(callee === null ? null : child(callee, 'object'));
}

function defaultExport(file: SourceFile, node: Node): Fault | null {
  if (node.type !== 'ExportDefaultDeclaration' || configFiles.includes(file.path)) return null;
  return { rule: 'default-export', message: 'a default export; export by name.' };
}

function assertion(node: Node, brands: ReadonlySet<string>, tables: FileTables): Fault | null {
  if (node.type !== 'TSAsExpression' && node.type !== 'TSTypeAssertion') return null;
  const type = child(node, 'typeAnnotation');
  if (type?.type === 'TSNumberKeyword' && tables.isRead(child(node, 'expression'))) return null;
  const name = typeName(type);
  if (name.startsWith('Durable')) {
    const message = `a proof made by \`as ${name}\`; only engine/sync/durability.ts mints one.`;
    return { rule: 'forged-proof', message };
  }
  if (name === 'const' || brands.has(name)) return null;
  const message =
    'a type assertion; narrow with a check, or parse. Only brands, `as const` and table reads may.';
  return { rule: 'assertion', message };
}

function typeName(type: Node | null): string {
  return type?.type === 'TSTypeReference' ? nameOf(child(type, 'typeName')) : '';
}

function inheritance(node: Node): Fault | null {
  if (node.type !== 'ClassDeclaration' && node.type !== 'ClassExpression') return null;
  const base = nameOf(child(node, 'superClass'));
  if (child(node, 'superClass') === null || base.endsWith('Error')) return null;
  const message = `extends ${base}; compose instead (only errors inherit).`;
  return { rule: 'inheritance', message };
}

function vague(node: Node): Fault | null {
  if (node.type !== 'ClassDeclaration') return null;
  const name = nameOf(child(node, 'id'));
  if (!vagueName.test(name)) return null;
  return { rule: 'vague-name', message: `${name} says nothing; name what it keeps or decides.` };
}

function positionalBoolean(node: Node): Fault | null {
  if (!functionTypes.test(node.type)) return null;
  const params = children(node, 'params');
  if (params.length < 2) return null;
  for (const param of params) {
    const annotation = child(param, 'typeAnnotation');
    const type = annotation === null ? null : child(annotation, 'typeAnnotation');
    if (type?.type !== 'TSBooleanKeyword' || plainBooleans.has(nameOf(param))) continue;
    const message = `${nameOf(param)} is a positional boolean; take an options object, or split.`;
    return { rule: 'positional-boolean', message };
  }
  return null;
}

/** `new Promise((resolve) => setTimeout(resolve, …))` and node:timers/promises, in tests. */
function sleep(file: SourceFile, node: Node): Fault | null {
  if (!isTest(file.path)) return null;
  const message = 'a test that sleeps; wait for the event, or use virtual time.';
  const source = child(node, 'source');
  if (source !== null && /^(node:)?timers\/promises$/.test(String(source.value))) {
    return { rule: 'sleep', message };
  }
  if (node.type !== 'NewExpression' || nameOf(child(node, 'callee')) !== 'Promise') return null;
  const executor = children(node, 'arguments')[0];
  const resolve = executor === undefined ? '' : nameOf(children(executor, 'params')[0] ?? null);
  let sleeps = false;
  walk(node, (inner) => {
    if (inner.type !== 'CallExpression' || nameOf(child(inner, 'callee')) !== 'setTimeout') return;
    const first = children(inner, 'arguments')[0];
    if (first !== undefined && resolve !== '' && nameOf(first) === resolve) sleeps = true;
  });
  return sleeps ? { rule: 'sleep', message } : null;
}

/** Blocks of `//` lines that end like a statement and parse as code. */
function deadComments(file: SourceFile): Finding[] {
  const findings: Finding[] = [];
  const lines = file.text.split('\n');
  for (let start = 0; start < lines.length; start += 1) {
    let end = start;
    while (/^\s*\/\/ /.test(lines[end] ?? '')) end += 1;
    if (end === start) continue;
    const block = lines.slice(start, end).map((line) => line.replace(/^\s*\/\/ /, ''));
    if (
      block.some((line) => /[;{}]\s*$/.test(line)) &&
      typeof parse(block.join('\n')) !== 'string'
    ) {
      const message = 'commented-out code; delete it, history keeps it.';
      findings.push({ path: file.path, line: start + 1, rule: 'dead-code', message });
    }
    start = end;
  }
  return findings;
}
