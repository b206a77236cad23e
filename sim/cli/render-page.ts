/**
 * The page of one run as one file: template, style, script and trace in a single HTML text that
 * asks the network for nothing.
 *
 * The trace goes in as JSON with every `<` escaped, so that no text of a run can end the element
 * that holds it.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TraceFile } from '../trace/trace-file.ts';

const template = new URL('../page/trace-page.html', import.meta.url);
const entries = ['../page/main.ts', '../page/trace-page.css'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** The page's HTML; `reproduce` is the command that it tells, by default the seed's. */
export async function renderTracePage(
  trace: TraceFile,
  options: { readonly reproduce?: string } = {},
): Promise<string> {
  const { reproduce = `npm run sim -- --seed ${trace.header.seed}` } = options;
  const [html, { script, style }] = await Promise.all([readFile(template, 'utf8'), bundle()]);
  const data = JSON.stringify({ trace, reproduce }).replaceAll('<', '\\u003c');
  const parts = [
    ['<link rel="stylesheet" href="trace-page.css">', `<style>${style}</style>`],
    [
      '<script type="application/json" id="run"></script>',
      `<script type="application/json" id="run">${data}</script>`,
    ],
    ['<script type="module" src="main.ts"></script>', `<script type="module">${script}</script>`],
  ] as const;
  let page = html;
  for (const [reference, content] of parts) {
    if (!page.includes(reference)) throw new Error(`trace-page.html lacks ${reference}`);
    // A function: in a plain replacement, `$` has a meaning.
    page = page.replace(reference, () => content);
  }
  return page;
}

/** esbuild escapes what would end a script or a style element. */
async function bundle(): Promise<{ readonly script: string; readonly style: string }> {
  const { outputFiles } = await build({
    entryPoints: entries,
    outdir: 'page',
    bundle: true,
    minify: true,
    charset: 'utf8',
    format: 'esm',
    target: 'es2023',
    write: false,
    logLevel: 'silent',
  });
  const text = (ending: string): string => {
    const file = outputFiles.find(({ path }) => path.endsWith(ending));
    if (file === undefined) throw new Error(`no ${ending} came out of ${entries.join(', ')}`);
    return file.text.trim();
  };
  return { script: text('.js'), style: text('.css') };
}
