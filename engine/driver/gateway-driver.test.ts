/**
 * The driver between bytes and the core: what cannot be decoded gets its code, and nothing else
 * happens.
 */
import { expect, it } from 'vitest';
import { encodeClientFrame } from '../../proto/client-frame.ts';
import { decodeServerFrame } from '../../proto/server-frame.ts';
import type { ConnId } from '../ids.ts';
import { defaultLimits } from '../limits.ts';
import { Gateway } from '../sync/gateway.ts';
import { GatewayDriver } from './gateway-driver.ts';

/** A driver with one open socket; returns what the socket is told when it receives `bytes`. */
function answerTo(bytes: Uint8Array): { readonly errors: unknown[]; readonly close: number[] } {
  const errors: unknown[] = [];
  const close: number[] = [];
  const nothing = (): void => {};
  const driver = new GatewayDriver({
    core: new Gateway({ seed: 1, limits: defaultLimits, isAlone: true }),
    ports: {
      clock: { now: () => ({ monoMs: 0, wallMs: 0 }), wakeAt: nothing },
      transport: {
        send: (_, frame) => errors.push(decodeServerFrame(frame).error?.code),
        ...{ notifyDrained: nothing, admit: nothing, pause: nothing, resume: nothing },
        close: (_, code) => close.push(code),
      },
      log: { append: nothing, read: nothing, heads: nothing },
      snapshots: { load: nothing, make: nothing },
      bus: { publish: nothing, publishPresence: nothing, subscribe: nothing, unsubscribe: nothing },
      auth: { decide: nothing },
    },
    onLog: nothing,
    onDrained: nothing,
  });
  const conn = 1 as ConnId;
  driver.opened(conn);
  driver.received(conn, bytes);
  return { errors, close };
}

const hello = {
  type: 'hello',
  protocol: 1,
  document: 'notes',
  replica: 7,
  secret: new Uint8Array(16),
  token: '',
  cursor: null,
  thin: false,
  whole: false,
  settled: 0,
} as const;
const frame = encodeClientFrame({ channel: 0, body: hello });

it('a hello is heard', () => {
  expect(answerTo(frame)).toEqual({ errors: [], close: [] });
});

it('a truncated frame is a bad frame', () => {
  const answer = answerTo(frame.subarray(0, frame.length - 1));
  expect(answer).toEqual({ errors: ['bad-frame'], close: [4400] });
});

it('a document name that is not well-formed has its own code', () => {
  const at = frame.indexOf('n'.charCodeAt(0));
  const bytes = frame.slice();
  bytes[at] = '/'.charCodeAt(0);
  expect(answerTo(bytes)).toEqual({ errors: ['bad-document'], close: [4404] });
});

it('a frame over the size limit is refused unread', () => {
  const answer = answerTo(new Uint8Array(2 ** 20 + 1));
  expect(answer).toEqual({ errors: ['too-large'], close: [4413] });
});
