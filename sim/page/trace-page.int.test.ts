/**
 * Goal: the page of a run shows what happened, and lets a person find out why. Method: the page as
 * a file, without a server, in Chromium; what is drawn is read back from the page.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeWithBrowser } from '../../web/testing/describe-browser.ts';
import { renderTracePage } from '../cli/render-page.ts';
import { runCommand } from '../testing/run-command.ts';
import type { TraceFile } from '../trace/trace-file.ts';
import { longTrace, passedTrace, sampleTrace } from './testing/sample-trace.ts';

describeWithBrowser('the page of a run', (launch) => {
  let folder: string;
  let browser: Browser;
  const faults: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sve-trace-page-'));
    browser = await launch();
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(faults).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  async function open(
    trace: TraceFile,
    options: { readonly hash?: string; readonly width?: number } = {},
  ): Promise<Page> {
    const path = join(folder, 'run.html');
    await writeFile(path, await renderTracePage(trace));
    return openFile(path, options);
  }

  async function openFile(
    path: string,
    { hash = '', width = 1440 }: { readonly hash?: string; readonly width?: number } = {},
  ): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 1000 } });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('request', (request) => {
      const address = request.url();
      if (!/^(file|data):/.test(address)) faults.push(`asked the network for ${address}`);
    });
    await page.goto(`${pathToFileURL(path).href}${hash}`);
    return page;
  }

  /** Number of the current event, as the diagram marks it. */
  function current(page: Page): Promise<string | null> {
    return page.locator('#lines a[aria-current=true] .n').textContent();
  }

  function text(page: Page, lane: string): Promise<string | null> {
    return page.locator(`#texts-body [data-lane="${lane}"] .text`).textContent();
  }

  async function count(page: Page, selector: string): Promise<number> {
    return await page.locator(selector).count();
  }

  it('shows a planted bug as the command line writes it: lanes, arrows, texts', async () => {
    const seeds = join(import.meta.dirname, '..', '..', 'fixtures', 'seeds');
    const scenario = join(seeds, 'F17-the-past-of-an-old-copy.json');
    const path = join(folder, 'planted.html');
    const run = await runCommand(['repro', scenario, '--planted', 'F17', '--html', path]);
    expect(run.exitCode).toBe(129);
    const page = await openFile(path);
    const lanes = await page.locator('#lane-names span').allTextContents();
    for (const lane of ['c2', 'n0', 'log']) expect(lanes).toContain(lane);
    expect(await count(page, '#drawing .arrow')).toBeGreaterThan(0);
    const banner = await page.locator('#verdict').innerText();
    expect(banner).toContain('npm run sim -- repro');
    const shown = (): Promise<string> => page.locator('#texts-body').innerText();
    const atEnd = await shown();
    await page.keyboard.press('Home');
    expect(await shown()).not.toBe(atEnd);
  });

  it('opens at the violation and says what was found, where, and how to see it again', async () => {
    const page = await open(sampleTrace);
    expect(await current(page)).toBe('42');
    expect(await page.title()).toBe('Seed 617: failed S3');
    const banner = await page.locator('#verdict').innerText();
    for (const words of [
      'Failed S3',
      'safety',
      'operation 13',
      '5d1f09ac77e0b3c2',
      '99e9e69c0ffe',
    ]) {
      expect(banner).toContain(words);
    }
    expect(await page.locator('#reproduce').textContent()).toBe('npm run sim -- --seed 617');
    expect(await page.locator('#event-body .alarm').count()).toBe(1);
    const knobs = await page.locator('#knobs-body').textContent();
    expect(knobs).toContain('latencyMaxMs40 not 5');
    expect(knobs).toContain('windowOperations3 not 262');
  });

  it('draws lanes, events, messages, and a band for each fault and lane', async () => {
    const page = await open(sampleTrace, { hash: '#e=29' });
    const lanes = await page.locator('#lane-names span').allTextContents();
    expect(lanes).toEqual(['c0', 'c1', 'n0', 'log', 'bus', 'nemesis', 'new n0 doc0']);
    expect(await count(page, '#drawing .glyph')).toBe(await count(page, '#lines li'));
    expect(await count(page, '#drawing .arrow.fault[data-from="30"][data-to="31"]')).toBe(1);
    expect(await count(page, '#drawing .arrow.chain[data-from="27"][data-to="29"]')).toBe(1);
    expect(await count(page, '#drawing .arrow[data-from="27"][data-to="28"]')).toBe(1);
    expect(await count(page, '#drawing .band.network')).toBe(1);
    expect(await count(page, '#drawing .band.process')).toBe(2);
  });

  it('shows the texts of the moment, and what differs in them', async () => {
    const page = await open(sampleTrace);
    expect(await text(page, 'c0')).toBe('Hello 😀↵\nworld');
    expect(await page.locator('[data-lane=c0] mark').allTextContents()).toEqual(['world']);
    expect(await text(page, 'new n0 doc0')).toBe('Hello 😀↵\n');
    await page.locator('#scrubber').fill('13');
    expect(await current(page)).toBe('14');
    expect(await text(page, 'c0')).toBe('Hello 😀↵\n');
    expect(await text(page, 'c1')).toBe('empty');
    expect(await count(page, '#texts-body [data-lane="new n0 doc0"]')).toBe(0);
    await page.locator('#scrubber').fill('2');
    expect(await text(page, 'c0')).toBe('nothing yet');
  });

  it('goes by keys and by buttons', async () => {
    const page = await open(sampleTrace, { hash: '#e=29' });
    const went: (string | null)[] = [];
    for (const key of ['ArrowRight', 'ArrowUp', 'Shift+ArrowDown', 'Home', 'End', 'c', 'v']) {
      await page.keyboard.press(key);
      went.push(await current(page));
    }
    expect(went).toEqual(['30', '29', '33', '1', '42', '41', '42']);
    await page.getByRole('button', { name: 'First event' }).click();
    await page.getByRole('button', { name: 'Next event on this lane' }).click();
    expect(await current(page)).toBe('4');
    await page.getByRole('button', { name: 'Violation', exact: true }).click();
    expect(await current(page)).toBe('42');
    await page.locator('#scrubber').focus();
    await page.keyboard.press('ArrowLeft');
    expect(await current(page)).toBe('41');
    expect(await page.locator('#announcement').textContent()).toMatch(
      /^Event 41 at 1526 ms, new n0/,
    );
    expect(await page.locator('#scrubber').getAttribute('aria-valuetext')).toMatch(/^Event 41 /);
  });

  it('keeps the focus on the current event as it moves', async () => {
    const page = await open(sampleTrace, { hash: '#e=10' });
    await page.locator('#lines a[aria-current=true]').focus();
    for (let n = 10; n < 30; n++) await page.keyboard.press('ArrowDown');
    expect(await page.locator('#lines a:focus .n').textContent()).toBe('30');
  });

  it('links the causes of the current event, and marks them in the diagram', async () => {
    const page = await open(sampleTrace, { hash: '#e=33' });
    expect(await page.locator('#chain .n').allTextContents()).toEqual(['31', '30']);
    expect(await count(page, '#drawing .arrow.chain')).toBe(2);
    expect(await page.locator('#lines .chained .n').allTextContents()).toEqual(['30', '31', '33']);
    expect(await page.locator('#faults-body').textContent()).toContain('crash n0 for 200');
    await page.locator('#chain a').last().click();
    expect(await current(page)).toBe('30');
    expect(await page.locator('#effects .n').allTextContents()).toEqual(['31', '34']);
    expect(await count(page, '#drawing .arrow.effect')).toBe(2);
    await page.goBack();
    await expect.poll(() => current(page)).toBe('33');
  });

  it('leads to an event by its address, and keeps the address up to date', async () => {
    const page = await open(sampleTrace, { hash: '#e=29' });
    expect(await current(page)).toBe('29');
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/#e=30$/);
    await page.locator('#lines a', { hasText: 'begins doc0 2' }).click();
    expect(new URL(page.url()).hash).toBe('#e=28');
    expect(await current(page)).toBe('28');
  });

  it('filters by lane, by kind, by words and by cause', async () => {
    const page = await open(sampleTrace, { hash: '#e=33' });
    const shown = page.locator('#shown-count');
    await page.locator('#lane-chips').getByRole('button', { name: /^log/ }).click();
    expect(await shown.textContent()).toBe('36 of 42 events');
    expect(await page.locator('#lane-names').textContent()).not.toContain('log');
    await page
      .locator('#kind-chips')
      .getByRole('button', { name: /^receives/ })
      .click();
    expect(await shown.textContent()).toBe('24 of 42 events');
    await page.getByRole('button', { name: 'Show all' }).click();
    expect(await shown.textContent()).toBe('42 events');
    await page.keyboard.press('/');
    await page.keyboard.type('ACK 13');
    expect(await page.locator('#lines .n').allTextContents()).toEqual(['29']);
    await page.locator('#search').fill('no such words');
    expect(await page.locator('#nothing').isVisible()).toBe(true);
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('button', { name: 'Only what led here' }).click();
    expect(await page.locator('#lines .n').allTextContents()).toEqual(['30', '31', '33']);
  });

  it('keeps only a window of a long run on the page, wherever that is', async () => {
    const page = await open(longTrace(5_000));
    for (const key of ['v', 'Home', 'End']) {
      await page.keyboard.press(key);
      expect(await page.locator('#lines a[aria-current=true]').isVisible()).toBe(true);
      expect(await count(page, '#lines li')).toBeLessThan(200);
      expect(await count(page, '#drawing *')).toBeLessThan(1_500);
    }
    await page.locator('#diagram').evaluate((diagram) => diagram.scrollTo(0, 40_000));
    await expect
      .poll(async () => Number(await page.locator('#lines .n').first().textContent()))
      .toBeGreaterThan(1_000);
    expect(await page.locator('#chain li').count()).toBe(25);
    await page.locator('#chain-more').click();
    expect(await page.locator('#chain li').count()).toBeGreaterThan(100);
  });

  it('stacks its parts on a phone, and nothing hangs over the edge', async () => {
    const page = await open(sampleTrace, { width: 400 });
    const [width, panel, diagram] = await Promise.all([
      page.evaluate(() => document.documentElement.scrollWidth),
      page.locator('aside').boundingBox(),
      page.locator('#diagram').boundingBox(),
    ]);
    expect(width).toBe(400);
    expect(panel?.y).toBeGreaterThanOrEqual((diagram?.y ?? 0) + (diagram?.height ?? 0));
  });

  it('says that a run passed, and opens at its start', async () => {
    const page = await open(passedTrace);
    expect(await page.locator('h1').innerText()).toContain('Passed');
    expect(await current(page)).toBe('1');
    expect(await page.locator('#to-violation').isVisible()).toBe(false);
  });

  it('takes no text of a run for HTML', async () => {
    const evil = '</script><script>document.title="evil"</script><img src=x onerror=alert(1)>$&';
    const events = sampleTrace.events.map((event) => ({ ...event, what: evil, text: evil }));
    const page = await open({ ...sampleTrace, events });
    expect(await page.title()).toBe('Seed 617: failed S3');
    expect(await text(page, 'c0')).toBe(evil);
    expect(await count(page, 'img')).toBe(0);
  });
});
