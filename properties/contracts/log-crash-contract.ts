/**
 * What every log must keep whose server dies: what it called committed.
 *
 * Method: writers that go on until the crash, on several documents, several times.
 */
import { expect, it } from 'vitest';
import { type Answered, append, expectKept, readAll, row, takeRepeated } from './log-calls.ts';
import type { LogUnderTest } from './log-contract.ts';

/** A log whose server can die. */
export interface MortalLog extends LogUnderTest {
  /** It dies in the middle of its work; resolves when it runs again on what it had stored. */
  crash(): Promise<void>;
}

/** Registers the tests of a server that dies. */
export function crashContract(open: () => Promise<MortalLog>): void {
  it('keeps what was committed, has the rest once at most, and goes on', async () => {
    const log = await open();
    try {
      const node = await log.node();
      const documents = Array.from({ length: 10 }, (_, index) => `crash-${index}`);
      const seen = documents.map((): Answered[] => []);
      for (let crash = 0; crash < 2; crash++) {
        let count = 0;
        let crashed: Promise<void> | null = null;
        const writing = documents.map(async (document, index) => {
          for (let n = crash * 1_000; ; n++) {
            const result = await append(node, document, row(n));
            seen[index]?.push({ n, result });
            if (result.outcome !== 'committed') return;
            count++;
            if (count >= 300) crashed ??= log.crash();
          }
        });
        await Promise.all(writing);
        await crashed;
        await node.connected();
        await log.settled();
      }
      for (const [index, document] of documents.entries()) {
        expectKept(await readAll(node, document), seen[index] ?? []);
        expect(await append(node, document, row(9_999))).toMatchObject({ outcome: 'committed' });
      }
    } finally {
      await log.close();
    }
    expect(takeRepeated()).toEqual([]);
  });
}
