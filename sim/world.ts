/**
 * Virtual time: a queue of tasks, and chance that depends on the seed alone.
 *
 * Tasks run one at a time in the order of their times, then in the order in which they were
 * planned; nothing else moves the clock. Chance comes in two forms. A *stream* is for plans that
 * are drawn in one go. A *site* is for fates inside a run: the fate of the n-th thing at a site is
 * hash(seed, site, n), so that leaving one thing out leaves the fates at all other sites alone.
 */
import { Random } from '../engine/random.ts';
import { Trace } from './trace.ts';

interface Task {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** What the wall clocks show at virtual time 0, ms since 1970. */
export const wallStartMs = 1_790_000_000_000;

export class World {
  readonly seed: number;
  readonly trace: Trace;
  readonly #heap: Task[] = [];
  #order = 0;
  #nowMs = 0;

  constructor(options: { readonly seed: number; readonly keepLines?: boolean }) {
    this.seed = options.seed;
    this.trace = new Trace({ keepLines: options.keepLines === true });
  }

  /** Virtual time, whole milliseconds from 0. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** When the next task is due; null if there is none. */
  get nextMs(): number | null {
    return this.#heap[0]?.atMs ?? null;
  }

  /** Runs `run` after `delayMs` ≥ 0, behind everything planned for that moment already. */
  after(delayMs: number, run: () => void): void {
    this.#order++;
    this.#push({ atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, run });
  }

  /** Runs the next task; false if there is none. */
  step(): boolean {
    const task = this.#pop();
    if (task === null) return false;
    this.#nowMs = task.atMs;
    task.run();
    return true;
  }

  /** Notes an event in the trace, with its time. */
  note(line: string, detail?: () => string): void {
    this.trace.note(`t=${this.#nowMs} ${line}`, detail);
  }

  site(name: string): Site {
    return new Site(this.seed, name);
  }

  stream(name: string): Random {
    return new Random(this.seed, name);
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = heap[(at - 1) >>> 1];
      if (parent === undefined || isBefore(parent, task)) break;
      heap[at] = parent;
      at = (at - 1) >>> 1;
    }
    heap[at] = task;
  }

  #pop(): Task | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = heap[child + 1];
      let least = heap[child];
      if (right !== undefined && least !== undefined && isBefore(right, least)) {
        child++;
        least = right;
      }
      if (least === undefined || isBefore(last, least)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** A place where things happen one after another; each draw is the fate of the next one. */
export class Site {
  readonly #seed: number;
  #n = 0;

  constructor(seed: number, name: string) {
    let hash = mix((seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1));
    for (let i = 0; i < name.length; i++)
      hash = mix(hash ^ Math.imul(name.charCodeAt(i), 0x9e3779b1));
    this.#seed = hash;
  }

  /** An integer of 0 … 2^32 - 1. */
  next(): number {
    this.#n++;
    return mix(this.#seed ^ mix(Math.imul(this.#n, 0x9e3779b1))) >>> 0;
  }

  /** An integer of min … max, both included. */
  between(min: number, max: number): number {
    return min + Math.floor((this.next() / 2 ** 32) * (max - min + 1));
  }

  /** True `perMillion` times in a million. */
  chance(perMillion: number): boolean {
    return Math.floor((this.next() / 2 ** 32) * 1_000_000) < perMillion;
  }
}

/** The finisher of MurmurHash3 (Austin Appleby, public domain): every bit depends on every bit. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
