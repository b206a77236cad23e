/**
 * By what the log lines of one request or one socket are found: the trace id of its `traceparent`
 * header (W3C Trace Context), so that they stand beside those of the proxy and the page; without a
 * valid one a random id of the same form.
 */
import { randomUUID } from 'node:crypto';

/** version, trace id, parent id, flags; later versions may go on after another hyphen. */
const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** 32 hexadecimal digits. `traceparent`: the header as it came. */
export function traceIdOf(traceparent: string | readonly string[] | undefined): string {
  return givenTraceId(traceparent) ?? randomUUID().replaceAll('-', '');
}

function givenTraceId(traceparent: string | readonly string[] | undefined): string | null {
  if (typeof traceparent !== 'string') return null;
  const [, version = '', trace = '', parent = '', more] = form.exec(traceparent) ?? [];
  if (version === '' || version === 'ff' || (version === '00' && more !== undefined)) return null;
  return /^0*$/.test(trace) || /^0*$/.test(parent) ? null : trace;
}
