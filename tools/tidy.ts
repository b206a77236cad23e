/**
 * The house rules as a test: reads every file of the repository and prints each broken rule with
 * its place and what to do instead. Exits with 1 if there is any.
 *
 * The idea is TigerBeetle's tidy. The tables are in tidy/house.ts, the rules in tidy/rules-*.ts;
 * formatting and general lint are biome's. Run it with `npm run tidy`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brandNames, codeRules } from './tidy/rules-code.ts';
import { importRules, usageRules } from './tidy/rules-imports.ts';
import { purityRules } from './tidy/rules-purity.ts';
import { textRules } from './tidy/rules-text.ts';
import { type Finding, type SourceFile, sourceFile } from './tidy/source.ts';
import { tableProperties } from './tidy/tables.ts';

const skippedFolders = new Set(['node_modules', 'dist', 'data', '.git', '.cache']);
const binary = /\.(png|ico|bin|gz|br|woff2?)$/;

/** Every broken rule of a repository, given its files, ordered by place. */
export function tidy(files: readonly SourceFile[]): Finding[] {
  const paths = new Set(files.map(({ path }) => path));
  const names = { brands: brandNames(files), tables: tableProperties(files) };
  const findings = files.flatMap((file) => [
    ...textRules(file, paths),
    ...codeRules(file, names),
    ...purityRules(file),
    ...importRules(file),
  ]);
  return [...findings, ...usageRules(files)].sort(
    (a, b) => a.path.localeCompare(b.path) || a.line - b.line,
  );
}

/** Paths of the repository's files, tracked and new; a plain walk where there is no git. */
export function listFiles(root: string): string[] {
  const listed = existsSync(join(root, '.git')) ? gitFiles(root) : walkFiles(root);
  return listed.filter((path) => !binary.test(path) && existsSync(join(root, path)));
}

function gitFiles(root: string): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const output = execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  return output.split('\0').filter((path) => path !== '');
}

function walkFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => skippedFolders.has(part)));
}

function main(): void {
  const root = join(import.meta.dirname, '..');
  const paths = listFiles(root);
  const findings = tidy(
    paths.map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8'))),
  );
  for (const { path, line, rule, message } of findings) {
    console.log(`${path}:${line}: ${rule}: ${message}`);
  }
  console.log(`tidy: ${paths.length} files, ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
