/**
 * Goal: an address that is set is used or is an error, never passed over; what is missing is told
 * with every reason, and is a failure for who requires it. Method: a ladder of made-up rungs,
 * without the one of containers, which is not made up (`npm run test:containers`).
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Ladder, startBackingService } from './backing-service.ts';

describe('the ladder', () => {
  let reached: string[];
  let own: string | null;

  beforeEach(() => {
    reached = [];
    own = null;
  });

  const climb = (env: NodeJS.ProcessEnv) => {
    const ladder: Ladder = {
      ...{ service: 'Thing', addressVariable: 'THING_URL', requireVariable: 'REQUIRE_THING' },
      reach(url) {
        reached.push(url);
        return url.includes('down') ? Promise.reject(new Error('nobody')) : Promise.resolve();
      },
      container: null,
      own: () =>
        Promise.resolve(
          own ?? { type: 'running', rung: 'own', url: 'thing://own', stop: async () => {} },
        ),
    };
    return startBackingService(ladder, env);
  };

  it('takes the address that is set, once it has answered', async () => {
    const url = 'thing://me:secret@up/';
    expect(await climb({ THING_URL: url })).toMatchObject({ rung: 'THING_URL', url });
    expect(reached).toEqual([url]);
  });

  it('does not go on when that does not answer, and keeps the password to itself', async () => {
    const error = await climb({ THING_URL: 'thing://me:secret@down/' }).catch(String);
    expect(error).toMatch(/THING_URL is thing:\/\/me:\*\*\*@down\/, .*: nobody\n.*unset THING_URL/);
  });

  it('starts one of its own without an address; an empty one is none', async () => {
    for (const env of [{}, { THING_URL: '' }, { REQUIRE_THING: '1' }]) {
      expect(await climb(env)).toMatchObject({ rung: 'own' });
    }
    expect(reached).toEqual([]);
  });

  it('tells every reason when there is none, and fails for who requires it', async () => {
    own = 'no program';
    const reason = 'THING_URL is not set; no program';
    expect(await climb({})).toEqual({ type: 'none', reason });
    await expect(climb({ REQUIRE_THING: '1' })).rejects.toThrow(
      `REQUIRE_THING=1, but there is no Thing: ${reason}`,
    );
  });
});
