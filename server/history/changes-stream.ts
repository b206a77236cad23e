/**
 * The lines of the changes job as a stream: the next piece is asked for when the one before was
 * taken, so that a slow reader holds one piece in memory and no thread.
 */
import type { ChangesJob, ChangesPiece } from './changes-job.ts';

export interface ChangesStreamOptions {
  /** It is there already. */
  readonly first: ChangesPiece;
  readonly next: (job: ChangesJob) => Promise<ChangesPiece>;
  /**
   * The last line when `next` rejects: the status was sent long before. null: whoever read is gone.
   */
  readonly brokenLine: (error: unknown) => string | null;
  /** Nobody reads any more. */
  readonly onCancel: () => void;
}

export function changesStream(options: ChangesStreamOptions): ReadableStream<Uint8Array> {
  let ready: ChangesPiece | null = options.first;
  let job: ChangesJob | null = null;
  const take = async (): Promise<ChangesPiece | null> => {
    if (ready !== null || job === null) return ready;
    try {
      return await options.next(job);
    } catch (error) {
      const line = options.brokenLine(error);
      return line === null ? null : { type: 'piece', lines: Buffer.from(line), next: null };
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await take();
        ready = null;
        if (piece === null) return;
        job = piece.next;
        controller.enqueue(piece.lines);
        if (job === null) controller.close();
      },
      cancel: options.onCancel,
    },
    { highWaterMark: 0 },
  );
}
