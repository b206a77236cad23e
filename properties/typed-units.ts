/**
 * What people typed and deleted, by id, against the log: exactly once (G3). The log is folded by
 * the slow reference document, which shares no code with the engine.
 */
import type { RowContent } from '../engine/sync/fold.ts';
import { Fold } from '../engine/sync/fold.ts';
import { ReferenceDocument, type ReferenceUnit } from '../engine/text/reference.ts';
import type { TextChange } from '../engine/text/text-change.ts';
import type { OpId } from '../proto/batch.ts';

/** What a session offers here (client/sync-session.ts). */
interface Editor {
  idAt(index: number): OpId | null;
  edit(splices: readonly TextChange[]): void;
}

/** Of one document. */
export class TypedUnits {
  readonly #typed = new Map<string, string>();
  readonly #deleted = new Set<string>();

  /** Units typed so far. */
  get count(): number {
    return this.#typed.size;
  }

  /** Makes an edit and enters it. */
  edit(editor: Editor, { index, deleted, inserted }: TextChange): void {
    for (let k = 0; k < deleted; k++) this.#deleted.add(keyOf(editor.idAt(index + k)));
    editor.edit([{ index, deleted, inserted }]);
    for (let k = 0; k < inserted.length; k++) {
      this.#typed.set(keyOf(editor.idAt(index + k)), inserted.charAt(k));
    }
  }

  /** What the log has otherwise, when all must be in it. */
  faults({ units, voided }: LogContent): string[] {
    const faults = [...voided];
    const held = new Set<string>();
    for (const { id, unit, deleted } of units) {
      const key = keyOf(id);
      const typed = this.#typed.get(key);
      if (typed !== unit) faults.push(`${key} ${JSON.stringify(unit)} was typed as ${typed}`);
      if (deleted !== this.#deleted.has(key)) faults.push(`${key} is deleted: ${deleted}`);
      if (held.has(key)) faults.push(`${key} is there twice`);
      held.add(key);
    }
    for (const key of this.#typed.keys()) if (!held.has(key)) faults.push(`${key} is not there`);
    return faults;
  }
}

/** What the rows of a log amount to. */
export interface LogContent {
  readonly text: string;
  readonly units: readonly ReferenceUnit[];
  /** Batches that were in an earlier row already. */
  readonly covered: number;
  /** Why the fold refused a batch, which an honest client never makes it do. */
  readonly voided: readonly string[];
}

export function contentOf(rows: readonly RowContent[]): LogContent {
  const reference = new ReferenceDocument();
  const fold = new Fold(1);
  const voided: string[] = [];
  let covered = 0;
  for (const row of rows) {
    for (const { verdict } of fold.apply(row).batches) {
      if (verdict.type === 'void') voided.push(`row ${row.lsn}: ${verdict.reason}`);
      else if (verdict.type === 'applied') reference.integrate(verdict.batch);
      else covered += 1;
    }
  }
  return { text: reference.text, units: reference.units, covered, voided };
}

function keyOf(id: OpId | null): string {
  if (id === null) throw new Error('a unit that was edited is not in the text');
  return `${id.timestamp}.${id.replica}`;
}
