/**
 * Goal: what a webhook answers is what counts, and whatever else it does is no refusal but trouble.
 * Method: a real HTTP server on this machine.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assert } from '../../engine/assert.ts';
import { webhookCheck } from './webhook-check.ts';

type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => unknown;

const settings = {
  authWebhookTimeoutMs: 20_000,
  authWebhookInFlightMax: 3,
  authTokenAgeMaxSeconds: 60,
};

let answer: Answer;
const questions: unknown[] = [];
const faults: string[] = [];
const server = createServer((request, response) => {
  // One that was given up has no end.
  text(request).then(
    (body) => {
      questions.push(JSON.parse(body));
      answer(response, request, body);
    },
    () => {},
  );
});
let url: URL;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a TCP address');
  url = new URL(`http://127.0.0.1:${address.port}/may?key=1`);
});

beforeEach(() => {
  questions.length = 0;
  faults.length = 0;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const check = (timeoutMs = settings.authWebhookTimeoutMs) =>
  webhookCheck(url, { ...settings, authWebhookTimeoutMs: timeoutMs }, (error) =>
    faults.push(String(error)),
  );

const says =
  (status: number, body: unknown): Answer =>
  (response) =>
    response.writeHead(status).end(JSON.stringify(body));

const ann = { principal: 'ann', rights: ['read', 'write'] };

describe('a webhook', () => {
  it('is asked with document and token, and tells who may do what for how long', async () => {
    answer = says(200, { ...ann, expiresInMs: 5_000 });
    const before = Date.now();
    const verdict = await check()('secret', 'notes');
    expect(questions).toEqual([{ document: 'notes', token: 'secret' }]);
    assert(verdict.type === 'allowed' && verdict.token !== null, 'it is allowed');
    const { principal, rights, token } = verdict;
    expect([principal, [...rights], token.id]).toEqual(['ann', ['read', 'write'], null]);
    expect(token.issuedAtMs).toBeGreaterThanOrEqual(before);
    expect((token.expiresAtMs ?? 0) - token.issuedAtMs).toBe(5_000);
  });

  it('is asked again after some time, and no later than tokens live', async () => {
    answer = says(200, ann);
    const verdict = await check()('secret', 'notes');
    assert(verdict.type === 'allowed' && verdict.token !== null, 'it is allowed');
    expect((verdict.token.expiresAtMs ?? 0) - verdict.token.issuedAtMs).toBe(60_000);
  });

  it.each([
    [401, 'webhook'],
    [403, 'forbidden'],
  ])('refuses with %i', async (status, reason) => {
    answer = says(status, {});
    expect(await check()('secret', 'notes')).toEqual({ type: 'refused', reason });
    expect(faults).toEqual([]);
  });

  const troubles: readonly (readonly [string, Answer])[] = [
    ['another status', says(500, ann)],
    ['a way elsewhere', (response) => response.writeHead(302, { Location: '/other' }).end()],
    ['an answer that is no JSON', (response) => response.end('yes')],
    ['an answer without a principal', says(200, { rights: [] })],
    ['an unknown right', says(200, { ...ann, rights: ['fly'] })],
    ['a huge answer', says(200, { ...ann, more: 'x'.repeat(100_000) })],
    ['no answer', (_response, request) => request.socket.destroy()],
  ];

  it.each(troubles)('that has trouble refuses nobody: %s', async (_, behaviour) => {
    answer = behaviour;
    expect(await check()('secret', 'notes')).toEqual({ type: 'refused', reason: 'unavailable' });
    expect(faults).toHaveLength(1);
    expect(faults[0]).not.toContain('secret');
    expect(questions).toHaveLength(1);
  });

  it('that does not answer in time refuses nobody', async () => {
    answer = () => {};
    expect(await check(20)('secret', 'notes')).toEqual({ type: 'refused', reason: 'unavailable' });
  });

  it('is asked so many questions at a time, and no more', async () => {
    const waiting: ServerResponse[] = [];
    const full = new Promise<void>((resolve) => {
      answer = (response, _request, body) => {
        // Not what the test before gave up, which may still be on its way.
        if (body.includes('"x"') && waiting.push(response) === 3) resolve();
      };
    });
    const asking = check();
    const first = [asking('a', 'x'), asking('b', 'x'), asking('c', 'x')];
    expect(await asking('d', 'x')).toEqual({ type: 'refused', reason: 'unavailable' });
    await full;
    for (const response of waiting) says(200, ann)(response, response.req, '');
    expect((await Promise.all(first)).map(({ type }) => type)).toEqual(Array(3).fill('allowed'));
    answer = says(200, ann);
    expect((await asking('e', 'x')).type).toBe('allowed');
  });
});
