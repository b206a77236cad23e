/**
 * A gate that checks nobody: everybody may do everything with every document, as principal
 * `anonymous`. For development, and where something in front decides who comes in.
 */
import { Gate } from './gate.ts';
import { rightNames, type Verdict } from './verdict.ts';

const anybody: Verdict = {
  type: 'allowed',
  principal: 'anonymous',
  rights: new Set(rightNames),
  token: null,
};

export function openGate(): Gate {
  return new Gate({
    check: async () => anybody,
    takesNone: true,
    isRevoked: () => false,
    onRefused: () => {},
  });
}
