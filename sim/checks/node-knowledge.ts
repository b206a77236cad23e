/**
 * What each node's process has been told to be committed: by the reply to its own append, by a read
 * of the log, by the bus. A log has no holes, so the highest LSN says it all.
 */
export class NodeKnowledge {
  readonly #lsns = new Map<string, Map<string, number>>();

  started(node: string): void {
    this.#lsns.set(node, new Map());
  }

  learned(node: string, document: string, lsn: number): void {
    const known = this.#lsns.get(node) ?? new Map<string, number>();
    this.#lsns.set(node, known);
    known.set(document, Math.max(known.get(document) ?? 0, lsn));
  }

  /** 0: nothing. */
  lsnOf(node: string, document: string): number {
    return this.#lsns.get(node)?.get(document) ?? 0;
  }
}
