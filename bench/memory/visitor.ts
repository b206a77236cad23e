/** A socket with some documents on it, a channel each: they are opened, edited and left. */
import { must } from '../../engine/assert.ts';
import type { Batch } from '../../proto/batch.ts';
import type { ServerFrame } from '../../proto/server-frame.ts';
import { RawClient } from '../../server/testing/raw-client.ts';

export class Visitor {
  readonly #client: RawClient;
  readonly #documents: readonly string[];

  /** Of documents that have welcomed it; see `open`. */
  constructor(client: RawClient, documents: readonly string[]) {
    this.#client = client;
    this.#documents = documents;
  }

  /** Resolves when every document has welcomed it, each as a replica that it has not seen. */
  static async open(syncUrl: string, documents: readonly string[]): Promise<Visitor> {
    const visitor = new Visitor(await RawClient.open(syncUrl), documents);
    documents.forEach((document, channel) => {
      visitor.#client.hello({ document, channel });
    });
    await visitor.#answers(({ welcome }) => welcome !== null);
    return visitor;
  }

  /** Sends the batch to every document; resolves when it is acknowledged by all. */
  async edit(batch: Batch): Promise<void> {
    for (const channel of this.#documents.keys()) {
      this.#client.send({ channel, body: { type: 'edit', batches: [batch] } });
    }
    await this.#answers(({ ack }) => ack !== null);
  }

  /** Leaves every document and, when the node has read that, the node. */
  leave(): void {
    for (const channel of this.#documents.keys()) {
      this.#client.send({ channel, body: { type: 'leave' } });
    }
    this.#client.socket.close();
  }

  /** One from each document. Rejects when it is an error, or when the socket ends. */
  async #answers(fits: (frame: ServerFrame) => boolean): Promise<void> {
    for (const channel of this.#documents.keys()) {
      const { error } = await this.#client.next(
        (frame) => frame.channel === channel && (frame.error !== null || fits(frame)),
      );
      if (error === null) continue;
      const document = must(this.#documents[channel], 'its document');
      throw new Error(`${document}: ${error.code}: ${error.message}`);
    }
  }
}
