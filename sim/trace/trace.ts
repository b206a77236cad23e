/**
 * What happened in a run: events in order, each with the event that caused it, and a rolling hash
 * over all of them. Two runs with the same hash did the same, event for event.
 *
 * The hash takes in the canonical part of each event (time, lane, kind, words). Events themselves
 * are kept on request only: keeping them costs more than the run. So does `detail`, which is for
 * people and never in the hash.
 */

export interface TraceEvent {
  /** 1, 2, 3, … */
  readonly n: number;
  /** Virtual time, ms. */
  readonly t: number;
  /** The actor it happened at: a client, a node, `log`, `bus`, `objects`, `nemesis`. */
  readonly lane: string;
  readonly kind: string;
  /** Number of the event that planned it; 0 = none, it stands in the scenario. */
  readonly cause: number;
  /** Canonical words. */
  readonly what: string;
  /** More, for people. */
  readonly detail?: string;
  /** The text that this lane's replica shows from now on, where it changed. */
  readonly text?: string;
  /** Faults that last: when they end, ms, and the lanes that they touch. */
  readonly until?: number;
  readonly lanes?: readonly string[];
}

/** What an event may carry for people; called only if events are kept. */
export type TraceDetail = () => Pick<TraceEvent, 'detail' | 'text' | 'until' | 'lanes'>;

/** A hash after every so many events: finds where two runs part. */
export const checkpointEvery = 1000;

/** 64 bits in two lanes of FNV-1a, each with another prime; finds differences, resists nobody. */
export class Trace {
  #a = 0x811c9dc5;
  #b = 0x050c5d1f;
  #count = 0;
  /** Of lanes and kinds, of which there are few. */
  readonly #names = new Map<string, number>();
  readonly #events: TraceEvent[] | null;
  readonly checkpoints: string[] = [];

  constructor(options: { readonly keepEvents: boolean }) {
    this.#events = options.keepEvents ? [] : null;
  }

  /** Number of events so far. */
  get count(): number {
    return this.#count;
  }

  /** The events so far, oldest first; empty unless they are kept. */
  get events(): readonly TraceEvent[] {
    return this.#events ?? [];
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }

  /** Takes in one event; returns its number. */
  note(event: Omit<TraceEvent, 'n' | 'detail' | 'text'>, detail?: TraceDetail): number {
    this.#count++;
    this.#take(event.t);
    this.#take(this.#hashOfName(event.lane));
    this.#take(this.#hashOfName(event.kind));
    this.#take(hashOf(event.what));
    if (this.#count % checkpointEvery === 0) this.checkpoints.push(this.hash);
    if (this.#events !== null) this.#events.push({ n: this.#count, ...event, ...detail?.() });
    return this.#count;
  }

  /** Adds to event `n` what is known only after it happened. */
  annotate(n: number, detail: TraceDetail): void {
    const event = this.#events?.[n - 1];
    if (event !== undefined) this.#events?.splice(n - 1, 1, { ...event, ...detail() });
  }

  #hashOfName(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const hash = hashOf(name);
    this.#names.set(name, hash);
    return hash;
  }

  #take(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    const b = Math.imul(this.#b ^ value, 0x5bd1e995);
    this.#b = b ^ (b >>> 15);
  }
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** A short name for the content of a message. */
export function contentHash(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
