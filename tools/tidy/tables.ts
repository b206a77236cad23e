/**
 * Which names of the repository are tables: arrays of numbers of a fixed kind (`Int32Array` and the
 * like), in which the engine and the formats keep their records.
 *
 * The compiler takes every indexed read for `number | undefined`; of a table, whose size its owner
 * knows, `table[at] as number` is how one is read in a hot path. The syntax tree has no types, so a
 * table is told by declarations: properties by name for the whole repository, private fields and
 * variables by file, with what is made or taken from a table.
 */
import { child, children, type Node, nameOf, type SourceFile, walk } from './source.ts';

const tableTypes =
  /^((Int|Uint)(8|16|32)Array|Uint8ClampedArray|Float(32|64)Array|Big(Int|Uint)64Array)$/;
/** Methods of a table that give a table. */
const tableMethods = /^(slice|subarray|fill|map|toSorted|from|of)$/;
const edge = /^TS(Null|Undefined)Keyword$/;

/** Names of the properties that are declared as a table, and of the methods that give one. */
export function tableProperties(files: readonly SourceFile[]): Set<string> {
  const names = new Set<string>();
  for (const { tree } of files) {
    if (tree === null) continue;
    walk(tree, (node) => {
      const isProperty = /^(PropertyDefinition|TSPropertySignature)$/.test(node.type);
      if (!isProperty && node.type !== 'MethodDefinition') return;
      const value = child(node, 'value');
      const type = isProperty ? annotationOf(node) : annotationOf(value, 'returnType');
      if (isTableType(type) || isMade(value)) names.add(keyOf(node));
    });
  }
  return names;
}

/** The names of one file that are tables: `#x` of private fields, `x` of variables. */
export class FileTables {
  readonly #properties: ReadonlySet<string>;
  readonly #names = new Set<string>();

  constructor(tree: Node, properties: ReadonlySet<string>) {
    this.#properties = properties;
    // A variable may be taken from one that is declared further down: until nothing is new.
    for (let before = -1; before < this.#names.size; ) {
      before = this.#names.size;
      walk(tree, (node) => this.#declaration(node));
    }
  }

  /** Whether the expression is `table[…]`. */
  isRead(node: Node | null): boolean {
    if (node?.type !== 'MemberExpression' || node.computed !== true) return false;
    return this.#isTable(child(node, 'object'));
  }

  #declaration(node: Node): void {
    if (node.type === 'Identifier' && isTableType(annotationOf(node))) {
      this.#names.add(nameOf(node));
    } else if (node.type === 'PropertyDefinition') {
      const isTable = isTableType(annotationOf(node)) || this.#isTable(child(node, 'value'));
      if (isTable && keyOf(node).startsWith('#')) this.#names.add(keyOf(node));
    } else if (node.type === 'VariableDeclarator' && this.#isTable(child(node, 'init'))) {
      this.#names.add(nameOf(child(node, 'id')));
    } else if (node.type === 'ObjectPattern') {
      for (const property of children(node, 'properties')) {
        const name = nameOf(child(property, 'value'));
        if (name !== '' && this.#properties.has(keyOf(property))) this.#names.add(name);
      }
    }
  }

  #isTable(node: Node | null): boolean {
    if (node === null) return false;
    if (isMade(node)) return true;
    if (node.type === 'Identifier') return this.#names.has(nameOf(node));
    if (node.type === 'MemberExpression' && node.computed !== true) {
      const name = propertyOf(node);
      return (name.startsWith('#') ? this.#names : this.#properties).has(name);
    }
    if (node.type !== 'CallExpression') return false;
    const callee = child(node, 'callee');
    if (callee === null) return false;
    const method = propertyOf(callee);
    if (this.#properties.has(method)) return true;
    if (!tableMethods.test(method)) return false;
    const owner = child(callee, 'object');
    return tableTypes.test(nameOf(owner)) || this.#isTable(owner);
  }
}

/** `new Int32Array(…)` or `… as Int32Array`. */
function isMade(node: Node | null): boolean {
  if (node?.type === 'NewExpression') return tableTypes.test(nameOf(child(node, 'callee')));
  return node?.type === 'TSAsExpression' && isTableType(child(node, 'typeAnnotation'));
}

/** A table, of whatever kind, or none. */
function isTableType(type: Node | null): boolean {
  if (type?.type === 'TSTypeReference') return tableTypes.test(nameOf(child(type, 'typeName')));
  if (type?.type !== 'TSUnionType') return false;
  const types = children(type, 'types').filter((one) => !edge.test(one.type));
  return types.length > 0 && types.every(isTableType);
}

/** The type after the colon. */
function annotationOf(node: Node | null, field = 'typeAnnotation'): Node | null {
  const annotation = node === null ? null : child(node, field);
  return annotation === null ? null : child(annotation, 'typeAnnotation');
}

/** The name of a declared or destructured property, `#` included. */
function keyOf(node: Node): string {
  return named(child(node, 'key'));
}

/** The name after the dot, `#` included. */
function propertyOf(node: Node): string {
  return named(child(node, 'property'));
}

function named(node: Node | null): string {
  return node?.type === 'PrivateIdentifier' ? `#${nameOf(node)}` : nameOf(node);
}
