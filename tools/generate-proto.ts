/**
 * Generates proto/generated/ from proto/sync.proto: the oracle of the codecs' differential tests.
 * No product file imports it; the codecs are hand-written, and this says independently what they
 * must do.
 *
 *   tsx tools/generate-proto.ts            writes the files
 *   tsx tools/generate-proto.ts --check    exits with 1 if the committed files differ
 *
 * pbjs writes the code, pbts reads its comments and writes the types; what is committed is without
 * the comments. Numbers are typed as `number`: at run time that holds only if Long is switched off
 * first, as proto/testing/generated.ts does.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const source = join(root, 'proto/sync.proto');
const committed = join(root, 'proto/generated');
const require = createRequire(import.meta.url);
const notice = [
  '// Generated from proto/sync.proto by tools/generate-proto.ts: do not edit.',
  '// The oracle of the differential tests; no product file imports it.',
  '',
].join('\n');

const pbjsOptions = [
  ...['--target', 'static-module', '--wrap', 'esm', '--force-number'],
  ...['--no-create', '--no-verify', '--no-convert', '--no-delimited', '--no-typeurl'],
];

/** The generated files, by name. */
function generate(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'generate-proto-'));
  try {
    const commented = join(folder, 'commented.js');
    const script = join(folder, 'sync.js');
    const types = join(folder, 'sync.d.ts');
    run('pbjs', [...pbjsOptions, '--out', commented, source]);
    run('pbjs', [...pbjsOptions, '--no-comments', '--out', script, source]);
    run('pbts', ['--out', types, commented]);
    return new Map(
      [script, types].map((path) => [path.slice(folder.length + 1), notice + read(path)]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(tool: 'pbjs' | 'pbts', args: readonly string[]): void {
  const script = require.resolve(`protobufjs-cli/bin/${tool}`);
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
}

/** Generated text without the white space that ends lines and the import that nothing uses. */
function read(path: string): string {
  const text = readFileSync(path, 'utf8').replace(/[ \t]+$/gm, '');
  return text.replace('import Long = require("long");\n', '');
}

/** The committed text of a generated file; empty if there is none. */
function committedText(name: string): string {
  try {
    return readFileSync(join(committed, name), 'utf8');
  } catch {
    return '';
  }
}

function main(): void {
  const files = generate();
  const changed = [...files].filter(([name, text]) => committedText(name) !== text);
  if (process.argv.includes('--check')) {
    for (const [name] of changed)
      console.log(`proto/generated/${name} is not what sync.proto gives`);
    if (changed.length > 0) console.log('run: npm run generate');
    process.exitCode = changed.length === 0 ? 0 : 1;
    return;
  }
  mkdirSync(committed, { recursive: true });
  for (const [name, text] of changed) writeFileSync(join(committed, name), text);
  console.log(`proto/generated: ${changed.length} of ${files.size} files changed`);
}

main();
