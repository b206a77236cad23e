/**
 * What people do around a backup, for tests that restore it under them: one document, nodes in
 * turn, and for each kind of client somebody who is that.
 *
 *   ann   types after the backup, and goes on
 *   bob   only reads then, at the other node
 *   cat   offline since before the backup, with something unsent
 *   dan   types after ann, and leaves for good: the backup's restore loses it
 *   eve   types inside dan's text, at the other node: nothing is left that it could stand in
 *   fay   the same, unsent: she goes offline before
 *
 * What must come of it: everybody who saw more than the backup is told `history-changed`. All end
 * with one text, in which everything of before the backup is once, and ann's and cat's, too; dan's
 * is gone; eve and fay get theirs back as text to rescue, and nobody else anything.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, vi } from 'vitest';
import { must } from '../../engine/assert.ts';
import { errorCodes } from '../../proto/codes.ts';
import { Alphabet, Person } from './person.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

const told = errorCodes['history-changed'].close;
/** A node that was away finds the log again after seconds at most; a quiet room looks into it. */
const patience = { timeout: 40_000, interval: 50 };

type Name = 'ann' | 'bob' | 'cat' | 'dan' | 'eve' | 'fay';

/** Nodes on one database; with a Redis they hear each other, without they read the log. */
export interface Nodes {
  readonly nodes: readonly ServerProcess[];
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops them and removes what they kept. */
  remove(): Promise<void>;
}

export async function startNodes(databaseUrl: string): Promise<Nodes> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sve-restore-'));
  const redis = inject('redis');
  const deployment = randomBytes(8).toString('hex');
  const bus = 'url' in redis ? ['--redis-url', redis.url, '--deployment', deployment] : [];
  // Whoever is told of nothing looks into the log within a second.
  const flags = ['--silence-ms', '1000', ...bus];
  const start = (): Promise<ServerProcess> => startServerProcess({ dataDir, databaseUrl, flags });
  const nodes = await Promise.all([start(), start()]);
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((it) => it.stop())));
  return {
    nodes,
    stop,
    start: async () => void (await Promise.all(nodes.map((node) => node.start()))),
    remove: async () => {
      await stop();
      await rm(dataDir, { recursive: true });
    },
  };
}

export class RestoreStory {
  readonly #alphabet = new Alphabet();
  readonly #nodes: readonly ServerProcess[];
  readonly #document: string;
  readonly #people = new Map<Name, Person>();
  readonly #readers: Person[] = [];
  /** What each typed after the backup. */
  readonly #after = new Map<Name, string>();
  #before = '';

  constructor(nodes: readonly ServerProcess[], document: string) {
    this.#nodes = nodes;
    this.#document = document;
  }

  /** Everybody types, and everything is durable; cat goes offline with more. */
  async beforeBackup(): Promise<void> {
    const names: readonly Name[] = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay'];
    for (const [i, name] of names.entries()) this.#people.set(name, this.#enter(i));
    await Promise.all(names.map((name) => this.#session(name).synced()));
    for (const name of names) this.#before += this.#person(name).type(5, 0);
    await this.#oneText(names);
    this.#session('cat').goOffline();
    this.#after.set('cat', this.#person('cat').type(7, 3));
  }

  /** Acknowledged, and seen by all who are there, but for fay's last words. */
  async afterBackup(): Promise<void> {
    await this.#typeAfter('ann', 'bob', 20);
    await this.#typeAfter('dan', 'eve', 20);
    const same = (): void => expect(this.#person('fay').text).toBe(this.#person('dan').text);
    await vi.waitFor(same, patience);
    this.#session('fay').goOffline();
    const dan = must(this.#after.get('dan'), 'dan has typed').slice(0, 10);
    this.#after.set('fay', this.#person('fay').typeAfter(dan, 8));
    const eve = this.#person('eve').typeAfter(dan, 9);
    this.#after.set('eve', eve);
    await this.#session('eve').settled();
    await vi.waitFor(() => expect(this.#person('ann').text).toContain(eve), patience);
    this.#session('dan').close();
  }

  /** Everybody comes back; see above for what must come of it. */
  async afterRestore({ catIsTold }: { readonly catIsTold: boolean }): Promise<void> {
    const here: readonly Name[] = ['ann', 'bob', 'eve'];
    const away: readonly Name[] = ['cat', 'fay'];
    this.#lookAgain(here);
    await vi.waitFor(() => {
      for (const name of here) expect(this.#person(name).closed, name).toContain(told);
    }, patience);
    for (const name of away) this.#session(name).goOnline();
    const all = [...here, ...away];
    await vi.waitFor(() => {
      this.#lookAgain(all);
      for (const name of all) expect(this.#session(name).status, name).toBe('durable');
      for (const name of ['eve', 'fay'] as const) {
        expect(this.#person(name).rescued, name).toHaveLength(1);
      }
    }, patience);
    const text = await this.#oneText(all);
    const kept = this.#before + this.#typed('ann') + this.#typed('cat');
    expect(sorted(text)).toBe(sorted(kept));
    expect(text).toContain(this.#typed('ann'));
    expect(this.#person('fay').closed).toContain(told);
    expect(this.#person('cat').closed.includes(told)).toBe(catIsTold);
    for (const name of all) {
      const isLost = name === 'eve' || name === 'fay';
      const rescued = this.#person(name).rescued.map(({ code, texts }) => [code, texts.join('')]);
      expect(rescued, name).toEqual(isLost ? [['history-changed', this.#typed(name)]] : []);
    }
    await this.#goesOn(all, text);
  }

  close(): void {
    for (const { session } of [...this.#people.values(), ...this.#readers]) session.close();
  }

  /** Later edits work, and one who knows nothing but the log reads what they all see. */
  async #goesOn(names: readonly Name[], text: string): Promise<void> {
    const later = names.map((name) => this.#person(name).type(3, 1)).join('');
    expect(sorted(await this.#oneText(names))).toBe(sorted(text + later));
    for (const i of [0, 1]) {
      const reader = this.#enter(i);
      this.#readers.push(reader);
      await reader.session.synced();
      expect(reader.text).toBe(this.#person('ann').text);
    }
  }

  /** As a page does that is looked at again: who was away for long waits up to ten seconds. */
  #lookAgain(names: readonly Name[]): void {
    for (const session of names.map((name) => this.#session(name))) {
      if (session.status === 'offline') session.reconnect();
    }
  }

  async #typeAfter(name: Name, reader: Name, count: number): Promise<void> {
    const typed = this.#person(name).type(count);
    this.#after.set(name, typed);
    await this.#session(name).settled();
    const seen = (): void => expect(this.#person(reader).text).toContain(typed);
    await vi.waitFor(seen, patience);
  }

  /** Waits until all of them have everything and one text; returns it. */
  async #oneText(names: readonly Name[]): Promise<string> {
    await vi.waitFor(() => {
      const states = names.map((name) => [name, this.#session(name).status]);
      expect(states).toEqual(names.map((name) => [name, 'durable']));
      expect(new Set(names.map((name) => this.#person(name).text)).size).toBe(1);
    }, patience);
    return this.#person(names[0] ?? 'ann').text;
  }

  #enter(index: number): Person {
    const { url } = must(this.#nodes[index % this.#nodes.length], 'there is a node');
    return new Person({ url, documentId: this.#document, alphabet: this.#alphabet });
  }

  #person(name: Name): Person {
    return must(this.#people.get(name), `${name} is here`);
  }

  #session(name: Name): Person['session'] {
    return this.#person(name).session;
  }

  #typed(name: Name): string {
    return must(this.#after.get(name), `${name} has typed`);
  }
}

function sorted(text: string): string {
  return [...text].sort().join('');
}
