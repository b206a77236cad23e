/**
 * Authentication that allows everything, after a while. The hash of a secret is a function of the
 * secret.
 */
import type { AuthPort } from '../../engine/driver/ports.ts';
import type { World } from './world.ts';

/** `isAlive`: whether the process that asks is still there to hear the answer. */
export function simAuth(world: World, name: string, isAlive: () => boolean): AuthPort {
  const latency = world.site(`${name} auth`);
  return {
    decide: (request, done) => {
      const secretHash = request.secret === null ? new Uint8Array(0) : hashOf(request.secret);
      world.after(latency.between(0, 4), () => {
        if (!isAlive()) return;
        const rights = { read: true, write: true, presence: true };
        done({ allowed: true, principal: 'somebody', rights, secretHash, token: null });
      });
    },
  };
}

/** 32 bytes; stands in for SHA-256. */
function hashOf(secret: Uint8Array): Uint8Array {
  const hash = new Uint8Array(32);
  let state = 0x811c9dc5;
  for (let i = 0; i < hash.length; i++) {
    state = Math.imul(state ^ (secret[i % secret.length] ?? 0) ^ i, 0x01000193);
    hash[i] = state >>> 24;
  }
  return hash;
}
