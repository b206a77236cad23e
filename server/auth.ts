/**
 * Who may do what. This is the decision for development: everybody may read and write every
 * document.
 *
 * The port (AuthPort) is where real authentication comes in; what must hold for any is done here:
 * the secret goes no further than its SHA-256.
 */
import { createHash } from 'node:crypto';
import type { AuthPort } from '../engine/driver/ports.ts';

/** Allows everything to everybody, as principal `anonymous`. */
export const openAuth: AuthPort = {
  decide({ secret }, done) {
    const secretHash = createHash('sha256').update(secret).digest();
    const rights = { read: true, write: true };
    queueMicrotask(() => done({ allowed: true, principal: 'anonymous', rights, secretHash }));
  },
};
