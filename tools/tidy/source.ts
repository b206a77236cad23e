/**
 * What a tidy rule sees of a file: path, text, and the syntax tree of a TypeScript file.
 *
 * The tree is ESTree with TypeScript nodes, from the parser that vitest brings (TypeScript 7 has no
 * stable API for one). Nodes are read as plain records, so that a rule names only the fields it
 * needs. Nothing here knows a rule.
 */
import { parseAst } from 'vitest/node';

/** A node of the syntax tree; `start` and `end` are offsets in UTF-16 units, end exclusive. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** One file of the repository. */
export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /**
   * null: not TypeScript, a declaration file, generated, or not parsable (then see `syntaxError`).
   */
  readonly tree: Node | null;
  readonly syntaxError: string | null;
}

/** A broken rule. */
export interface Finding {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly rule: string;
  /** What is wrong and what to do instead. */
  readonly message: string;
}

/** True for `x.test.ts`, `x.int.test.ts` and their kin. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** True for code that only tests use: what lies in a folder `testing`. */
export function isTestSupport(path: string): boolean {
  return path.includes('/testing/');
}

/** Generated code answers to its generator, not to the house rules. */
export function isGenerated(path: string): boolean {
  return path.includes('/generated/');
}

/** Reads `text` as the file at `path`; parses it when it is TypeScript of ours. */
export function sourceFile(path: string, text: string): SourceFile {
  if (!path.endsWith('.ts') || path.endsWith('.d.ts') || isGenerated(path)) {
    return { path, text, tree: null, syntaxError: null };
  }
  const tree = parse(text);
  return typeof tree === 'string'
    ? { path, text, tree: null, syntaxError: tree }
    : { path, text, tree, syntaxError: null };
}

/** The tree of a TypeScript text, or the parser's message. */
export function parse(text: string): Node | string {
  try {
    const program: unknown = parseAst(text, { lang: 'ts', sourceType: 'module' });
    return isNode(program) ? program : 'the parser gave no tree';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The 1-based line of an offset. */
export function lineAt(file: SourceFile, offset: number): number {
  let line = 1;
  for (let i = file.text.indexOf('\n'); i >= 0 && i < offset; i = file.text.indexOf('\n', i + 1)) {
    line += 1;
  }
  return line;
}

/** Calls `visit` for every node, parents first; `parent` is null for the program. */
export function walk(
  node: Node,
  visit: (node: Node, parent: Node | null) => void,
  parent: Node | null = null,
): void {
  visit(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, visit, node);
    }
  }
}

/** The child node in a field, or null. */
export function child(node: Node, field: string): Node | null {
  const value = node[field];
  return isNode(value) ? value : null;
}

/** The child nodes in a list field; empty when it is not a list. */
export function children(node: Node, field: string): readonly Node[] {
  const value: unknown = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The name of an identifier, or '' for any other node. */
export function nameOf(node: Node | null): string {
  return node !== null && typeof node.name === 'string' ? node.name : '';
}

/** The value of a string literal, or null. */
export function stringOf(node: Node | null): string | null {
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : null;
}

/** True when an identifier is a mere key (`a.name`, `{ name: … }`), not a reference. */
export function isKey(node: Node, parent: Node | null): boolean {
  if (parent === null || parent.computed === true || parent.shorthand === true) return false;
  return parent.property === node || parent.key === node;
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    'start' in value &&
    typeof value.start === 'number' &&
    'end' in value
  );
}
