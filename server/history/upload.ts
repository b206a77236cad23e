/**
 * The body of a request, received to the end before anything is done with it: on disk, in a file
 * that has no name any more, so that nothing is left of it however the process ends.
 *
 * Who sends slowly, or goes away, holds nothing but disk by that: no name of a document, no
 * transaction.
 */
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pieces } from './export-file.ts';
import { HistoryRefusal } from './history-refusal.ts';

/** Of what is read at a time: little work, so that others have their turn in between. */
const pieceBytes = 4_096;

export class Upload {
  readonly #file: FileHandle;

  /** Of a file that is whole: see `receive`. */
  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Throws HistoryRefusal when there is more than `bytesMax`; rejects with what the body does. */
  static async receive(body: Pieces, bytesMax: number): Promise<Upload> {
    const file = await openNameless();
    try {
      let bytes = 0;
      for await (const piece of body) {
        bytes += piece.length;
        if (bytes > bytesMax) throw tooLarge(bytesMax);
        await file.writeFile(piece);
      }
      return new Upload(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** From the beginning. */
  pieces(): AsyncIterable<Uint8Array> {
    return this.#file.createReadStream({ start: 0, highWaterMark: pieceBytes, autoClose: false });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** The error for a body that is, or says that it is, larger than that. */
export function tooLarge(bytesMax: number): HistoryRefusal {
  return new HistoryRefusal('too-large', `a body of more than ${bytesMax} bytes`);
}

async function openNameless(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'sve-upload-'));
  try {
    return await open(join(folder, 'body'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
}
