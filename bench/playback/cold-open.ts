/**
 * Opening a document that its server does not have in memory: how long until its text can be shown
 * and until it can be edited, and what went over the wire.
 */
import { connect } from '../../client/connect-node.ts';
import { nodeTransport } from '../../client/transport-node.ts';

export interface ColdOpen {
  /** From asking for a connection to a text that can be shown. */
  readonly textMs: number;
  /** From there to a document that can be edited. */
  readonly editableMs: number;
  readonly bytesReceived: number;
  readonly text: string;
}

export async function openCold(url: string, documentId: string): Promise<ColdOpen> {
  let bytesReceived = 0;
  const startMs = performance.now();
  const session = connect({
    ...{ url, documentId },
    transport: (address, events) =>
      nodeTransport(address, {
        ...events,
        received: (connection, bytes) => {
          bytesReceived += bytes.length;
          events.received(connection, bytes);
        },
      }),
  });
  let textMs: number | null = null;
  const seen = (): void => {
    textMs ??= performance.now() - startMs;
  };
  // A small document has no preview: then the first change brings the text.
  session.on('preview', seen);
  session.on('change', seen);
  try {
    await session.synced();
    const editableMs = performance.now() - startMs;
    return { textMs: textMs ?? editableMs, editableMs, bytesReceived, text: session.text };
  } finally {
    session.close();
  }
}
