/**
 * A failure as one paragraph of plain English, made from its causal slice: who did what, one after
 * the other, and what is wrong with it.
 *
 * A clause for each event, three to a sentence. Timers that only woke somebody are passed over, and
 * of a long tale the beginning and the end are told. An event of a kind that is not known here is
 * told in its own words.
 */
import type { FoundViolation } from '../checks/violation.ts';
import { faultWords } from './fault-words.ts';
import type { TraceEvent } from './trace.ts';

const clausesMax = 12;
/** Of those, from the beginning. */
const clausesFirst = 4;
const clausesPerSentence = 3;
const wordsMax = 60;

/** How lanes are called in a sentence; others by their names. */
const subjects: ReadonlyMap<string, string> = new Map([
  ['log', 'the log'],
  ['bus', 'the bus'],
  ['objects', 'the object store'],
  ['playback', 'somebody who plays back'],
]);

/** What happened, by kind; the event's words come after it. */
const predicates: ReadonlyMap<string, string> = new Map([
  ['starts', 'started'],
  ['edits', 'edited'],
  ['caret', 'moved the caret'],
  ['offline', 'lost the network'],
  ['online', 'had the network again'],
  ['wakes', 'was woken by a timer'],
  ['closes tab', 'was closed without a word'],
  ['reopens', 'was opened again'],
  ['opened', 'saw a connection open'],
  ['receives', 'received'],
  ['closed', 'saw a connection close'],
  ['crashes', 'crashed'],
  ['pauses', 'stood still'],
  ['resumes', 'went on'],
  ['drains', 'drained'],
  ['appends', 'sent an append to the log'],
  ['append settled', 'learnt what became of an append'],
  ['reads', 'asked the log for rows'],
  ['read settled', 'had rows of the log'],
  ['hears', 'heard a row from the bus'],
  ['begins', 'began an append'],
  ['commits', 'committed'],
  ['rejects', 'rejected'],
  ['loses', 'lost'],
  ['connected', 'connected'],
  ['subscribed', 'subscribed'],
  ['asks', 'asked'],
  ['answers', 'got an answer'],
  ['puts', 'stored'],
  ['gets', 'fetched'],
  ['object call', 'called the object store'],
  ['points', 'pointed to a snapshot'],
  ['gives up', 'gave up'],
  ['stops', 'stopped'],
  ['stores', 'kept edits in its local store'],
]);

/** What a fault makes happen at once: telling of the fault tells of it. */
const echoes: ReadonlySet<string> = new Set([
  'crashes',
  'pauses',
  'drains',
  'offline',
  'closes tab',
]);

/** One paragraph. `events` is a causal slice, oldest first. */
export function tellStory(
  events: readonly TraceEvent[],
  violation: Pick<FoundViolation, 'kind' | 'property' | 'message' | 'timeMs'>,
): string {
  const faults = new Set(events.filter(({ kind }) => kind === 'fault').map(({ n }) => n));
  const telling = events.filter(({ kind, cause }) => {
    return kind !== 'wakes' && !(echoes.has(kind) && faults.has(cause));
  });
  const [first, last] = elided(telling.length > 0 ? telling : events, clausesMax, clausesFirst);
  const left = telling.length - first.length - last.length;
  const middle = left > 0 ? [`${left} more ${left === 1 ? 'thing' : 'things'} followed.`] : [];
  return [...sentences(first), ...middle, ...sentences(last), ending(violation)].join(' ');
}

/** The first `head` and the last `max - head` of a list that is longer than `max`. */
export function elided<T>(
  items: readonly T[],
  max: number,
  head: number,
): readonly [readonly T[], readonly T[]] {
  if (items.length <= max) return [items, []];
  return [items.slice(0, head), items.slice(items.length - (max - head))];
}

function sentences(events: readonly TraceEvent[]): string[] {
  const told: string[] = [];
  for (let start = 0; start < events.length; start += clausesPerSentence) {
    const group = events.slice(start, start + clausesPerSentence);
    let nowMs = group[0]?.t ?? 0;
    const clauses = group.map((event, index) => {
      const lateMs = event.t - nowMs;
      nowMs = event.t;
      if (index === 0) return `At ${event.t} ms ${clause(event)}`;
      return lateMs === 0 ? clause(event) : `${lateMs} ms later ${clause(event)}`;
    });
    told.push(`${clauses.join('; ')}.`);
  }
  return told;
}

function clause({ lane, kind, what, detail }: TraceEvent): string {
  const words = cut((detail ?? what).split('\n')[0] ?? '', wordsMax);
  if (lane === 'nemesis') {
    if (kind === 'healing') return 'all faults ended';
    const known = faultWords(what);
    if (known !== null) return known;
    return words === '' ? `there was a ${kind}` : `this went wrong: ${words}`;
  }
  const subject = subjects.get(lane) ?? lane;
  const predicate = predicates.get(kind) ?? `had “${kind}”`;
  return words === '' ? `${subject} ${predicate}` : `${subject} ${predicate} (${words})`;
}

function ending(
  violation: Pick<FoundViolation, 'kind' | 'property' | 'message' | 'timeMs'>,
): string {
  const { kind, property, message, timeMs } = violation;
  const what = (message.split('\n')[0] ?? '').replace(/\.?\s*$/, '');
  switch (kind) {
    case 'safety':
      return `So at ${timeMs} ms ${property} does not hold: ${what}.`;
    case 'liveness':
      return `By ${timeMs} ms what ${property} asks for had not happened: ${what}.`;
    case 'crash':
      return `At ${timeMs} ms the product threw: ${what}.`;
    case 'harness':
      return `At ${timeMs} ms the simulator itself failed: ${what}.`;
  }
}

/** At most `max` units, the last one a mark if there was more. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  // Never half of a surrogate pair.
  const end = /[\uD800-\uDBFF]/.test(text.charAt(max - 2)) ? max - 2 : max - 1;
  return `${text.slice(0, end)}…`;
}
