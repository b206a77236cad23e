/** Suites that need PostgreSQL: skipped without it, with a title that says why. */
import { describe, inject } from 'vitest';
import { findPostgresBinaries } from '../postgres/postgres-binaries.ts';

/** A suite on the server that the run shares (global-setup.ts). */
export function describeWithPostgres(title: string, body: (serverUrl: string) => void): void {
  const postgres = inject('postgres');
  if ('url' in postgres) describe(title, () => body(postgres.url));
  else skip(title, postgres.reason);
}

/** A suite that starts servers of its own, whatever the run shares. */
export async function describeWithBinaries(title: string, body: () => void): Promise<void> {
  const binaries = await findPostgresBinaries();
  if (binaries.length > 0) describe(title, body);
  else skip(title, 'no PostgreSQL binaries found');
}

function skip(title: string, reason: string): void {
  if (process.env.REQUIRE_POSTGRES === '1') throw new Error(`REQUIRE_POSTGRES=1, but ${reason}`);
  describe.skipIf(true)(`${title} (skipped: ${reason})`, () => {});
}
