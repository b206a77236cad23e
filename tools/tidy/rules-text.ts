/**
 * Rules that need no syntax tree: sizes, headers, left-over markers, file names, machine words,
 * manifests and Markdown.
 *
 * Lines are counted as an editor shows them; columns are UTF-16 units. The words looked for are
 * spelt with a character class, so that this file does not find itself.
 */
import { basename, dirname, posix } from 'node:path';
import { fileLinesOf, forbiddenPackages, limits } from './house.ts';
import { type Finding, isGenerated, isTest, type SourceFile } from './source.ts';

const leftOver = /\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/;
const machineWords = new RegExp(
  [
    '(?<![\\w.])/wor[k]/',
    '/tmp/bash_job[s]',
    '(?<![\\w.])/(roo[t]|home/[a-z]+)/',
    'registry\\.npmj[s]',
    'deb\\.debia[n]\\.org',
  ].join('|'),
);
/** A string alone on its line: the formatter has no way to break it. */
const loneString = /^\s*(['"`]).*\1[,;]?$/;
const grabBags = /(^|\/)(utils?|helpers?|common|misc|types)(\.ts$|\/)/;
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/;
const headerStart: Readonly<Record<string, RegExp>> = {
  '.ts': /^(#!.*\n)?\/\*\*/,
  '.sql': /^--/,
  '.proto': /^\/\//,
};

/** All findings of these rules in one file; `paths` holds every file of the repository. */
export function textRules(file: SourceFile, paths: ReadonlySet<string>): Finding[] {
  const findings = [...machineWordRule(file), ...manifestRule(file), ...markdownRule(file, paths)];
  if (isGenerated(file.path)) return findings;
  return [
    ...findings,
    ...sizeRules(file),
    ...headerRule(file),
    ...leftOverRule(file),
    ...nameRule(file),
  ];
}

function sizeRules(file: SourceFile): Finding[] {
  if (!/\.(ts|sql)$/.test(file.path)) return [];
  const findings: Finding[] = [];
  const lines = file.text.replace(/\n$/, '').split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.length <= limits.lineColumns || loneString.test(line)) continue;
    const message = `${line.length} columns; break the line at ${limits.lineColumns}.`;
    findings.push({ path: file.path, line: index + 1, rule: 'long-line', message });
  }
  const own = fileLinesOf[file.path] ?? (isTest(file.path) ? limits.testLines : limits.fileLines);
  if (lines.length > own) {
    const message = `${lines.length} lines, at most ${own}; split it by concept, not by size.`;
    findings.push({ path: file.path, line: lines.length, rule: 'long-file', message });
  }
  return findings;
}

function headerRule(file: SourceFile): Finding[] {
  const start = headerStart[posix.extname(file.path)];
  if (start === undefined || start.test(file.text)) return [];
  const message =
    'no header; begin with what this file decides, its invariant and what it leaves out.';
  return [{ path: file.path, line: 1, rule: 'header', message }];
}

function leftOverRule(file: SourceFile): Finding[] {
  const message =
    'a left-over marker; do it now, or write it down in docs/decisions.md and delete it.';
  return matchingLines(file, leftOver, 'left-over', message);
}

function machineWordRule(file: SourceFile): Finding[] {
  if (file.path === 'package-lock.json') return [];
  const message =
    'names one machine or a registry host; use a relative path or the plain package name.';
  return matchingLines(file, machineWords, 'machine-word', message);
}

function nameRule(file: SourceFile): Finding[] {
  if (!file.path.endsWith('.ts')) return [];
  const at = { path: file.path, line: 1 };
  if (grabBags.test(file.path)) {
    const message = 'a grab-bag; put each thing in the file of its concept.';
    return [{ ...at, rule: 'grab-bag', message }];
  }
  if (kebab.test(basename(file.path))) return [];
  return [
    { ...at, rule: 'file-name', message: 'name the file in kebab-case after its main export.' },
  ];
}

function manifestRule(file: SourceFile): Finding[] {
  if (basename(file.path) !== 'package.json' || file.path.startsWith('bench/peers/')) return [];
  const findings: Finding[] = [];
  for (const [index, line] of file.text.split('\n').entries()) {
    const name = /^\s*"([^"]+)":/.exec(line)?.[1];
    if (name === undefined || !forbiddenPackages.test(name)) continue;
    const message = `${name} never enters the product; peers to measure live in bench/peers.`;
    findings.push({ path: file.path, line: index + 1, rule: 'forbidden-package', message });
  }
  return findings;
}

function markdownRule(file: SourceFile, paths: ReadonlySet<string>): Finding[] {
  if (!file.path.endsWith('.md')) return [];
  const findings: Finding[] = [];
  const lines = withoutFences(file.text);
  const titles = lines.flatMap((line, index) => (/^# /.test(line) ? [index + 1] : []));
  if (titles.length !== 1) {
    const message = `${titles.length} first-level headings; a page has exactly one title.`;
    findings.push({ path: file.path, line: titles[1] ?? 1, rule: 'one-title', message });
  }
  for (const [index, line] of lines.entries()) {
    for (const match of line.matchAll(/\]\(([^)\s]+)\)/g)) {
      const target = match[1] ?? '';
      if (/^[a-z]+:|^#/.test(target) || linkResolves(file.path, target, paths)) continue;
      const message = `the link to ${target} leads nowhere; mend or delete it.`;
      findings.push({ path: file.path, line: index + 1, rule: 'broken-link', message });
    }
  }
  return findings;
}

function linkResolves(from: string, target: string, paths: ReadonlySet<string>): boolean {
  const plain = target.replace(/#.*$/, '').replace(/\/$/, '');
  const path = posix.normalize(posix.join(dirname(from), plain));
  if (path === '.' || paths.has(path)) return true;
  for (const known of paths) if (known.startsWith(`${path}/`)) return true;
  return false;
}

/** The lines of a page, those of fenced blocks emptied. */
function withoutFences(text: string): string[] {
  let fenced = false;
  return text.split('\n').map((line) => {
    const fence = /^\s*```/.test(line);
    if (fence) fenced = !fenced;
    return fence || fenced ? '' : line;
  });
}

function matchingLines(file: SourceFile, word: RegExp, rule: string, message: string): Finding[] {
  const findings: Finding[] = [];
  for (const [index, line] of file.text.split('\n').entries()) {
    const found = word.exec(line)?.[0];
    if (found === undefined) continue;
    findings.push({ path: file.path, line: index + 1, rule, message: `${found}: ${message}` });
  }
  return findings;
}
