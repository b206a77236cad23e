/**
 * Watches how much memory the process uses, and acts before the system does.
 *
 *   calm ──use above the high mark, three times in a row──▶ short ──use below the low mark──▶ calm
 *
 * While it is short no new sockets are opened, and each second some are closed, a twentieth of
 * them. Counted is the heap and what hangs on it, not what the process has from the system: that
 * hardly ever shrinks, and a node that looked at it would be short for ever. Three times, because
 * the heap may be full of garbage that the next collection takes.
 */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** Parts of the limit. */
const highMark = 0.85;
const lowMark = 0.7;
const checkMs = 1_000;
const suspicionsMin = 3;
/** Of the connections, each second. */
const shedPart = 0.05;

export interface MemoryGuardParts {
  /** Bytes; 0 = three quarters of what the container or the machine has. */
  readonly bytesMax: number;
  readonly connections: () => number;
  /** Close so many. */
  readonly shed: (count: number) => void;
  /** It has become short, or calm. */
  readonly onChange: (isShort: boolean, use: number) => void;
  /** What is used, as a part of the limit; absent = of this process. */
  readonly use?: () => number;
}

export class MemoryGuard {
  readonly #parts: MemoryGuardParts;
  readonly #use: () => number;
  readonly #timer: NodeJS.Timeout;
  #suspicions = 0;
  #isShort = false;

  constructor(parts: MemoryGuardParts) {
    this.#parts = parts;
    const bytesMax = parts.bytesMax === 0 ? availableBytes() : parts.bytesMax;
    this.#use = parts.use ?? (() => useOfProcess(bytesMax));
    this.#timer = setInterval(() => this.check(), checkMs).unref();
  }

  get isShort(): boolean {
    return this.#isShort;
  }

  /** Looks now; done by itself each second. */
  check(): void {
    const use = this.#use();
    const limit = this.#isShort ? lowMark : highMark;
    this.#suspicions = use > limit ? this.#suspicions + 1 : 0;
    const isShort = this.#isShort ? use > lowMark : this.#suspicions >= suspicionsMin;
    if (isShort !== this.#isShort) {
      this.#isShort = isShort;
      this.#parts.onChange(isShort, use);
    }
    if (isShort && use > highMark) this.#parts.shed(this.#shedCount());
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #shedCount(): number {
    return Math.ceil(this.#parts.connections() * shedPart);
  }
}

/** The larger of: memory of the limit, heap of what V8 may have. */
function useOfProcess(bytesMax: number): number {
  const { heapUsed, external } = process.memoryUsage();
  const { heap_size_limit: heapMax } = getHeapStatistics();
  return Math.max((heapUsed + external) / bytesMax, heapUsed / heapMax);
}

function availableBytes(): number {
  const machine = totalmem();
  const container = process.constrainedMemory();
  // Without a limit some systems tell 0, others a number larger than any memory.
  const bytes = container > 0 ? Math.min(container, machine) : machine;
  return 0.75 * bytes;
}
