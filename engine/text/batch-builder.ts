/**
 * Puts operations of one replica together into a batch, as few and as long as they can be.
 */
import { type Batch, type DeleteOp, joinDeleteOps, type Op, type OpId } from '../../proto/batch.ts';

export class BatchBuilder {
  readonly #ops: Op[] = [];
  readonly #replica: number;
  readonly first: number;
  #next: number;

  /** `first`: timestamp of the first operation. */
  constructor(replica: number, first: number) {
    this.#replica = replica;
    this.first = first;
    this.#next = first;
  }

  /** Timestamp of the next operation. */
  get next(): number {
    return this.#next;
  }

  /**
   * An insertion. `typedOn`: it stands after its author's previous character, with its right
   * origin.
   */
  insert(op: { left: OpId | null; right: OpId | null; text: string; typedOn: boolean }): void {
    const { left, text, typedOn } = op;
    const last = this.#ops.at(-1);
    if (typedOn && last?.type === 'insert') {
      this.#ops[this.#ops.length - 1] = { ...last, text: last.text + text };
    } else {
      const right = typedOn ? 'same' : op.right;
      this.#ops.push({ type: 'insert', timestamp: this.#next, left, right, text });
    }
    this.#next += text.length;
  }

  delete({ target, count, reversed }: Omit<DeleteOp, 'type' | 'timestamp'>): void {
    const op: DeleteOp = { type: 'delete', timestamp: this.#next, target, count, reversed };
    const last = this.#ops.at(-1);
    const joined = last?.type === 'delete' ? joinDeleteOps(last, op) : null;
    if (joined === null) this.#ops.push(op);
    else this.#ops[this.#ops.length - 1] = joined;
    this.#next += count;
  }

  /** The batch; null if it has no operation. `last`: the replica's timestamp before it. */
  build(last: number, base: number): Batch | null {
    if (this.#ops.length === 0) return null;
    const { first } = this;
    return { replica: this.#replica, first, gap: first - 1 - last, base, ops: this.#ops };
  }
}
