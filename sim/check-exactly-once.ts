/**
 * G3, exactly once: what was typed is in the document once, what was deleted is gone, nothing else
 * is there.
 *
 * Keeps a ledger of everything that people typed and deleted, and compares it with the log folded
 * by the slow reference document.
 */
import { ReferenceDocument } from '../engine/text/reference.ts';
import type { OpId } from '../proto/batch.ts';
import type { LogTruth } from './log-truth.ts';
import { check } from './violation.ts';

/** What the people of one document did. */
export class TypedLedger {
  readonly #typed = new Map<string, string>();
  readonly #deleted = new Set<string>();

  typed(id: OpId | null, unit: string): void {
    check(id !== null, 'S9', () => `a unit typed is not in the text`);
    const key = keyOf(id);
    check(!this.#typed.has(key), 'S4', () => `the id ${key} was given twice`);
    this.#typed.set(key, unit);
  }

  deleted(id: OpId | null): void {
    check(id !== null, 'S9', () => 'a unit deleted is not in the text');
    this.#deleted.add(keyOf(id));
  }

  /** Compares with the log, when everything is in it. Returns the text that everybody must have. */
  settle(document: string, truth: LogTruth): string {
    const reference = new ReferenceDocument();
    for (const batch of truth.batches) reference.integrate(batch);
    const { units, text } = reference;
    for (const { id, unit, deleted } of units) {
      const key = keyOf(id);
      const typed = this.#typed.get(key);
      check(
        typed === unit,
        'G3',
        () => `${document} holds ${key} ${unit}, typed was ${typed}`,
        document,
      );
      const gone = this.#deleted.has(key);
      check(
        gone === deleted,
        'G3',
        () => `${key} of ${document}: deleted ${deleted}, not ${gone}`,
        document,
      );
    }
    const [held, typed] = [units.length, this.#typed.size];
    check(
      held === typed,
      'G3',
      () => `${document} holds ${held} units of ${typed} typed`,
      document,
    );
    return text;
  }
}

function keyOf({ timestamp, replica }: OpId): string {
  return `${timestamp}.${replica}`;
}
