/**
 * A seed gives the same trace in every process and every engine: runs 200 seeds in two processes of
 * this Node, and in one of another major version if OTHER_NODE names its program, and compares one
 * hash over all traces. Prints each hash. REQUIRE_OTHER_NODE=1 makes a missing one a failure.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const seeds = 200;

interface Engine {
  readonly name: string;
  readonly program: string;
}

process.exitCode = main();

function main(): number {
  const other = process.env.OTHER_NODE ?? '';
  const own = `Node ${process.version}`;
  const engines: Engine[] = [
    { name: `${own}, once`, program: process.execPath },
    { name: `${own}, again`, program: process.execPath },
  ];
  if (other !== '') engines.push({ name: `Node ${versionOf(other)}`, program: other });
  else if (process.env.REQUIRE_OTHER_NODE === '1') {
    console.error('REQUIRE_OTHER_NODE=1, but OTHER_NODE names no program');
    return 1;
  } else console.log('OTHER_NODE is not set: only this Node is compared with itself');
  const hashes = engines.map(({ name, program }) => {
    const hash = hashBy(program);
    console.log(`${hash}  ${seeds} seeds, ${name}`);
    return hash;
  });
  if (new Set(hashes).size === 1) return 0;
  console.error('the same seeds gave different traces');
  return 1;
}

function versionOf(program: string): string {
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
  if (version.split('.')[0] === process.version.split('.')[0]) {
    throw new Error(`OTHER_NODE is ${version}, which is this one's major version`);
  }
  return version;
}

function hashBy(program: string): string {
  const args = ['--import', 'tsx', join('sim', 'cli', 'main.ts'), '--hashes', String(seeds)];
  const output = execFileSync(program, args, { cwd: root, encoding: 'utf8' });
  const hash = /[0-9a-f]{16,}/.exec(output)?.[0];
  if (hash === undefined) throw new Error(`no hash in: ${output}`);
  return hash;
}
