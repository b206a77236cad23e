/**
 * A moment as somebody writes it in an address: `now`, an RFC 3339 time, milliseconds since 1970,
 * `lsn:N` or `version:NAME`.
 *
 * Rows have whole milliseconds, so a finer time means the millisecond that it lies in. A `+` that
 * was not encoded arrives as a space and is taken for what was meant.
 */
import { z } from 'zod';
import type { Moment } from '../../engine/sync/playback.ts';

/** What the log can be asked for. */
export type PastMoment = Moment | { readonly type: 'now' };

export type AskedMoment = PastMoment | { readonly type: 'version'; readonly name: string };

export const versionNameMax = 100;

/** The last that a Date can hold. */
const atMax = 8_640_000_000_000_000;

const rfc3339 = z.iso.datetime({ offset: true });

/** null: it is none. */
export function readMoment(text: string): AskedMoment | null {
  if (text === 'now') return { type: 'now' };
  const [, kind, value = ''] = /^(lsn|version):(.*)$/s.exec(text) ?? [];
  if (kind === 'lsn') return readLsn(value);
  if (kind === 'version') return readVersion(value);
  return readTime(text);
}

/** Milliseconds since 1970 or RFC 3339. */
export function readTime(text: string): AskedMoment | null {
  const at = integerOf(text);
  if (at !== null) return at <= atMax ? { type: 'time', at } : null;
  const written = text.replace(' ', '+').toUpperCase();
  const parsed = rfc3339.safeParse(written).success ? Math.floor(Date.parse(written)) : -1;
  return parsed >= 0 ? { type: 'time', at: parsed } : null;
}

export function readLsn(text: string): AskedMoment | null {
  const lsn = integerOf(text);
  return lsn === null ? null : { type: 'lsn', lsn };
}

export function readVersion(name: string): AskedMoment | null {
  return name === '' || name.length > versionNameMax ? null : { type: 'version', name };
}

/** As `readMoment` reads it. */
export function momentText(moment: AskedMoment): string {
  switch (moment.type) {
    case 'now':
      return 'now';
    case 'lsn':
      return `lsn:${moment.lsn}`;
    case 'time':
      return String(moment.at);
    case 'version':
      return `version:${moment.name}`;
  }
}

function integerOf(text: string): number | null {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : -1;
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}
