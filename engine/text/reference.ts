/**
 * The slow, obvious document: the tree of "The Art of the Fugue" (FugueMax) as the paper has it,
 * one node per character, walked from the root for every question. The oracle that `Sequence` is
 * compared with in tests and in the simulator; shares no code with it.
 *
 * Trusts its input: operations come in causal order, each once.
 */
import type { Batch, InsertOp, OpId } from '../../proto/batch.ts';
import type { VersionVector } from '../causal/version-vector.ts';

/** One character as the oracle knows it. */
export interface ReferenceUnit {
  readonly id: OpId;
  readonly left: OpId | null;
  readonly right: OpId | null;
  readonly unit: string;
  readonly deleted: boolean;
}

interface Origins {
  /** The root for the start of the document; null for the root itself. */
  readonly left: Node | null;
  /** null = the end of the document. */
  readonly right: Node | null;
  readonly parent: Node | null;
}

interface Node extends Origins {
  readonly id: OpId;
  readonly unit: string;
  readonly leftChildren: Node[];
  readonly rightChildren: Node[];
  /** Deletions that hit this character. */
  readonly deletions: OpId[];
}

export class ReferenceDocument {
  readonly #root = newNode({ timestamp: 0, replica: 0 }, '', {
    left: null,
    right: null,
    parent: null,
  });
  readonly #nodes = new Map<string, Node>();
  /** Nodes in document order; null after an insertion. */
  #order: readonly Node[] | null = [];

  get text(): string {
    return this.#text((node) => node.deletions.length === 0);
  }

  /** All characters in document order, tombstones included. */
  get units(): ReferenceUnit[] {
    return this.#inOrder().map(({ id, left, right, unit, deletions }) => ({
      id,
      left: left === null || left === this.#root ? null : left.id,
      right: right?.id ?? null,
      unit,
      deleted: deletions.length > 0,
    }));
  }

  /** The text that has exactly the operations in `version`. */
  textAt(version: VersionVector): string {
    return this.#text(
      ({ id, deletions }) =>
        version.includes(id) && !deletions.some((deletion) => version.includes(deletion)),
    );
  }

  integrate(batch: Batch): void {
    for (const op of batch.ops) {
      if (op.type === 'insert') {
        this.#insertRun(batch.replica, op);
        continue;
      }
      for (let k = 0; k < op.count; k++) {
        const offset = op.reversed ? op.count - 1 - k : k;
        const target = { timestamp: op.target.timestamp + offset, replica: op.target.replica };
        const id = { timestamp: op.timestamp + k, replica: batch.replica };
        this.#node(target).deletions.push(id);
      }
    }
  }

  #insertRun(replica: number, op: InsertOp): void {
    let left = op.left === null ? this.#root : this.#node(op.left);
    const right =
      op.right === 'same' ? left.right : op.right === null ? null : this.#node(op.right);
    for (const [k, unit] of op.text.split('').entries()) {
      left = this.#insert({ timestamp: op.timestamp + k, replica }, unit, left, right);
    }
  }

  #insert(id: OpId, unit: string, left: Node, right: Node | null): Node {
    const isLeftChild = right !== null && hasAncestor(right, left);
    const parent = isLeftChild ? right : left;
    const node = newNode(id, unit, { left, right, parent });
    const siblings = isLeftChild ? parent.leftChildren : parent.rightChildren;
    const position = siblings.findIndex((sibling) => this.#isBefore(node, sibling));
    siblings.splice(position < 0 ? siblings.length : position, 0, node);
    this.#nodes.set(keyOf(id), node);
    this.#order = null;
    return node;
  }

  /** Whether the new node stands before a child of the same parent on the same side. */
  #isBefore(node: Node, sibling: Node): boolean {
    if (node.parent !== node.right && node.right !== sibling.right) {
      return this.#positionOf(node.right) > this.#positionOf(sibling.right);
    }
    return (
      node.id.timestamp < sibling.id.timestamp ||
      (node.id.timestamp === sibling.id.timestamp && node.id.replica < sibling.id.replica)
    );
  }

  /** Position among all characters; null is the end of the document. */
  #positionOf(node: Node | null): number {
    return node === null ? Number.POSITIVE_INFINITY : this.#inOrder().indexOf(node);
  }

  #inOrder(): readonly Node[] {
    if (this.#order !== null) return this.#order;
    const order: Node[] = [];
    // A stack instead of recursion: a typed text is a chain as deep as it is long.
    const stack: { readonly node: Node; readonly isOpened: boolean }[] = [
      { node: this.#root, isOpened: false },
    ];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { node } = top;
      if (top.isOpened) {
        if (node !== this.#root) order.push(node);
        continue;
      }
      for (const child of node.rightChildren.toReversed()) {
        stack.push({ node: child, isOpened: false });
      }
      stack.push({ node, isOpened: true });
      for (const child of node.leftChildren.toReversed()) {
        stack.push({ node: child, isOpened: false });
      }
    }
    this.#order = order;
    return order;
  }

  #text(isVisible: (node: Node) => boolean): string {
    return this.#inOrder()
      .filter(isVisible)
      .map(({ unit }) => unit)
      .join('');
  }

  #node(id: OpId): Node {
    const node = this.#nodes.get(keyOf(id));
    if (node === undefined) throw new Error(`no character ${keyOf(id)}`);
    return node;
  }
}

function newNode(id: OpId, unit: string, { left, right, parent }: Origins): Node {
  return { left, right, parent, id, unit, leftChildren: [], rightChildren: [], deletions: [] };
}

function hasAncestor(node: Node, ancestor: Node): boolean {
  for (let at: Node | null = node; at !== null; at = at.parent) if (at === ancestor) return true;
  return false;
}

function keyOf(id: OpId): string {
  return `${id.timestamp}.${id.replica}`;
}
