/** Types a trace into a server as one author, so many transactions to a row. */
import { connect } from '../../client/connect-node.ts';
import type { TextChange } from '../../engine/text/text-change.ts';
import { splicesOf, type Trace } from '../../tools/replay/trace.ts';

export interface TypingOptions {
  readonly url: string;
  readonly documentId: string;
  readonly trace: Trace;
  /** Transactions that are typed before an acknowledgement is waited for. */
  readonly perRow: number;
  readonly onProgress: (share: number) => void;
}

/** Resolves when all of it is durable. */
export async function typeTrace(options: TypingOptions): Promise<void> {
  const { url, documentId, trace, perRow, onProgress } = options;
  const session = connect({ url, documentId });
  try {
    await session.synced();
    const { transactions } = trace;
    for (let start = 0; start < transactions.length; start += perRow) {
      session.edit(splicesFrom(trace, start, perRow, session.text));
      await session.settled();
      onProgress(Math.min(1, (start + perRow) / transactions.length));
    }
  } finally {
    session.close();
  }
}

function splicesFrom(
  { transactions }: Trace,
  start: number,
  count: number,
  before: string,
): readonly TextChange[] {
  const patches = transactions.slice(start, start + count).flatMap((each) => each.patches);
  return splicesOf(patches, before);
}
