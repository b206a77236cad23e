/**
 * Goal: the page as people use it: two of them in one document, on a bad network. Method: the real
 * server process and Chromium; each person has a browser profile of their own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeWithBinaries } from '../server/testing/describe-postgres.ts';
import { type ServerProcess, startServerProcess } from '../server/testing/server-process.ts';
import { describeWithBrowser } from './testing/describe-browser.ts';

await describeWithBinaries('on the real server', () => {
  describeWithBrowser('the page', (launch) => {
    let dataDir: string;
    let server: ServerProcess;
    let browser: Browser;
    const faults: string[] = [];

    beforeAll(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'sve-page-'));
      server = await startServerProcess({ dataDir });
      browser = await launch();
    });

    afterEach(async () => {
      await Promise.all(browser.contexts().map((context) => context.close()));
      expect(faults).toEqual([]);
    });

    afterAll(async () => {
      await browser?.close();
      await server?.stop();
      await rm(dataDir, { recursive: true });
    });

    async function open(path: string): Promise<Page> {
      const context = await browser.newContext();
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(String(error)));
      await page.goto(new URL(path, server.url).href);
      await status(page, /^(Durable at|Connected)/);
      return page;
    }

    /** Two people in a document that has this text. */
    async function two(documentName: string, text: string): Promise<[Page, Page]> {
      const pages = await Promise.all([open(`d/${documentName}`), open(`d/${documentName}`)]);
      await pages[0].locator('#text').fill(text);
      await Promise.all(pages.map((page) => shows(page, text)));
      return pages;
    }

    it('gives a document without a name one, and shows when its text is durable', async () => {
      const page = await open('');
      expect(new URL(page.url()).pathname).toMatch(/^\/d\/[a-z]+-[a-z]+-\d{4}$/);
      expect(await page.title()).toBe(await page.locator('h1').textContent());
      await page.keyboard.type('The field has the focus.');
      await status(page, /^Durable at \d+:\d\d:\d\d/);
      await expect
        .poll(() => page.locator('#latency').textContent())
        .toMatch(/p50 \d+ ms, p99 \d+/);
      expect(await page.locator('#pending').textContent()).toBe('');
      await page.reload();
      await shows(page, 'The field has the focus.');
    });

    it('shows who else is where, and keeps the own caret in its place', async () => {
      const [ann, bob] = await two('carets', 'one\ntwo');
      await bob.locator('#person-name').fill('Bob');
      await bob.locator('#text').focus();
      await select(bob, 5);
      await expect.poll(() => peers(ann)).toEqual([{ name: 'Bob', place: '2:2' }]);
      await expect.poll(() => ann.locator('.mirror .caret').count()).toBe(1);
      await select(ann, 0);
      await ann.keyboard.type('zero\n');
      await shows(bob, 'zero\none\ntwo');
      expect(await caret(bob)).toEqual([10, 10]);
      await expect.poll(() => peers(ann)).toEqual([{ name: 'Bob', place: '3:2' }]);
      await bob.keyboard.type('!');
      await shows(ann, 'zero\none\nt!wo');
      expect(await caret(ann)).toEqual([5, 5]);
      await bob.close();
      await expect.poll(() => peers(ann)).toEqual([]);
    });

    it('lets an input method compose while the other one types', async () => {
      const [ann, bob] = await two('composition', 'Hello !');
      await select(bob, 6);
      const protocol = await bob.context().newCDPSession(bob);
      const compose = (text: string) =>
        protocol.send('Input.imeSetComposition', {
          text,
          selectionStart: text.length,
          selectionEnd: text.length,
        });
      await compose('n');
      await compose('ni');
      await select(ann, 0);
      await ann.keyboard.type('>> ');
      await expect.poll(() => peers(bob)).toMatchObject([{ place: '1:4' }]);
      expect(await bob.locator('#text').inputValue()).toBe('Hello ni!');
      await compose('你');
      await protocol.send('Input.insertText', { text: '你' });
      await shows(bob, '>> Hello 你!');
      await shows(ann, '>> Hello 你!');
      expect(await caret(bob)).toEqual([10, 10]);
    });

    it('survives the undo of the browser after an edit of the other one', async () => {
      const [ann, bob] = await two('undo', 'base');
      await select(bob, 4);
      await bob.keyboard.type(' mine');
      await shows(ann, 'base mine');
      await select(ann, 0);
      await ann.keyboard.type('theirs ');
      await shows(bob, 'theirs base mine');
      await bob.keyboard.press('Control+z');
      await bob.keyboard.press('End');
      await bob.keyboard.type('!');
      await expect.poll(() => ann.locator('#text').inputValue()).toMatch(/^theirs .*!$/);
      await shows(ann, await bob.locator('#text').inputValue());
    });

    it('merges what was typed offline', async () => {
      const [ann, bob] = await two('offline', 'base');
      await bob.locator('#network').click();
      await status(bob, /^Offline/);
      await select(bob, 4);
      await bob.keyboard.type(' from a plane');
      await expect.poll(() => bob.locator('#pending').textContent()).toBe('13 not yet durable');
      await select(ann, 0);
      await ann.keyboard.type('from home: ');
      await bob.locator('#network').click();
      await shows(ann, 'from home: base from a plane');
      await shows(bob, 'from home: base from a plane');
      await status(bob, /^Durable at/);
    });

    it('loses nothing when the server is killed while both type', async () => {
      const [ann, bob] = await two('killed', '');
      const typing = [
        ann.locator('#text').pressSequentially('abcdefghijklmnopqrstuvwxyz', { delay: 20 }),
        bob.locator('#text').pressSequentially('ABCDEFGHIJKLMNOPQRSTUVWXYZ', { delay: 20 }),
      ];
      await server.kill();
      await status(ann, /^(Offline|Connecting)/);
      await Promise.all(typing);
      await server.start();
      await Promise.all([ann, bob].map((page) => status(page, /^Durable at/)));
      const text = await ann.locator('#text').inputValue();
      await shows(bob, text);
      await shows(await open('d/killed'), text);
      expect([...text].sort().join('')).toBe(
        'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
      );
    });
  });
});

async function shows(page: Page, text: string): Promise<void> {
  await expect.poll(() => page.locator('#text').inputValue(), { timeout: 15_000 }).toBe(text);
}

async function status(page: Page, words: RegExp): Promise<void> {
  const line = page.locator('#status-text');
  await expect.poll(() => line.textContent(), { timeout: 15_000 }).toMatch(words);
}

/** Puts the caret there, as a click would. */
async function select(page: Page, index: number): Promise<void> {
  await page.locator('#text').evaluate((field, at) => {
    if (!(field instanceof HTMLTextAreaElement)) throw new TypeError('#text is a text field');
    field.focus();
    field.setSelectionRange(at, at);
  }, index);
}

async function caret(page: Page): Promise<number[]> {
  return await page.locator('#text').evaluate((field) => {
    if (!(field instanceof HTMLTextAreaElement)) throw new TypeError('#text is a text field');
    return [field.selectionStart, field.selectionEnd];
  });
}

/** The others, as the page lists them. */
async function peers(page: Page): Promise<{ name: string; place: string }[]> {
  return await page.locator('#peers li').evaluateAll((items) =>
    items.map((item) => ({
      name: item.querySelector('b')?.textContent ?? '',
      place: item.querySelector('span')?.textContent ?? '',
    })),
  );
}
