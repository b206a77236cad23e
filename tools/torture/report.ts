/** What a torture run came to, for machines and for people; and when it counts. */
import type { FoundViolation } from '../../sim/checks/violation.ts';
import { exitCodeOf, harnessFault } from '../../sim/cli/exit-codes.ts';
import type { FaultKind } from './fault-kinds.ts';

export interface Report {
  readonly seed: number;
  /** As asked for. */
  readonly minutes: number;
  /** Units inserted and deleted that are in the log. */
  readonly operations: number;
  /** Injected and healed, by kind. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly violations: number;
  /** Acknowledged operations that the log does not have. */
  readonly lost: number;
  /** Operations that took effect twice. */
  readonly doubled: number;
  /** Longest time in which edits waited and nobody was acknowledged. */
  readonly unavailableMsMax: number;
  /** Kinds that this machine does not allow, with the reason. */
  readonly missing: Readonly<Partial<Record<FaultKind, string>>>;
  readonly planted: string | null;
  readonly nodes: number;
  readonly clients: number;
  readonly documents: number;
  readonly edits: number;
  readonly rows: number;
  /** Phases of faults, each followed by a calm one. */
  readonly rounds: number;
  /** Longest time from the last fault's end until everybody was connected. */
  readonly reconnectMsMax: number;
  /** Longest time from then until everybody was equal. */
  readonly calmMsMax: number;
  /** Times that a node said that PostgreSQL's disk is full. */
  readonly diskFullFelt: number;
  /** How often each property was put to the test. */
  readonly checked: Readonly<Record<string, number>>;
  readonly found: FoundViolation | null;
  readonly seconds: number;
}

/** What a run of ten minutes and more has to come to; a shorter one in proportion. */
const wholeMinutes = 10;
const operationsMin = 1_000;
const faultsMin = 5;

/** Why the run does not count; empty if it does. */
export function shortcomings(report: Report, kinds: readonly FaultKind[]): string[] {
  const share = Math.min(1, report.minutes / wholeMinutes);
  const least = Math.floor(operationsMin * share);
  const few = report.operations < least ? [`${report.operations} operations, not ${least}`] : [];
  const each = Math.floor(faultsMin * share);
  return [
    ...few,
    ...kinds.flatMap((kind) => {
      const count = report.faults[kind] ?? 0;
      if (count >= each) return [];
      const why = report.missing[kind];
      return [`${kind} ${count} times, not ${each}${why === undefined ? '' : `: ${why}`}`];
    }),
  ];
}

/** As of the simulator: what was found decides, then whether the run counts. */
export function exitCode(report: Report, missing: readonly string[]): number {
  if (report.found !== null) return exitCodeOf(report.found);
  return missing.length === 0 ? 0 : harnessFault;
}

/** What was found, and where to look; `place`: of the recorded history. */
export function failureLines(report: Report, found: FoundViolation, place: string): string[] {
  const { seed, minutes, planted } = report;
  const plant = planted === null ? '' : ` --plant ${planted}`;
  return [
    `FAIL ${found.property} (${found.kind})  t=${found.timeMs / 1000} s, after ${found.event} rounds`,
    `  ${found.message}`,
    ...(found.about.length === 0 ? [] : [`  about: ${found.about.join(', ')}`]),
    `  kept: ${place}`,
    `  again: npm run torture -- --minutes ${minutes} --seed ${seed}${plant}`,
    '  The same faults and typing are planned then; real time makes it another run all the same.',
  ];
}

export function tableOf(report: Report): string {
  const { faults, checked, found } = report;
  const total = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const lines = {
    seed: String(report.seed),
    cluster: `${report.nodes} nodes, ${report.clients} clients, ${report.documents} documents`,
    operations: `${report.operations} in ${report.edits} edits and ${report.rows} rows`,
    faults: `${total} in ${report.rounds} rounds: ${counts(faults)}`,
    ...Object.fromEntries(Object.entries(report.missing).map(([kind, why]) => [kind, why])),
    violations: found === null ? '0' : `${found.property}: ${found.message}`,
    lost: `${report.lost} acknowledged operations`,
    doubled: `${report.doubled} operations`,
    unavailable: `${report.unavailableMsMax} ms at most`,
    calm: `connected after ${report.reconnectMsMax} ms, equal ${report.calmMsMax} ms later at most`,
    checked: counts(checked),
    time: `${report.seconds} s`,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name.padEnd(14)}${value}`)
    .join('\n');
}
