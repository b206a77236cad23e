/** Nobody is checked: everybody may do everything with every document, as principal `anonymous`. */
import { createHash } from 'node:crypto';
import type { AuthPort } from '../../engine/driver/ports.ts';

export const openAuth: AuthPort = {
  decide({ secret }, done) {
    const secretHash = createHash('sha256')
      .update(secret ?? '')
      .digest();
    const rights = { read: true, write: true, presence: true };
    const decision = { allowed: true, principal: 'anonymous', rights, secretHash } as const;
    queueMicrotask(() => done({ ...decision, token: null }));
  },
};
