/**
 * Whether this database keeps what it has committed.
 *
 * Three settings decide that an answered commit survives a crash of the server or the machine. They
 * can be changed per server, database, role or connection, so they are read on a connection made
 * like the log's own. Not checked, because nothing in SQL shows it: a disk that reports a flush
 * before it is one.
 */
import type { ClientBase } from 'pg';

export interface DurabilityReport {
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  /** As PostgreSQL names it: on, local, remote_write, remote_apply or off. */
  readonly synchronousCommit: string;
  /** An acknowledged row survives a crash of the server and of the machine. */
  readonly ok: boolean;
  /** What to change, in words; empty when there is nothing to say. */
  readonly advice: string;
}

/** Reads the settings as they apply to `client`. Rejects when the database does not answer. */
export async function readDurability(client: ClientBase): Promise<DurabilityReport> {
  const { rows } = await client.query<[string, string, string, string]>({
    text: `SELECT current_setting('fsync'), current_setting('full_page_writes'),
      current_setting('synchronous_commit'), current_setting('synchronous_standby_names')`,
    rowMode: 'array',
  });
  const [fsync, fullPageWrites, synchronousCommit, standbys] = rows[0] ?? ['', '', '', ''];
  const advice: string[] = [];
  if (fsync !== 'on') {
    advice.push(
      'fsync is off: a crash of the machine loses acknowledged edits or the whole database. ' +
        'Set fsync = on in postgresql.conf and reload.',
    );
  }
  if (fullPageWrites !== 'on') {
    advice.push(
      'full_page_writes is off: a page torn by a crash of the machine cannot be repaired. ' +
        'Set full_page_writes = on in postgresql.conf and reload.',
    );
  }
  if (synchronousCommit === 'off') {
    advice.push(
      'synchronous_commit is off: a crash of the server loses the last acknowledged edits. ' +
        'Set it to on; ALTER ROLE or ALTER DATABASE … RESET synchronous_commit if it was set there.',
    );
  }
  const ok = advice.length === 0;
  if (standbys !== '' && synchronousCommit === 'local') {
    advice.push('Standbys are configured, but synchronous_commit = local does not wait for them.');
  }
  return {
    fsync: fsync === 'on',
    fullPageWrites: fullPageWrites === 'on',
    synchronousCommit: synchronousCommit ?? '',
    ok,
    advice: advice.join(' '),
  };
}
