/**
 * A run written by hand, small and true to life: a node tells a client that its edit is durable
 * before the log has it, then dies; who opens the document afterwards does not find the edit.
 */
import { defaultLimits } from '../../../engine/limits.ts';
import { calm } from '../../scenario/faults.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { TraceEvent } from '../../trace/trace.ts';
import type { TraceFile } from '../../trace/trace-file.ts';

const scenario: Scenario = {
  seed: 617,
  nodes: ['n0'],
  clients: [
    { name: 'c0', document: 'doc0' },
    { name: 'c1', document: 'doc0' },
  ],
  durationMs: 1_500,
  limits: { ...defaultLimits, windowOperations: 3, roomIdleMs: 40 },
  settings: {
    backoffMinMs: 20,
    backoffMaxMs: 400,
    heartbeatMs: 1_000,
    presenceMs: 20,
    frameOperationsMax: 20,
    localStore: false,
  },
  snapshotRows: 20,
  rates: { ...calm, latencyMaxMs: 40, slowPerMillion: 20_000, slowFactor: 8 },
  faults: [
    { type: 'stall', atMs: 210, forMs: 300, client: 'c1', direction: 'down' },
    { type: 'crash', atMs: 640, forMs: 200, node: 'n0', whileAppending: true },
  ],
  intents: [
    {
      atMs: 120,
      client: 'c0',
      action: { type: 'type', text: 'Hello\n', backward: false },
    },
  ],
  questions: [],
};

type Told = readonly [
  t: number,
  lane: string,
  kind: string,
  cause: number,
  what: string,
  more?: Pick<TraceEvent, 'detail' | 'text' | 'until' | 'lanes'>,
];

const first = 'Hello 😀\n';
const second = 'Hello 😀\nworld';
const told: readonly Told[] = [
  [0, 'n0', 'starts', 0, 'life 1'],
  [0, 'c0', 'starts', 0, ''],
  [0, 'c1', 'starts', 0, ''],
  [4, 'n0', 'opened', 2, 'c0#1'],
  [6, 'n0', 'opened', 3, 'c1#1'],
  [9, 'c0', 'opened', 4, 'n0'],
  [13, 'c1', 'opened', 5, 'n0'],
  [17, 'n0', 'receives', 6, 'c0#1 31B 7f3a', { detail: 'hello from the start' }],
  [19, 'log', 'reads', 8, 'doc0 after 0'],
  [22, 'n0', 'receives', 7, 'c1#1 31B 91bc', { detail: 'hello from the start' }],
  [23, 'n0', 'read settled', 9, 'doc0 0 rows'],
  [30, 'c0', 'receives', 11, 'n0 24B 02d1', { detail: 'welcome at 0 of 0 by rows', text: '' }],
  [34, 'c1', 'receives', 11, 'n0 24B 02d1', { detail: 'welcome at 0 of 0 by rows', text: '' }],
  [120, 'c0', 'edits', 12, '0-0+"Hello 😀\\n"', { text: first }],
  [131, 'n0', 'receives', 14, 'c0#1 46B a05c', { detail: 'edit 1+8' }],
  [133, 'log', 'begins', 15, 'doc0 1 52B'],
  [135, 'log', 'commits', 16, 'doc0 1 committed at lsn 1'],
  [137, 'n0', 'append settled', 17, 'append 1 committed'],
  [137, 'bus', 'hears', 18, 'doc0 60B 5ce0'],
  [150, 'c0', 'receives', 18, 'n0 18B 6e10', { detail: 'ack 8' }],
  [152, 'c1', 'receives', 18, 'n0 58B 44aa', { detail: '1 rows', text: first }],
  [
    210,
    'nemesis',
    'fault',
    0,
    'stall c1 down for 300',
    { until: 510, lanes: ['c1'], detail: 'nothing arrives from n0' },
  ],
  [400, 'c1', 'caret', 21, '8 8'],
  [411, 'n0', 'receives', 23, 'c1#1 14B 0c11', { detail: 'presence' }],
  [510, 'c0', 'caret', 20, '8 8'],
  [620, 'c0', 'edits', 20, '8-0+"world"', { text: second }],
  [633, 'n0', 'receives', 26, 'c0#1 44B b8f2', { detail: 'edit 9+5' }],
  [634, 'log', 'begins', 27, 'doc0 2 49B'],
  [639, 'c0', 'receives', 27, 'n0 18B 6e11', { detail: 'ack 13' }],
  [
    640,
    'nemesis',
    'fault',
    0,
    'crash n0 for 200, while it appends',
    { until: 840, lanes: ['n0', 'log'] },
  ],
  [640, 'n0', 'crashes', 30, 'life 1'],
  [641, 'log', 'loses', 28, 'doc0 2 never begun'],
  [655, 'c0', 'closed', 31, 'n0 1006'],
  [840, 'n0', 'starts', 30, 'life 2'],
  [1_500, 'nemesis', 'healing', 0, ''],
  [1_503, 'n0', 'opened', 35, 'new n0 doc0#1'],
  [1_509, 'new n0 doc0', 'opened', 36, 'n0'],
  [1_514, 'n0', 'receives', 37, 'new n0 doc0#1 31B 7f3a', { detail: 'hello from the start' }],
  [1_517, 'log', 'reads', 38, 'doc0 after 0'],
  [1_519, 'n0', 'read settled', 39, 'doc0 1 rows'],
  [
    1_526,
    'new n0 doc0',
    'receives',
    40,
    'n0 61B 77d0',
    { detail: 'welcome at 1 of 1 by rows', text: first },
  ],
  [1_526, 'new n0 doc0', 'wakes', 41, 'doc0 at lsn 1'],
];

const events = told.map(([t, lane, kind, cause, what, more], index): TraceEvent => {
  return { n: index + 1, t, lane, kind, cause, what, ...more };
});

/** 42 events; the ack is event 29, the violation is found during the last one. */
export const sampleTrace: TraceFile = {
  header: {
    format: 1,
    seed: 617,
    commit: '99e9e69c0ffee0123456789abcdef0123456789a',
    lanes: ['c0', 'c1', 'n0', 'log', 'bus', 'objects', 'playback'],
    scenario,
  },
  events,
  footer: {
    verdict: 'failed',
    violation: {
      kind: 'safety',
      property: 'S3',
      message:
        'c0 was told that operation 13 is durable, but the log of doc0 has it to 8\n' +
        `acknowledged ${JSON.stringify(second)}\nin the log   ${JSON.stringify(first)}`,
      about: ['c0', 'doc0'],
      event: 42,
      timeMs: 1_526,
    },
    traceHash: '5d1f09ac77e0b3c2',
    checkpoints: [],
    events: events.length,
    sometimes: { 'a node died while it appended': 1, 'a stalled client caught up': 1 },
  },
};

/** The same without a violation: what a run that passed looks like. */
export const passedTrace: TraceFile = {
  ...sampleTrace,
  footer: { ...sampleTrace.footer, verdict: 'passed', violation: null },
};

/** A run of `count` events in which twelve lanes are busy: only its size matters. */
export function longTrace(count: number): TraceFile {
  const lanes = ['c0', 'c1', 'c2', 'c3', 'n0', 'n1', 'n2', 'log', 'bus', 'objects', 'playback'];
  const kinds = [
    'receives',
    'receives',
    'receives',
    'edits',
    'begins',
    'commits',
    'wakes',
    'caret',
  ];
  const long = Array.from({ length: count }, (_, index): TraceEvent => {
    const n = index + 1;
    const lane = lanes[(index * 7 + (index >> 3)) % lanes.length] ?? 'c0';
    const kind = kinds[(index * 5 + (index >> 2)) % kinds.length] ?? 'receives';
    const common = { n, t: index + (index >> 5) * 40, lane, kind, what: `${lane} ${n * 13}B` };
    const cause = Math.max(0, n - 1 - ((index * 11) % 9));
    if (n % 500 === 250) {
      const fault = { until: common.t + 300, lanes: ['c1', 'n1'], what: 'stall c1 up for 300' };
      return { ...common, lane: 'nemesis', kind: 'fault', cause: 0, ...fault };
    }
    return { ...common, cause, ...(lane.startsWith('c') ? { text: `${n} of ${lane}\n` } : {}) };
  });
  const violation = {
    kind: 'safety',
    property: 'S1',
    message: 'c0 and c1 differ',
    about: ['c0', 'c1'],
    event: Math.max(1, count - 100),
    timeMs: long[count - 101]?.t ?? 0,
  } as const;
  return {
    header: { ...sampleTrace.header, lanes },
    events: long,
    footer: { ...sampleTrace.footer, violation, events: count },
  };
}
