/**
 * The node that is measured, in a process of its own (node-process.ts): flags are those of the
 * server; whenever it is asked, it collects its garbage and answers what it has in memory.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { must } from '../../engine/assert.ts';
import { readConfig } from '../../server/config.ts';
import { createLog } from '../../server/log.ts';
import { startNode } from '../../server/node.ts';
import type { ProcessMemory } from './node-process.ts';

/** What is given back by one collection may free more in the next turn: sockets, queries. */
const collections = 4;

const invocation = readConfig(process.argv.slice(2), {});
if (invocation.type !== 'run') throw new Error(`no flags of a server: ${process.argv.slice(2)}`);
const { config } = invocation;
const { url, syncUrl } = await startNode(config, createLog(config.logLevel));
process.on('message', () => void collected().then(answer));
process.once('disconnect', () => process.exit(1));
answer({ url, syncUrl });

function answer(value: object): void {
  process.send?.(JSON.stringify(value));
}

async function collected(): Promise<ProcessMemory> {
  const collect = must(globalThis.gc, 'the process runs with --expose-gc');
  for (let turn = 0; turn < collections; turn++) {
    collect();
    await nextTurn();
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { heapUsed, external, arrayBuffers, rss };
}
