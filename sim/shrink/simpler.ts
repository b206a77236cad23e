/** Passes that make what is left easier to read: short texts, short faults, round times. */
import type { Fault } from '../scenario/faults.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Intent } from '../scenario/workload.ts';
import type { Attempts } from './attempts.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const shortFaultsMs = [1, 10, 100, 1000];
const roundMs = [100, 10];

/** Texts to single letters, another one for each intent; deletions to one unit. */
export function simplifyTexts(attempts: Attempts): void {
  const { intents } = attempts.scenario;
  if (intents.some((intent, index) => lettered(intent, index) !== null)) {
    const simple = intents.map((intent, index) => lettered(intent, index) ?? intent);
    if (attempts.attempt({ intents: simple })) return;
  }
  for (let index = 0; index < intents.length; index++) {
    for (const simplify of [lettered, halved]) {
      const intent = attempts.scenario.intents[index];
      const simpler = intent === undefined ? null : simplify(intent, index);
      if (simpler === null) continue;
      if (attempts.attempt({ intents: attempts.scenario.intents.with(index, simpler) })) break;
    }
  }
}

export function shortenFaults(attempts: Attempts): void {
  for (let index = 0; index < attempts.scenario.faults.length; index++) {
    for (;;) {
      const fault = attempts.scenario.faults[index];
      if (fault === undefined || !shorten(attempts, fault, index)) break;
    }
  }
}

/** Times to full tenths of a second, or hundredths: all at once, then one by one. */
export function roundTimes(attempts: Attempts): void {
  for (const unitMs of roundMs) {
    const rounded = roundedLists(attempts.scenario, unitMs);
    if (rounded !== null && attempts.attempt(rounded)) return;
  }
  for (const list of ['intents', 'faults', 'questions'] as const) {
    for (let index = 0; index < attempts.scenario[list].length; index++) {
      for (const unitMs of roundMs) {
        if (roundOne(attempts, { list, index, unitMs })) break;
      }
    }
  }
}

/** null: it is as simple as that already. */
function lettered(intent: Intent, index: number): Intent | null {
  const { action } = intent;
  const letter = letters.charAt(index % letters.length);
  switch (action.type) {
    case 'type':
      return isLetter(action.text) ? null : { ...intent, action: { ...action, text: letter } };
    case 'replace': {
      const isSimple = isLetter(action.text) && action.units <= 1;
      const simple = { ...action, text: letter, units: Math.min(1, action.units) };
      return isSimple ? null : { ...intent, action: simple };
    }
    case 'delete':
    case 'erase':
      return action.units <= 1 ? null : { ...intent, action: { ...action, units: 1 } };
    case 'move':
    case 'presence':
      return null;
  }
}

/** Half of the characters, or of the units. */
function halved(intent: Intent): Intent | null {
  const { action } = intent;
  switch (action.type) {
    case 'type': {
      const text = half(action.text);
      return text === action.text ? null : { ...intent, action: { ...action, text } };
    }
    case 'replace': {
      const [text, units] = [half(action.text), Math.ceil(action.units / 2)];
      const isSame = text === action.text && units === action.units;
      return isSame ? null : { ...intent, action: { ...action, text, units } };
    }
    case 'delete':
    case 'erase': {
      const units = Math.ceil(action.units / 2);
      return units === action.units ? null : { ...intent, action: { ...action, units } };
    }
    case 'move':
    case 'presence':
      return null;
  }
}

function isLetter(text: string): boolean {
  return /^[a-z]$/.test(text);
}

function half(text: string): string {
  const characters = [...text];
  return characters.slice(0, Math.ceil(characters.length / 2)).join('');
}

function shorten(attempts: Attempts, fault: Fault, index: number): boolean {
  if (!('forMs' in fault)) return false;
  const shorter = [...shortFaultsMs, Math.ceil(fault.forMs / 2)];
  return shorter.some((forMs) => {
    if (forMs >= fault.forMs) return false;
    return attempts.attempt({ faults: attempts.scenario.faults.with(index, { ...fault, forMs }) });
  });
}

type Timed = Pick<Scenario, 'intents' | 'faults' | 'questions'>;

/** null: all times are that round already. */
function roundedLists(scenario: Timed, unitMs: number): Timed | null {
  const all = [...scenario.intents, ...scenario.faults, ...scenario.questions];
  if (all.every(({ atMs }) => rounded(atMs, unitMs) === atMs)) return null;
  const round = <T extends { readonly atMs: number }>(items: readonly T[]): T[] =>
    items.map((item) => ({ ...item, atMs: rounded(item.atMs, unitMs) }));
  const { intents, faults, questions } = scenario;
  return { intents: round(intents), faults: round(faults), questions: round(questions) };
}

function roundOne(
  attempts: Attempts,
  place: { readonly list: keyof Timed; readonly index: number; readonly unitMs: number },
): boolean {
  const items = attempts.scenario[place.list];
  const item = items[place.index];
  const atMs = rounded(item?.atMs ?? 0, place.unitMs);
  if (item === undefined || atMs === item.atMs) return false;
  // Lists are in the order of their times.
  const moved = items.map((other) => (other === item ? { ...other, atMs } : other));
  return attempts.attempt({ [place.list]: moved.sort((a, b) => a.atMs - b.atMs) });
}

/** Downwards, but 0 is no time for a fault. */
function rounded(atMs: number, unitMs: number): number {
  return Math.max(Math.min(atMs, 1), Math.floor(atMs / unitMs) * unitMs);
}
