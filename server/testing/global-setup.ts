/**
 * Once per vitest run of the integration project: starts what all its test files share and hands
 * the addresses to them by `inject`.
 */
import type { TestProject } from 'vitest/node';
import { startBackingPostgres } from './backing-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's address, or why there is none. */
    postgres: { readonly url: string } | { readonly reason: string };
  }
}

/** Vitest calls it before the first test file, and what it returns after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startBackingPostgres();
  const { type } = postgres;
  project.provide('postgres', type === 'running' ? { url: postgres.url } : postgres);
  return async () => {
    if (type === 'running') await postgres.stop();
  };
}
