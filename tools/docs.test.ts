/**
 * Goal: the pages that list a closed set list all of it, and nothing else. Method: the sets are
 * read from their sources (proto/codes.ts, proto/sync.proto, the folder), the pages as text.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodes, requestCodes } from '../proto/codes.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

describe('docs/errors.md', () => {
  const numbers = (codes: object): unknown =>
    Object.fromEntries(
      Object.entries(codes).map(([code, { close, http }]) => [
        code,
        close === undefined ? [http] : [close, http],
      ]),
    );

  it('has one row for each error code, with its close code and its HTTP status', () => {
    const row = /^\| `([a-z-]+)` \| (\d+)(?: \| (\d+))? \|/gm;
    const rows = [...read('docs/errors.md').matchAll(row)];
    const documented = rows.map(([, code = '', ...told]) => [
      code,
      told.flatMap((number) => (number === undefined ? [] : [Number(number)])),
    ]);
    expect(Object.fromEntries(documented)).toEqual(numbers({ ...errorCodes, ...requestCodes }));
    expect(rows).toHaveLength(new Set(rows.map(([, code]) => code)).size);
  });
});

describe('docs/architecture.md', () => {
  for (const folder of ['sync', 'text']) {
    it(`tells of every file of engine/${folder}, once`, () => {
      const rows = new RegExp(`^\\| Of \`engine/${folder}/\`.*?\\n\\n`, 'ms');
      const table = rows.exec(read('docs/architecture.md'))?.[0] ?? '';
      const told = [...table.matchAll(/`([a-z-]+\.ts)`/g)].map(([, file]) => file);
      const files = readdirSync(join(import.meta.dirname, '..', 'engine', folder));
      const known = files.filter((file) => /(?<!\.test)\.ts$/.test(file));
      expect(told.toSorted()).toEqual(known.toSorted());
    });
  }
});

describe('docs/protocol.md', () => {
  const lines = read('docs/protocol.md').split('\n');
  const source = read('proto/sync.proto').replaceAll(/\/\/.*$/gm, '');

  /** What the page says of a message: its section, its table, and lines with `Message.field`. */
  function told(message: string): string {
    let end: RegExp | null = null;
    const own = lines.filter((line) => {
      if (line === `## ${message}` || line === `### ${message}`) end = /^##/;
      else if (line.startsWith(`| Field of \`${message}\``)) end = /^$/;
      else if (end?.test(line)) end = null;
      return end !== null || line.includes(`\`${message}\``) || line.includes(`\`${message}.`);
    });
    return own.join('\n');
  }

  for (const [, message = '', body = ''] of source.matchAll(/^message (\w+) \{([^}]*)\}/gm)) {
    it(`tells every field of ${message}`, () => {
      const fields = [...body.matchAll(/(\w+) = \d+/g)].map(([, field = '']) => field);
      const text = told(message);
      expect(text).not.toBe('');
      expect(fields.filter((field) => !new RegExp(`[\`.]${field}\``).test(text))).toEqual([]);
    });
  }
});
