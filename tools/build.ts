/**
 * `npm run build`: dist/ from nothing: the projects that are shipped, compiled (tsc -b), the page
 * bundled as the server does it from the source (server/page.ts), and the files beside the code
 * that the code reads at run time.
 *
 * Tests, the simulator and the tools are no part of it; their types are checked by `npm run check`.
 * `npm start` needs no build; the package and the Docker image do.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** Projects that are shipped; what they refer to comes along. */
const shipped = ['server', 'client/tsconfig.browser.json', 'client/tsconfig.node.json', 'web'];

/** Folders whose files of these kinds are read at run time. */
const assets: readonly (readonly [folder: string, extensions: readonly string[]])[] = [
  ['server/schema', ['.sql']],
  ['web', ['.html', '.svg']],
];

rmSync(dist, { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '-b', ...shipped], { cwd: root, stdio: 'inherit' });
for (const [folder, extensions] of assets) {
  if (!existsSync(join(root, folder))) continue;
  for (const name of readdirSync(join(root, folder))) {
    if (extensions.includes(extname(name)))
      cpSync(join(root, folder, name), join(dist, folder, name));
  }
}
buildSync({
  entryPoints: [join(root, 'web', 'main.ts'), join(root, 'web', 'style.css')],
  outdir: join(dist, 'web'),
  bundle: true,
  minify: true,
  sourcemap: 'linked',
  format: 'esm',
  target: 'es2022',
});
