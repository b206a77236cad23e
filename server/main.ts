#!/usr/bin/env node
/**
 * The server as a process: reads the configuration, starts a node, says where it is, and stops it
 * when told to; or runs an operator's command (`commands/`) and ends. An error that nobody expected
 * ends the process: what is in memory may be wrong then, and the log has everything that was
 * acknowledged.
 */
import { withoutPassword } from './backing/address.ts';
import { commandLines, runCommand } from './commands/commands.ts';
import { type Config, helpText, readConfig } from './config.ts';
import { createLog, type Log } from './log.ts';
import { isLoopback } from './loopback.ts';
import { type RunningNode, startNode } from './node.ts';
import { packageVersion } from './version.ts';
import { startWorkers } from './workers/primary.ts';
import { WorkerLink } from './workers/worker-link.ts';

const [first = '', ...others] = process.argv.slice(2);
if (/^[a-z]/.test(first)) await command().catch(failWith);
else await start();

async function command(): Promise<void> {
  const { output, exitCode } = await runCommand(first, others, process.env);
  print(output);
  process.exitCode = exitCode;
}

async function start(): Promise<void> {
  const invocation = readConfig(process.argv.slice(2), process.env);
  if (invocation.type === 'help') print(helpText(commandLines()));
  else if (invocation.type === 'version') print(`${packageVersion()}\n`);
  else if (invocation.type === 'invalid') fail(invocation.problems.join('\n'));
  else await run(invocation.config);
}

async function run(config: Config): Promise<void> {
  const link = WorkerLink.ofThisProcess();
  const log = createLog(config.logLevel, link?.number);
  process.on('uncaughtException', (error) => {
    log.fatal({ event: 'uncaught', err: error });
    process.exit(1);
  });
  if (link !== null) return await work(config, log, link);
  try {
    const starting = config.workers > 1 ? startWorkers(config, log) : startNode(config, log);
    stopOnSignals(starting);
    if (config.tlsCertFile !== null) reloadOnSignal(starting);
    const node = await starting;
    print(`${announcement(node, config).join('\n')}\n`);
  } catch (error) {
    failWith(error);
    process.exit(1);
  }
}

/** As one of several workers: the primary tells people where it is, and when to stop. */
async function work(config: Config, log: Log, link: WorkerLink): Promise<void> {
  try {
    const starting = startNode(config, log, link);
    link.follow({ stop: () => stop(starting), reload: () => reload(starting) });
    const { reload: _, close, ...facts } = await starting;
    link.ready(facts);
  } catch (error) {
    failWith(error);
    process.exit(1);
  }
}

function stop(starting: Promise<RunningNode>): void {
  const done = starting.then((node) => node.close());
  // What failed is told by whoever started it.
  done.then(
    () => process.exit(0),
    () => process.exit(1),
  );
}

function reload(starting: Promise<RunningNode>): void {
  starting.then((node) => node.reload()).catch(() => {});
}

/** The first signal stops in order, the second at once. */
function stopOnSignals(starting: Promise<RunningNode>): void {
  let stopping = false;
  const onSignal = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    stop(starting);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** The same signal ends a process that has nothing to read again, as is usual. */
function reloadOnSignal(starting: Promise<RunningNode>): void {
  process.on('SIGHUP', () => reload(starting));
}

function announcement(node: RunningNode, config: Config): string[] {
  const { fsync, fullPageWrites, synchronousCommit, ok, advice } = node.durability;
  const setting = (on: boolean): string => (on ? 'on' : 'off');
  const { databaseUrl, redisUrl } = config;
  const embedded = [
    ...(databaseUrl === null ? ['PostgreSQL'] : []),
    ...(redisUrl === null ? [config.workers > 1 ? 'bus (one service)' : 'bus (one node)'] : []),
  ];
  return [
    `sync-vector-engine ${packageVersion()}`,
    `  page        ${node.url}`,
    `  sync        ${node.syncUrl}`,
    ...(node.workers === undefined
      ? []
      : [`  workers     ${node.workers.length}: processes ${node.workers.join(', ')}`]),
    `  documents   ${node.dataPlace}`,
    `  snapshots   ${node.snapshotPlace}`,
    `  embedded    ${embedded.join(', ') || 'nothing'}`,
    ...(redisUrl === null ? [] : [`  bus         ${withoutPassword(redisUrl)}`]),
    `  durability  ${ok ? 'ok' : 'NOT DURABLE'}: fsync ${setting(fsync)}, ` +
      `full_page_writes ${setting(fullPageWrites)}, synchronous_commit ${synchronousCommit}`,
    ...(advice === '' ? [] : [`              ${advice}`]),
    ...(node.authTold === null
      ? [`  WARNING     NO AUTHENTICATION: ${openTo(config)} may do everything`]
      : [`  auth        ${node.authTold}`]),
    '  Ctrl-C stops it.',
  ];
}

function print(text: string): void {
  process.stdout.write(text);
}

function failWith(error: unknown): void {
  fail(error instanceof Error ? error.message : String(error));
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

function openTo({ socketPath, host }: Config): string {
  if (socketPath !== null) return `whoever may open ${socketPath}`;
  return isLoopback(host) ? 'whoever is on this machine' : `whoever reaches ${host}`;
}
