/**
 * Our own engine as a library to be measured: engine/index.ts, and the compressions that the server
 * gives it.
 */
import { Document, VersionVector } from '../../engine/index.ts';
import type { Compression } from '../../proto/compression.ts';
import { brotli, deflate } from '../../server/compression.ts';
import type { Library, Replica, SaveFormat, Splices } from './library.ts';

class EngineReplica implements Replica {
  readonly #document: Document;

  constructor(document: Document) {
    this.#document = document;
  }

  text(): string {
    return this.#document.text;
  }

  edit(splices: Splices): Uint8Array {
    return this.#document.edit(splices);
  }

  apply(update: Uint8Array): void {
    this.#document.apply(update);
  }

  wholeUpdate(): Uint8Array {
    return this.#document.updateSince(new VersionVector());
  }

  save(format: string): Uint8Array {
    const [history, by] = format.split('+');
    const compression = compressions.find(({ name }) => name === by);
    return this.#document.encode({
      history: history === 'full' ? 'full' : 'none',
      ...(compression === undefined ? {} : { compression }),
    });
  }
}

const compressions: readonly Compression[] = [deflate, brotli];

/** `full`, `full+deflate` and so on; `bare` without history. */
const saves: readonly SaveFormat[] = (['full', 'none'] as const).flatMap((history) => {
  const name = history === 'full' ? 'full' : 'bare';
  return [
    { name, history, compression: 'none' },
    ...compressions.map((compression) => {
      return { name: `${name}+${compression.name}`, history, compression: compression.name };
    }),
  ];
});

export const library: Library = {
  name: 'engine',
  version: 'this tree',
  notes: [],
  lines: ['local', 'remote', 'merge', 'combined', 'load', 'memory', 'objects'],
  saves,
  create: (replica) => new EngineReplica(Document.create({ replica })),
  merge: (replica, updates) => {
    const document = Document.create({ replica });
    document.apply(Document.mergeUpdates(updates));
    return new EngineReplica(document);
  },
  load: (replica, bytes) => new EngineReplica(Document.decode(bytes, { replica, compressions })),
};
