/** An attacker (`attacker.ts`) in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Outcome {
  /** What it was told, and how often. */
  readonly told: Readonly<Record<string, number>>;
  /** Of the attack alone, without the start. */
  readonly cpuSeconds: number;
}

const script = fileURLToPath(new URL('./attacker.ts', import.meta.url));

export class Attacker {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = '';
  #heard: () => void = () => {};

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#ended = once(this.#child, 'close').then(() => this.#heard());
    this.#child.stdout?.on('data', (chunk) => {
      this.#said += String(chunk);
      this.#heard();
    });
  }

  /** Resolves when the attack begins. */
  async began(): Promise<void> {
    while (!this.#said.includes('\n') && this.#child.exitCode === null) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** Resolves when it is over. */
  async outcome(): Promise<Outcome> {
    await this.#ended;
    const outcome: unknown = JSON.parse(this.#said.split('\n')[1] ?? '');
    if (!isOutcome(outcome)) throw new Error(`the attacker said ${this.#said}`);
    return outcome;
  }
}

function isOutcome(value: unknown): value is Outcome {
  return value instanceof Object && 'told' in value && 'cpuSeconds' in value;
}
