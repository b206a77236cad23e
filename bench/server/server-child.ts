/**
 * The process of a server that is measured: Node with the probe in it. The server says on standard
 * output where it listens; it ends with its parent.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { must } from '../../engine/assert.ts';
import type { ProbeAnswer, ProbeQuestion, ProbeRequest } from './probe.ts';

export interface ServerChildOptions {
  readonly name: string;
  /** Plain JavaScript that Node can run: bundle or compile it before. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The bundled probe. */
  readonly probe: string;
  /** The port that a line of its standard output announces; null: it does not. */
  readonly announced: (line: string) => number | null;
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
/** Of what the server said, kept for an error. */
const saidCharactersMax = 20_000;

export class ServerChild {
  readonly #options: ServerChildOptions;
  #child: ChildProcess | null = null;
  #said = '';
  #port = 0;
  #asked = 0;

  constructor(options: ServerChildOptions) {
    this.#options = options;
  }

  /** Of the running process. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Where it listens, on 127.0.0.1. */
  get port(): number {
    return this.#port;
  }

  /** The end of what it said on both outputs. */
  get said(): string {
    return this.#said;
  }

  get isRunning(): boolean {
    return this.#child !== null && !hasEnded(this.#child);
  }

  /**
   * Starts it, also again after its end; resolves when it has announced its port, rejects with what
   * it said if it ends.
   */
  async start(): Promise<void> {
    const { script, args, env, probe, announced, name } = this.#options;
    const flags = ['--expose-gc', '--import', probe, script, ...args];
    const child = spawn(process.execPath, flags, {
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    const port = new Promise<number | null>((resolve) => {
      const giveUp = setTimeout(resolve, startTimeoutMs, null);
      child.once('exit', () => resolve(null));
      createInterface({ input: must(child.stdout, 'a pipe') }).on('line', (line) => {
        this.#hear(line);
        const found = announced(line);
        if (found !== null) resolve(found);
        if (found !== null) clearTimeout(giveUp);
      });
    });
    createInterface({ input: must(child.stderr, 'a pipe') }).on('line', (line) => this.#hear(line));
    const found = await port;
    if (found === null) {
      await this.kill();
      throw new Error(`the server of ${name} did not start:\n${this.#said}`);
    }
    this.#port = found;
  }

  /** Asks the probe; rejects when the process ends instead. */
  ask(question: ProbeQuestion): Promise<ProbeAnswer> {
    const child = this.#child;
    if (child === null || hasEnded(child)) {
      return Promise.reject(new Error(`the server has ended:\n${this.#said}`));
    }
    const request: ProbeRequest = { type: 'probe', id: ++this.#asked, question };
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error(`the server has ended:\n${this.#said}`));
      const onMessage = (answer: ProbeAnswer): void => {
        if (answer?.type !== 'probe' || answer.id !== request.id) return;
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve(answer);
      };
      child.once('exit', onExit);
      child.on('message', onMessage);
      child.send(request);
    });
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === null || hasEnded(child)) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const patience = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await exited;
    clearTimeout(patience);
  }

  /** In order, as an operator does it. */
  async stop(): Promise<void> {
    await this.kill('SIGTERM');
  }

  #hear(line: string): void {
    this.#said = `${this.#said}${line}\n`.slice(-saidCharactersMax);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
