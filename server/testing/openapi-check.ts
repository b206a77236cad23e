/**
 * Whether answers are what an OpenAPI 3.1 document says: status, type, headers and body. Stricter
 * than the document, so that nothing is left untold: no object has a field that is not described.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';

const header = z.object({ required: z.boolean().optional() });

const response = z.object({
  headers: z.record(z.string(), header).optional(),
  content: z.record(z.string(), z.object({ schema: z.unknown() })).optional(),
});

const operation = z.object({ responses: z.record(z.string(), response) });

const openApi = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), operation)),
});

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Unpacked. */
  readonly bytes: Uint8Array;
  /** The same as text. */
  readonly body: string;
}

export class OpenApiCheck {
  readonly #paths: z.output<typeof openApi>['paths'];
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  /** Throws unless it is a document of OpenAPI 3.1. */
  constructor(document: unknown) {
    this.#paths = openApi.parse(document).paths;
    addFormats.default(this.#ajv);
    const strict: unknown = JSON.parse(JSON.stringify(document), closeObject);
    this.#ajv.addSchema(z.record(z.string(), z.unknown()).parse(strict), 'api');
  }

  /** Whether the path answers to this method. */
  tells(method: string, path: string): boolean {
    const template = this.#templateOf(path);
    return template !== undefined && this.#paths[template]?.[method.toLowerCase()] !== undefined;
  }

  /** What is wrong with the answer to this method and path; empty = nothing. */
  problemsOf(method: string, path: string, answer: Answer): string[] {
    const verb = method.toLowerCase();
    const template = this.#templateOf(path);
    const told = template && this.#paths[template]?.[verb]?.responses[String(answer.status)];
    if (template === undefined || told === undefined || told === '') {
      return [`${answer.status} of ${method} ${path} is not described`];
    }
    const at = `/paths/${pointerPart(template)}/${verb}/responses/${answer.status}`;
    const problems: string[] = [];
    for (const [name, { required }] of Object.entries(told.headers ?? {})) {
      const value = answer.headers.get(name);
      if (value === null && required === true) problems.push(`no header ${name}`);
      if (value !== null) {
        problems.push(...this.#violations(`${at}/headers/${pointerPart(name)}/schema`, value));
      }
    }
    const type = answer.headers.get('Content-Type')?.split(';')[0] ?? '';
    if (told.content === undefined) {
      return answer.body === '' ? problems : [...problems, 'a body that is not described'];
    }
    if (!(type in told.content)) return [...problems, `type ${type} is not described`];
    for (const value of valuesOf(type, answer.body)) {
      problems.push(...this.#violations(`${at}/content/${pointerPart(type)}/schema`, value));
    }
    return problems;
  }

  /** Of the schema at this place. */
  #templateOf(path: string): string | undefined {
    return Object.keys(this.#paths).find((known) => fits(known, path));
  }

  #violations(pointer: string, value: unknown): string[] {
    const validate = this.#ajv.getSchema(`api#${pointer}`);
    if (validate === undefined) return [`no schema at ${pointer}`];
    if (validate(value) === true) return [];
    return [`${pointer}: ${this.#ajv.errorsText(validate.errors)}`];
  }
}

/** The values that the schema is of: of NDJSON each line. */
function valuesOf(type: string, body: string): unknown[] {
  if (!type.endsWith('json')) return [body];
  if (type !== 'application/x-ndjson') return [JSON.parse(body)];
  return body.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

/** A reviver: an object that tells its properties has no others. */
function closeObject(_key: string, value: unknown): unknown {
  const isSchema = typeof value === 'object' && value !== null && 'properties' in value;
  return isSchema ? { additionalProperties: false, ...value } : value;
}

function fits(template: string, path: string): boolean {
  const source = template.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${source}$`).test(path);
}

/** For a JSON pointer in a fragment. */
function pointerPart(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
