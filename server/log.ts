/**
 * The log: JSON lines on standard error, so that standard output stays for people.
 *
 * Never text of a document, a token or a replica's secret; names of documents and counts may
 * appear.
 */
import { type Logger, pino } from 'pino';
import type { LogEvent } from '../engine/driver/gateway-driver.ts';
import type { Config } from './config.ts';

export type Log = Logger;

/**
 * Written at once, so that the last line before an exit is there. `worker`: which of several
 * processes writes; it stands in each line.
 */
export function createLog(level: Config['logLevel'], worker?: number): Log {
  return pino(
    {
      level,
      base: worker === undefined ? null : { worker },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** A line for what the core reports; `trace`: of the socket that it is about (trace.ts). */
export function logEvent(log: Log, told: LogEvent, trace: string | null): void {
  const { level, event, code, detail, document } = told;
  log[level]({ event, code, document, detail, ...(trace === null ? {} : { trace }) });
}
