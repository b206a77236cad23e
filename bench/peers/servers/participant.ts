/** A client of any product in this process: a socket with a talker. */
import type { Dialect, Seat, Talker } from '../../server/dialect.ts';
import { RawSocket } from '../../server/raw-socket.ts';
import type { ReadingDialect } from './survey.ts';

export interface Participant {
  readonly author: number;
  readonly talker: Talker;
  readonly socket: RawSocket;
  /** Resolves with the reason when the server has ended the connection. */
  readonly lost: Promise<string>;
}

export interface ParticipantOptions {
  readonly dialect: Dialect;
  readonly baseUrl: string;
  readonly document: string;
  readonly author: number;
  readonly onDelivered?: (author: number, seq: number) => void;
  readonly onAcked?: (seq: number) => void;
}

/** Resolves when it has joined; rejects when it cannot. */
export function join(options: ParticipantOptions): Promise<Participant> {
  const { dialect, baseUrl, document, author } = options;
  return new Promise((resolve, reject) => {
    const lost = new Promise<string>((resolveLost) => {
      const seat: Seat = {
        author,
        document,
        send: (message) => socket.send(message),
        ready: () => {
          const { heartbeatMs } = dialect;
          // A socket that has ended sends nothing any more.
          if (heartbeatMs !== null) setInterval(() => talker.heartbeat(), heartbeatMs).unref();
          resolve({ author, talker, socket, lost });
        },
        delivered: (other, seq) => options.onDelivered?.(other, seq),
        acked: (seq) => options.onAcked?.(seq),
        failed: (why) => reject(new Error(why)),
      };
      const talker = dialect.open(seat);
      const socket = new RawSocket(dialect.address(baseUrl, document), {
        opened: () => talker.opened(),
        message: (bytes, isText) => talker.received(bytes, isText),
        lost: (why) => {
          resolveLost(why);
          reject(new Error(why));
        },
      });
    });
  });
}

export interface Found {
  /** By author: whether it has edit number `index`, from 1. */
  readonly edits: ReadonlyMap<number, readonly boolean[]>;
  readonly count: number;
  readonly bytes: number;
  /** From the start of the connection to the last edit that came, ms. */
  readonly ms: number;
}

export interface ReadOptions {
  readonly dialect: ReadingDialect;
  readonly baseUrl: string;
  readonly document: string;
  /** Ends when everything is there that has to be; */
  readonly isWhole: (edits: Found['edits']) => boolean;
  /** or when nothing came for so long, since some servers tell of a document in pieces; */
  readonly quietMs: number;
  /** or after so long. */
  readonly patienceMs: number;
}

/** No author of a run has it. */
const readingAuthor = 2_000_000_000;

/** Opens a document with a client that knows nothing of it. */
export async function readDocument(options: ReadOptions): Promise<Found> {
  const { dialect, baseUrl, document, isWhole, quietMs, patienceMs } = options;
  const startMs = performance.now();
  const edits = new Map<number, boolean[]>();
  const found = { count: 0, bytes: 0, ms: 0 };
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(patience);
      clearTimeout(quiet);
      socket.end();
      resolve();
    };
    let quiet: NodeJS.Timeout | undefined;
    let isReady = false;
    const check = (): void => {
      clearTimeout(quiet);
      if (isReady && isWhole(edits)) end();
      else if (isReady) quiet = setTimeout(end, quietMs);
    };
    const patience = setTimeout(end, patienceMs);
    const onRun = (author: number, seq: number, count: number): void => {
      const has = edits.get(author) ?? [];
      edits.set(author, has);
      for (let index = seq; index < seq + count; index++) {
        if (has[index] === true) continue;
        has[index] = true;
        found.count++;
        found.ms = performance.now() - startMs;
      }
    };
    const seat: Seat = {
      ...{ author: readingAuthor, document },
      send: (message) => socket.send(message),
      ready: () => {
        isReady = true;
      },
      delivered: (author, seq) => onRun(author, seq, 1),
      acked: () => {},
      failed: end,
    };
    const talker = dialect.openToRead(seat, onRun);
    const socket = new RawSocket(dialect.address(baseUrl, document), {
      opened: () => talker.opened(),
      message: (bytes, isText, wireBytes) => {
        found.bytes += wireBytes;
        talker.received(bytes, isText);
        check();
      },
      lost: end,
    });
  });
  return { edits, ...found };
}
