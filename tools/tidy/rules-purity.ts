/**
 * Rules that keep proto/, engine/ and sim/ deterministic: the same input gives the same output on
 * every machine, in every run.
 *
 * The compiler already hides Node and the DOM there; this catches what the language itself offers:
 * the clock, chance, promises, locale, garbage collection, engine-defined mathematics, sorting by
 * string form. Tests and the simulator's command line are outside the fence.
 */
import { edges, pureFolders } from './house.ts';
import {
  child,
  children,
  type Finding,
  isKey,
  isTest,
  isTestSupport,
  lineAt,
  type Node,
  nameOf,
  type SourceFile,
  walk,
} from './source.ts';

const noTimers = 'return `wakeAt` and wait for the tick';
const noWorld = 'ask a port';
const noCollector = 'when memory is reclaimed is not ours to see; free it by rule';

/** Global names that may not be used, with what to do instead. */
const globals = new Map([
  ['Date', 'take `now: Instant` as an argument'],
  ['performance', 'take `now: Instant` as an argument'],
  ['Promise', 'return an effect; ports take callbacks'],
  ['setTimeout', noTimers],
  ['setInterval', noTimers],
  ['setImmediate', noTimers],
  ['queueMicrotask', noTimers],
  ['Intl', 'nothing here may depend on the locale'],
  ['WeakRef', noCollector],
  ['FinalizationRegistry', noCollector],
  ['crypto', 'take entropy as an input'],
  ['process', noWorld],
  ['console', noWorld],
  ['fetch', noWorld],
]);

const exactMath = new Set(
  'abs ceil clz32 floor fround imul max min round sign sqrt trunc MAX_SAFE_INTEGER'.split(' '),
);

/** All findings of these rules in one file. */
export function purityRules(file: SourceFile): Finding[] {
  const pure = pureFolders.some((folder) => file.path.startsWith(`${folder}/`));
  const edge = edges.some(({ files }) => files.test(file.path));
  if (!pure || edge || isTest(file.path) || isTestSupport(file.path) || file.tree === null)
    return [];
  const findings: Finding[] = [];
  walk(file.tree, (node, parent) => {
    const message =
      globalFault(node, parent) ?? asyncFault(node) ?? mathFault(node) ?? callFault(node);
    if (message === null) return;
    const line = lineAt(file, node.start);
    findings.push({ path: file.path, line, rule: 'impure', message: `${message}.` });
  });
  return findings;
}

function globalFault(node: Node, parent: Node | null): string | null {
  if (node.type !== 'Identifier' || isKey(node, parent)) return null;
  const instead = globals.get(nameOf(node));
  return instead === undefined ? null : `${nameOf(node)}: ${instead}`;
}

function asyncFault(node: Node): string | null {
  const asynchronous =
    node.async === true || node.type === 'AwaitExpression' || node.await === true;
  return asynchronous ? 'async code: the core awaits nothing; return an effect' : null;
}

function mathFault(node: Node): string | null {
  if (node.type === 'BinaryExpression' && node.operator === '**') {
    // A power of two is a matter of the exponent's bits: every engine has it right.
    const exact = child(node, 'left')?.value === 2;
    return exact ? null : '** is engine-defined; multiply, shift, or use a constant';
  }
  if (node.type !== 'MemberExpression' || nameOf(child(node, 'object')) !== 'Math') return null;
  const name = nameOf(child(node, 'property'));
  if (name === 'random') return 'Math.random: draw from engine/random.ts with a seed';
  return exactMath.has(name) ? null : `Math.${name} is engine-defined; use integer arithmetic`;
}

function callFault(node: Node): string | null {
  if (node.type !== 'CallExpression') return null;
  const callee = child(node, 'callee');
  if (callee?.type !== 'MemberExpression') return null;
  const name = nameOf(child(callee, 'property'));
  if (/^(localeCompare$|toLocale)/.test(name)) return `${name}: compare code units with < and >`;
  if (!/^(sort|toSorted)$/.test(name) || children(node, 'arguments').length > 0) return null;
  return `.${name}() without a comparator sorts by string form; pass one`;
}
