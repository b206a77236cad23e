/**
 * How an event looks: a shape and a tone for each kind.
 *
 * Shape and tone say the same twice, so that nobody needs the colours. Kinds are told by the words
 * in them; one that no rule knows is a plain triangle.
 */

export type Shape =
  | 'dot'
  | 'disc'
  | 'ring'
  | 'square'
  | 'frame'
  | 'diamond'
  | 'cross'
  | 'plus'
  | 'bolt'
  | 'triangle';

export type Tone = 'plain' | 'faint' | 'edit' | 'net' | 'log' | 'good' | 'bad' | 'fault';

export interface Look {
  readonly shape: Shape;
  readonly tone: Tone;
}

/** Paths around (0, 0), about 10 px across. */
export const shapePaths: Readonly<Record<Shape, string>> = {
  dot: 'M-2.4 0a2.4 2.4 0 1 0 4.8 0a2.4 2.4 0 1 0-4.8 0z',
  disc: 'M-4.4 0a4.4 4.4 0 1 0 8.8 0a4.4 4.4 0 1 0-8.8 0z',
  ring: 'M-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0-8.4 0z',
  square: 'M-4-4h8v8h-8z',
  frame: 'M-4-4h8v8h-8z',
  diamond: 'M0-5.4l5.4 5.4l-5.4 5.4l-5.4-5.4z',
  cross: 'M-4-4l8 8M4-4l-8 8',
  plus: 'M0-5v10M-5 0h10',
  bolt: 'M1.6-6.4l-5.6 7.4h3.6l-1.2 5.4l5.8-7.6h-3.6z',
  triangle: 'M0-5l4.8 8.6h-9.6z',
};

/** The first that matches decides. */
const looks: readonly (readonly [RegExp, Shape, Tone])[] = [
  [/^fault/, 'bolt', 'fault'],
  [/^heal/, 'plus', 'good'],
  [/^(crash|closes tab|offline|lose|loses|drop|gives up|reject|fail|refus|error)/, 'cross', 'bad'],
  [/^(clos|stop|cut)/, 'cross', 'plain'],
  [/^(paus|drain)/, 'plus', 'bad'],
  [/^(start|reopen|open|online|resum|connect|subscrib|accept)/, 'ring', 'good'],
  [/^edit/, 'diamond', 'edit'],
  [/^store/, 'square', 'edit'],
  [/^append settled/, 'disc', 'log'],
  [/^append/, 'frame', 'log'],
  [/^begin/, 'dot', 'log'],
  [/^commit/, 'square', 'log'],
  [/^(read settled|answer)/, 'disc', 'faint'],
  [/^(read|get|ask|page)/, 'frame', 'faint'],
  [/^(put|point|delete|write)/, 'square', 'faint'],
  [/^(wake|caret|presence|timer)/, 'dot', 'faint'],
  [/^(receive|hear|frame|message|publish|send|deliver)/, 'disc', 'net'],
  [/^(ack|settle|durable)/, 'disc', 'good'],
];

/** The look of a kind. */
export function lookOf(kind: string): Look {
  const [, shape, tone] = looks.find(([words]) => words.test(kind)) ?? [/./, 'triangle', 'plain'];
  return { shape, tone };
}
