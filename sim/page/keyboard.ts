/**
 * Keys and buttons that move through the run. Keys count anywhere but in a field that takes text;
 * up and down belong to the range while it has the focus.
 */
import { byId } from './element.ts';
import type { PageState, Step } from './page-state.ts';

const steps: Readonly<Record<string, Step>> = {
  Home: 'first',
  End: 'last',
  ArrowLeft: 'previous',
  ArrowUp: 'previous',
  ArrowRight: 'next',
  ArrowDown: 'next',
};
const laneSteps: Readonly<Record<string, Step>> = {
  ArrowLeft: 'lane-previous',
  ArrowUp: 'lane-previous',
  ArrowRight: 'lane-next',
  ArrowDown: 'lane-next',
};

export function startKeyboard(state: PageState): void {
  const buttons = new Map<Step, HTMLButtonElement>();
  for (const step of [...new Set([...Object.values(steps), ...Object.values(laneSteps)])]) {
    const button = document.querySelector(`[data-step="${step}"]`);
    if (!(button instanceof HTMLButtonElement)) continue;
    button.addEventListener('click', () => state.step(step));
    buttons.set(step, button);
  }
  const toViolation = byId('to-violation', HTMLButtonElement);
  toViolation.hidden = state.run.violationN === null;
  toViolation.addEventListener('click', () => jumpToViolation(state));
  state.onSelected(() => {
    const { run, place } = state;
    for (const step of ['first', 'previous'] as const) {
      setDisabled(buttons.get(step), place === 0);
    }
    for (const step of ['last', 'next'] as const) {
      setDisabled(buttons.get(step), place === run.events.length - 1);
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || takesText(event.target)) return;
    if (press(state, event)) event.preventDefault();
  });
}

/** aria-disabled, not disabled: the button that was pressed keeps the focus. */
function setDisabled(button: HTMLButtonElement | undefined, value: boolean): void {
  if (button !== undefined) button.ariaDisabled = String(value);
}

/** Whether the key means something here. */
function press(state: PageState, { key, shiftKey, target }: KeyboardEvent): boolean {
  const isRange = target instanceof HTMLInputElement;
  if (isRange && !shiftKey && (key === 'ArrowUp' || key === 'ArrowDown')) return false;
  const step = (shiftKey ? laneSteps : steps)[key];
  if (step !== undefined) state.step(step);
  else if (key === 'v') jumpToViolation(state);
  else if (key === 'c') state.select(state.run.event(state.n)?.cause ?? 0);
  else if (key === '/') {
    byId('filters', HTMLDetailsElement).open = true;
    byId('search', HTMLInputElement).focus();
  } else return false;
  return true;
}

function jumpToViolation(state: PageState): void {
  if (state.run.violationN !== null) state.select(state.run.violationN);
}

function takesText(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && target.type !== 'range')
  );
}
