/**
 * What a node does when more is on its way to the log than `backlogBytesMax`: sockets that still
 * edit are not read any more, so that their clients wait; when half of it has gone they all go on.
 * What had come before the pause took effect is taken, up to twice the limit.
 */
import type { ConnId } from '../ids.ts';
import type { Backlog } from './append-pipeline.ts';
import type { Connections } from './connections.ts';

export class Backpressure {
  readonly #backlog: Backlog;
  readonly #connections: Connections;
  readonly #bytesMax: number;
  readonly #paused = new Set<ConnId>();

  constructor(backlog: Backlog, connections: Connections, bytesMax: number) {
    this.#backlog = backlog;
    this.#connections = connections;
    this.#bytesMax = bytesMax;
  }

  /** Whether an edit of this socket can be taken. */
  takes(id: ConnId): boolean {
    const { bytes } = this.#backlog;
    if (bytes <= this.#bytesMax) return true;
    const conn = this.#connections.get(id);
    if (conn !== null && !conn.paused) {
      conn.paused = true;
      this.#paused.add(id);
      this.#connections.emit({ type: 'pause', conn: id });
    }
    return bytes <= 2 * this.#bytesMax;
  }

  /** Lets them go on if there is room again; call at the end of a step. */
  relax(): void {
    if (this.#paused.size === 0 || this.#backlog.bytes > this.#bytesMax / 2) return;
    for (const id of this.#paused) {
      const conn = this.#connections.get(id);
      if (conn === null) continue;
      conn.paused = false;
      this.#connections.emit({ type: 'resume', conn: id });
    }
    this.#paused.clear();
  }
}
