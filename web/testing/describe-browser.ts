/**
 * Suites in a real browser: Chromium from CHROMIUM_PATH, else from PATH, else skipped with a title
 * that says why, or failing with REQUIRE_CHROMIUM=1.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { describe } from 'vitest';

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Keeps it from asking outside hosts for anything. */
const args = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

/** `launch` starts a browser of the suite's own. */
export function describeWithBrowser(
  title: string,
  body: (launch: () => Promise<Browser>) => void,
): void {
  const executablePath = findChromium(process.env);
  if (executablePath !== null) {
    describe(title, () => body(() => chromium.launch({ executablePath, args })));
    return;
  }
  const reason = 'CHROMIUM_PATH is not set and no chromium is on PATH';
  if (process.env.REQUIRE_CHROMIUM === '1') throw new Error(`REQUIRE_CHROMIUM=1, but ${reason}`);
  describe.skipIf(true)(`${title} (skipped: ${reason})`, () => {});
}

function findChromium(env: NodeJS.ProcessEnv): string | null {
  if (env.CHROMIUM_PATH !== undefined) {
    if (isProgram(env.CHROMIUM_PATH)) return env.CHROMIUM_PATH;
    throw new Error(`CHROMIUM_PATH is ${env.CHROMIUM_PATH}, which is no program`);
  }
  const folders = (env.PATH ?? '').split(delimiter);
  const paths = programs.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
