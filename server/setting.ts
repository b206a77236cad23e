/** What a setting is: which values it takes, in a schema and in words, and what it means. */
import { z } from 'zod';

/** A kind of value: how it is read, and how that is told. */
export interface Kind<T> {
  readonly type: string;
  readonly schema: z.ZodType<T, string>;
}

interface Told {
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

/** What is told of each setting. */
export const told = z.registry<Told>();

export const text: Kind<string> = { type: 'text', schema: z.string().regex(/^\S.*$/s) };

/** One line of the table: `byDefault` is what counts when nothing is set. */
export function setting<T>(kind: Kind<T>, byDefault: string | number, description: string) {
  const asText = String(byDefault);
  return kind.schema
    .prefault(asText)
    .register(told, { type: kind.type, default: asText, description });
}

/** A text like this, or none. */
export function optional(type: string, isLike: (value: string) => boolean): Kind<string | null> {
  const schema = z
    .string()
    .refine((value) => value === '' || isLike(value))
    .transform((value) => (value === '' ? null : value));
  return { type, schema };
}

export function integer(min: number, max: number): Kind<number> {
  return {
    type: `integer ${min} … ${max}`,
    schema: z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(min).max(max)),
  };
}
