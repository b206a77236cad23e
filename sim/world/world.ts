/**
 * Virtual time: a queue of tasks, and chance that depends on the seed alone.
 *
 * Tasks run one at a time in the order of their times, then in the order in which they were
 * planned; nothing else moves the clock. Chance comes in two forms. A *stream* is for plans that
 * are drawn in one go. A *site* is for fates inside a run: the fate of the n-th thing at a site is
 * hash(seed, site, n), so that leaving one thing out leaves the fates at all other sites alone.
 *
 * Every event has a cause: the event that planned the task in which it happens, or the one before
 * it in the same task. Whoever keeps work for later (a stream, a frozen process) keeps its cause
 * too.
 */
import { Random } from '../../engine/random.ts';
import { Trace, type TraceDetail } from '../trace/trace.ts';

interface Task {
  readonly atMs: number;
  readonly order: number;
  /** Number of the event that planned it. */
  readonly cause: number;
  readonly run: () => void;
}

export class World {
  readonly seed: number;
  readonly trace: Trace;
  readonly #heap: Task[] = [];
  #order = 0;
  #nowMs = 0;
  #cause = 0;

  constructor(options: { readonly seed: number; readonly keepEvents?: boolean }) {
    this.seed = options.seed;
    this.trace = new Trace({ keepEvents: options.keepEvents === true });
  }

  /** Virtual time, whole milliseconds from 0. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** When the next task is due; null if there is none. */
  get nextMs(): number | null {
    return this.#heap[0]?.atMs ?? null;
  }

  /** The event that what is planned now follows from; 0 = none. */
  get cause(): number {
    return this.#cause;
  }

  /** Runs `run` after `delayMs` ≥ 0, behind everything planned for that moment already. */
  after(delayMs: number, run: () => void): void {
    this.#order++;
    const atMs = this.#nowMs + Math.max(0, delayMs);
    this.#push({ atMs, order: this.#order, cause: this.#cause, run });
  }

  /** Runs the next task; false if there is none. */
  step(): boolean {
    const task = this.#pop();
    if (task === null) return false;
    this.#nowMs = task.atMs;
    this.resume(task.cause, task.run);
    return true;
  }

  /** Does now what was put off, with the cause that it had then. */
  resume(cause: number, run: () => void): void {
    this.#cause = cause;
    run();
  }

  /** Notes an event at `lane`, with the time and the cause; returns its number. */
  note(lane: string, kind: string, what = '', detail?: TraceDetail): number {
    const event = { t: this.#nowMs, lane, kind, cause: this.#cause, what };
    this.#cause = this.trace.note(event, detail);
    return this.#cause;
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
