/**
 * Goal: whatever people do while a backup is restored under running nodes, nothing diverges, no
 * text is in the document twice, and what is no longer in it was handed back to its author. Method:
 * as in restore-dump.slow.test.ts, with people who never stop typing all over each other's text,
 * and with a document that the backup has never heard of.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { must } from '../engine/assert.ts';
import { errorCodes } from '../proto/codes.ts';
import { runCommand } from './commands/commands.ts';
import { describeWithBackups, restoreInPlace } from './testing/backup-programs.ts';
import { type OwnPostgres, startOwnPostgres } from './testing/own-postgres.ts';
import { Alphabet, Person } from './testing/person.ts';
import { type Nodes, startNodes } from './testing/restore-story.ts';

const told = errorCodes['history-changed'].close;
const patience = { timeout: 40_000, interval: 50 };

await describeWithBackups('a dump that is restored under running nodes', (programs) => {
  const alphabet = new Alphabet();
  const people: Person[] = [];
  let postgres: OwnPostgres;
  let folder: string;
  let nodes: Nodes;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sve-races-'));
    postgres = await startOwnPostgres({ binaries: [programs.server] });
    nodes = await startNodes(postgres.url);
  });

  afterEach(() => {
    for (const { session } of people.splice(0)) session.close();
  });

  afterAll(async () => {
    await nodes?.remove();
    await postgres?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** People at the two nodes in turn, who see what is there. */
  async function enter(documentId: string, count: number): Promise<Person[]> {
    const here = Array.from({ length: count }, (_, i) => {
      const { url } = must(nodes.nodes[i % nodes.nodes.length], 'there is a node');
      return new Person({ url, documentId, alphabet });
    });
    people.push(...here);
    await Promise.all(here.map(({ session }) => session.synced()));
    return here;
  }

  async function dumped(): Promise<string> {
    const dump = join(folder, 'docs.dump');
    await programs.run('pg_dump', ['--format=custom', `--file=${dump}`, postgres.url]);
    return dump;
  }

  async function restore(dump: string): Promise<void> {
    await restoreInPlace(programs, { url: postgres.url, dump });
    await runCommand('restored', ['--database-url', postgres.url], {});
  }

  /** Everybody has been told, has everything, and sees the same; returns it. */
  async function oneText(here: readonly Person[]): Promise<string> {
    await vi.waitFor(() => {
      expect(here.map(({ closed }) => closed.includes(told))).toEqual(here.map(() => true));
      expect(here.map(({ session }) => session.status)).toEqual(here.map(() => 'durable'));
      expect(new Set(here.map(({ text }) => text)).size).toBe(1);
    }, patience);
    return must(here[0], 'somebody is here').text;
  }

  it('keeps or hands back what is typed by people who never stop', async () => {
    const here = await enter('busy', 4);
    let done = false;
    const typed = here.map(async (person, i) => {
      let own = '';
      while (!done) {
        own += person.type(3, ((own.length + i) * 7) % (person.text.length + 1));
        // Rejects when text is rescued: that is looked at in the end.
        await person.session.settled().catch(() => {});
      }
      return own;
    });
    const length = (): number => must(here[0], 'somebody is here').text.length;
    await vi.waitFor(() => expect(length()).toBeGreaterThan(60), patience);
    const dump = await dumped();
    const atDump = length();
    await vi.waitFor(() => expect(length()).toBeGreaterThan(atDump + 60), patience);
    await restore(dump);
    await vi.waitFor(() => {
      expect(here.map(({ closed }) => closed.includes(told))).toEqual(here.map(() => true));
    }, patience);
    done = true;
    const all = await Promise.all(typed);
    const text = await oneText(here);
    expect(new Set(text).size).toBe(text.length);
    for (const [i, own] of all.entries()) {
      const rescued = here[i]?.rescued.flatMap(({ texts }) => texts).join('') ?? '';
      const missing = [...own].filter((it) => !text.includes(it) && !rescued.includes(it));
      const twice = [...own].filter((it) => text.includes(it) && rescued.includes(it));
      expect({ missing, twice }).toEqual({ missing: [], twice: [] });
    }
    // The backup has some of it, and some is newer than all that anybody was told.
    expect(text.length).toBeGreaterThan(60);
    const [reader] = await enter('busy', 1);
    expect(reader?.text).toBe(text);
  });

  it('brings back a document that is newer than the backup from those who have it', async () => {
    const dump = await dumped();
    const [author, reader] = await enter('newer', 2);
    if (author === undefined || reader === undefined) throw new Error('two people');
    const typed = author.type(30);
    await author.session.settled();
    await vi.waitFor(() => expect(reader.text).toBe(typed), patience);
    await restore(dump);
    author.type(1);
    expect(await oneText([author, reader])).toBe(author.text);
    expect(author.text.slice(0, 30)).toBe(typed);
    expect(author.rescued).toEqual([]);
    const later = reader.typeAfter(typed, 5);
    await reader.session.settled();
    await vi.waitFor(() => expect(author.text).toContain(later), patience);
  });
});
