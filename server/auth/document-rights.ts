/**
 * The rights that a claim gives to one document.
 *
 *   { "documents": { "team-a.*": ["read", "write"], "*": ["read"] } }
 *
 * A pattern is the name of a document in which `*` stands for any characters, also none. The rights
 * of all patterns that fit add up: no pattern takes away what another gives, so that their order
 * and their length do not matter. `admin` contains the others; else no right contains another.
 */
import { z } from 'zod';
import { type Right, rightNames } from './verdict.ts';

const pattern = z.string().regex(/^[A-Za-z0-9._~*-]{1,200}$/);

const claim = z.strictObject({ documents: z.record(pattern, z.array(z.enum(rightNames))) });

/** null: the claim has another form. A claim that is absent gives nothing. */
export function rightsTo(document: string, value: unknown): ReadonlySet<Right> | null {
  if (value === undefined) return new Set();
  const parsed = claim.safeParse(value);
  if (!parsed.success) return null;
  const given = Object.entries(parsed.data.documents)
    .filter(([wanted]) => fits(wanted, document))
    .flatMap(([, rights]) => rights);
  return withAdmin(given);
}

/** The rights, and those that they contain. */
export function withAdmin(rights: readonly Right[]): ReadonlySet<Right> {
  return new Set(rights.includes('admin') ? rightNames : rights);
}

/** In time proportional to the lengths' product, whatever the pattern. */
export function fits(wanted: string, document: string): boolean {
  const [head = '', ...pieces] = wanted.split('*');
  const tail = pieces.pop();
  if (tail === undefined) return wanted === document;
  if (!document.startsWith(head)) return false;
  let at = head.length;
  for (const piece of pieces) {
    // The first place is as good as any: the more is left for the pieces behind it.
    const found = document.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return document.length - tail.length >= at && document.endsWith(tail);
}
