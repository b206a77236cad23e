/** Who sits here: a name and a colour, random at first, remembered by the browser. */

export interface Person {
  readonly name: string;
  /** As `#rrggbb`. */
  readonly color: string;
}

const storageKey = 'sync-vector-engine.person';

/** Each readable as white text's ground and as a line on light and dark paper. */
const colors = [
  '#d9480f',
  '#2f8f46',
  '#1c7ed6',
  '#9c36b5',
  '#c2255c',
  '#0c8599',
  '#6741d9',
  '#a16207',
] as const;

const moods = 'Amber Brave Calm Clever Gentle Happy Kind Lucky Merry Quiet Swift Witty'.split(' ');
const animals = 'Badger Crane Dolphin Falcon Fox Hare Heron Lynx Otter Owl Seal Wren'.split(' ');

export function loadPerson(): Person {
  const [name = '', color = ''] = (localStorage.getItem(storageKey) ?? '').split('\n');
  return name !== '' && isColor(color) ? { name, color } : randomPerson();
}

export function savePerson({ name, color }: Person): void {
  localStorage.setItem(storageKey, `${name}\n${color}`);
}

/** A name for a document that has none: easy to read out to somebody. */
export function randomDocumentName(): string {
  const number = Math.floor(Math.random() * 9_000) + 1_000;
  return `${pick(moods)}-${pick(animals)}-${number}`.toLowerCase();
}

/** Whether it is a plain colour, and not something that a stranger wants this page to load. */
export function isColor(color: string): boolean {
  return /^#[0-9a-f]{6}$/i.test(color);
}

function randomPerson(): Person {
  const person = { name: `${pick(moods)} ${pick(animals)}`, color: pick(colors) };
  savePerson(person);
  return person;
}

function pick(items: readonly string[]): string {
  return items[Math.floor(Math.random() * items.length)] ?? '';
}
