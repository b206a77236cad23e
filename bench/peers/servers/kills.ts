/**
 * What SIGKILL costs: several clients type at a known rate, the server is killed at a random moment
 * and started again on what it stored, and fresh clients open every document. Whatever an author
 * had seen acknowledged, or another client had received, has to be there.
 *
 * What came out of the dead server's sockets still counts: a moment is only taken as the end when
 * all connections have ended.
 */
import { setTimeout as later } from 'node:timers/promises';
import { must } from '../../../engine/assert.ts';
import type { Random } from '../../../engine/random.ts';
import type { ServerChild } from '../../server/server-child.ts';
import type { Entrant } from './entrants.ts';
import { type Found, join, type Participant, readDocument } from './participant.ts';
import type { ReadingDialect } from './survey.ts';

export interface KillOptions {
  readonly documents: number;
  readonly authors: number;
  /** Of all authors together. */
  readonly editsPerSecond: number;
  /** The moment of the kill, after typing began: between these. */
  readonly afterMs: { readonly min: number; readonly max: number };
}

export interface KillOutcome {
  /** When it was killed, after typing began. */
  readonly afterMs: number;
  readonly typed: number;
  /** Acknowledged to their author, or received by another client. */
  readonly known: number;
  readonly acknowledged: number;
  /** Known, and gone. */
  readonly lost: number;
  /** Of them, those that were acknowledged. */
  readonly lostAcknowledged: number;
  readonly restartMs: number;
}

const stepMs = 10;
const quietMs = 5_000;
const patienceMs = 30_000;

/** What is known of the edits of one author. */
interface Track {
  readonly document: string;
  typed: number;
  acked: number;
  /** By number: somebody else has it. */
  readonly seen: boolean[];
}

/** Kills the server once. It runs again afterwards, perhaps on another address. */
export async function killOnce(
  { dialect }: Pick<Entrant, 'dialect'>,
  child: ServerChild,
  options: KillOptions & { readonly prefix: string; readonly random: Random },
): Promise<KillOutcome> {
  const { documents, authors, afterMs, prefix, random } = options;
  const names = Array.from({ length: documents }, (_, index) => `${prefix}-${index}`);
  const tracks = names.flatMap((document) =>
    Array.from({ length: authors }, (): Track => ({ document, typed: 0, acked: 0, seen: [] })),
  );
  const participants = await Promise.all(
    tracks.map((track, index) =>
      join({
        ...{ dialect, baseUrl: addressOf(child), document: track.document, author: index + 1 },
        onAcked: (seq) => {
          track.acked = Math.max(track.acked, seq);
        },
        onDelivered: (author, seq) => {
          must(tracks[author - 1], 'an author of this run').seen[seq] = true;
        },
      }),
    ),
  );
  const moment = random.between(afterMs.min, afterMs.max);
  const clock = startTyping(participants, tracks, options);
  await later(moment);
  await child.kill('SIGKILL');
  clearInterval(clock);
  await Promise.all(participants.map(({ lost }) => lost));
  const startMs = performance.now();
  await child.start();
  const restartMs = performance.now() - startMs;
  const found = await Promise.all(names.map((name) => read(dialect, child, name, tracks)));
  const outcome = { afterMs: moment, typed: 0, known: 0, acknowledged: 0, restartMs };
  const gone = { lost: 0, lostAcknowledged: 0 };
  for (const [index, track] of tracks.entries()) {
    const { edits } = must(found[names.indexOf(track.document)], 'what is in the document');
    outcome.typed += track.typed;
    outcome.acknowledged += track.acked;
    outcome.known += knownOf(track).length;
    const missing = missingOf(track, edits.get(index + 1));
    gone.lost += missing.length;
    gone.lostAcknowledged += missing.filter((seq) => seq <= track.acked).length;
  }
  return { ...outcome, ...gone };
}

/** All authors in turn. Returns the timer. */
function startTyping(
  participants: readonly Participant[],
  tracks: readonly Track[],
  { editsPerSecond }: KillOptions,
): NodeJS.Timeout {
  const startMs = performance.now();
  let typed = 0;
  return setInterval(() => {
    const due = ((performance.now() - startMs) / 1_000) * editsPerSecond;
    for (; typed < due; typed++) {
      const index = typed % tracks.length;
      const track = must(tracks[index], 'an author');
      track.typed = must(participants[index], 'an author').talker.type();
    }
  }, stepMs);
}

/** What is in a document now. */
function read(
  dialect: ReadingDialect,
  child: ServerChild,
  document: string,
  tracks: readonly Track[],
): Promise<Found> {
  const isWhole = (edits: Found['edits']): boolean =>
    tracks.every(
      (track, index) =>
        track.document !== document || missingOf(track, edits.get(index + 1)).length === 0,
    );
  const baseUrl = addressOf(child);
  return readDocument({ dialect, baseUrl, document, isWhole, quietMs, patienceMs });
}

/** Numbers of the edits that somebody may rely on. */
function knownOf({ typed, acked, seen }: Track): number[] {
  const numbers = Array.from({ length: typed }, (_, index) => index + 1);
  return numbers.filter((seq) => seq <= acked || seen[seq] === true);
}

function missingOf(track: Track, has: readonly boolean[] = []): number[] {
  return knownOf(track).filter((seq) => has[seq] !== true);
}

function addressOf({ port }: ServerChild): string {
  return `ws://127.0.0.1:${port}`;
}
