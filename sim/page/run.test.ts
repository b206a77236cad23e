/**
 * Goal: what the page says of a run is so: causes, messages, faults, texts, layout, knobs. Method:
 * the sample run, in which every answer can be read off by eye.
 */
import { expect, it } from 'vitest';
import { drawWindow } from './drawing.ts';
import { faultFamily, faultSpans, faultsAt } from './fault-spans.ts';
import { grouped, knobsOf } from './knobs.ts';
import { Layout, lineHeightPx } from './layout.ts';
import { PageState } from './page-state.ts';
import { ReplicaTexts } from './replica-texts.ts';
import { Run } from './run.ts';
import { longTrace, passedTrace, sampleTrace } from './testing/sample-trace.ts';

const run = new Run(sampleTrace);

it('has the header’s lanes first, then those that the events add', () => {
  expect(run.lanes.join(' ')).toBe('c0 c1 n0 log bus objects playback nemesis new n0 doc0');
  expect(run.laneCounts.get('nemesis')).toBe(3);
  expect(run.laneCounts.get('objects')).toBe(0);
  expect(run.violationN).toBe(42);
  expect(new Run(passedTrace).violationN).toBeNull();
});

it('walks a chain back to the scenario, and knows what an event led to', () => {
  expect(run.chainOf(29).map(({ n }) => n)).toEqual([
    29, 27, 26, 20, 18, 17, 16, 15, 14, 12, 11, 9, 8, 6, 4, 2,
  ]);
  expect(run.chainOf(99)).toEqual([]);
  expect(run.effectsOf(27).map(({ n }) => n)).toEqual([28, 29]);
  expect(run.storyOf(29).map(({ n }) => n)).not.toContain(30);
  expect(run.storyOf(33).map(({ n }) => n)).toEqual([30, 31, 33]);
});

it('takes an event that was planned on another lane for a message', () => {
  const ends = run.messages.map(({ from, to }) => `${from + 1} ${to + 1}`);
  expect(ends).toContain('27 29');
  expect(ends).toContain('30 31');
  expect(ends).not.toContain('40 41 ');
  expect(ends).not.toContain('41 42');
});

it('ends a chain where a file points forward', () => {
  const [first] = sampleTrace.events;
  if (first === undefined) throw new Error('the sample is empty');
  const odd = new Run({ ...sampleTrace, events: [{ ...first, cause: 2 }] });
  expect(odd.chainOf(1)).toHaveLength(1);
  expect(odd.messages).toEqual([]);
});

it('gives each lasting fault a span, and ends it when healing begins', () => {
  const spans = faultSpans(run);
  expect(spans.map(({ family, fromMs, untilMs }) => [family, fromMs, untilMs])).toEqual([
    ['network', 210, 510],
    ['process', 640, 840],
  ]);
  expect(faultsAt(spans, 509)).toHaveLength(1);
  expect(faultsAt(spans, 510)).toHaveLength(0);
  const endless = sampleTrace.events.map((event) =>
    event.until === undefined ? event : { ...event, until: 9_000 },
  );
  const cut = faultSpans(new Run({ ...sampleTrace, events: endless }));
  expect(cut.map(({ untilMs }) => untilMs)).toEqual([1_500, 1_500]);
});

it('tells what a fault strikes by its words', () => {
  const families = ['cut c0', 'tab closed c1', 'database outage', 'bus kick n0', 'clock step'];
  expect(families.map(faultFamily)).toEqual(['network', 'process', 'storage', 'bus', 'clock']);
  expect(faultFamily('pause n0 for 20')).toBe('process');
  expect(faultFamily('head locked doc0')).toBe('storage');
});

it('knows each replica’s text at each moment, newcomers from their first one on', () => {
  const texts = new ReplicaTexts(run);
  const at = (n: number): unknown =>
    texts.at(n - 1).flatMap(({ replicas }) => replicas.map(({ lane, text }) => [lane, text]));
  expect(at(1)).toEqual([
    ['c0', null],
    ['c1', null],
  ]);
  expect(at(14)).toEqual([
    ['c0', 'Hello 😀\n'],
    ['c1', ''],
  ]);
  expect(at(42)).toEqual([
    ['c0', 'Hello 😀\nworld'],
    ['c1', 'Hello 😀\n'],
    ['new n0 doc0', 'Hello 😀\n'],
  ]);
  expect(texts.at(41).map(({ document }) => document)).toEqual(['doc0']);
});

it('lays events out in order, with gaps where nothing happens', () => {
  const layout = new Layout(run.events, ({ lane }) => lane !== 'bus');
  expect(layout.lines).toHaveLength(41);
  const heights = layout.lines.map(({ y }) => y);
  expect(heights).toEqual([...heights].sort((a, b) => a - b));
  expect(layout.lineOf(18)).toBeNull();
  expect(layout.before(18)?.place).toBe(17);
  expect(layout.after(18)?.place).toBe(19);
  expect(layout.after(41)).toBeNull();
  expect(layout.yOf(18)).toBe(layout.yOf(17) + lineHeightPx / 2);
  expect(layout.between(0, layout.heightPx)).toHaveLength(41);
  expect(layout.between(layout.yOf(30), layout.yOf(30) + 1).map(({ place }) => place)).toEqual([
    30,
  ]);
  expect(layout.yOfTime(9_999)).toBe(layout.heightPx);
});

it('steps among the events that the filter shows, and along a lane', () => {
  const state = new PageState(run);
  state.select(27);
  state.step('lane-next');
  expect(state.n).toBe(31);
  state.step('lane-previous');
  state.setFilter({ kindsOff: new Set(['begins', 'receives']) });
  state.step('next');
  expect(state.n).toBe(30);
  state.setFilter({ search: 'ack 13', kindsOff: new Set() });
  state.step('first');
  expect(state.n).toBe(29);
  state.setFilter({ only: new Set([1, 2]), search: '' });
  state.step('last');
  expect(state.n).toBe(2);
  state.select(1_000);
  expect(state.n).toBe(2);
});

it('draws only what the window shows, and the chain above all else', () => {
  const state = new PageState(new Run(longTrace(5_000)));
  state.select(2_500);
  const columns = {
    laneWidthPx: 20,
    middles: new Map(state.lanes.map((lane, index) => [lane, index * 20])),
  };
  const y = state.layout.yOf(state.place);
  const spans = faultSpans(state.run);
  const drawing = drawWindow(state, spans, columns, { top: y - 300, bottom: y + 300 });
  expect(drawing.glyphs.length).toBeLessThan(40);
  expect(drawing.arrows.length).toBeLessThan(100);
  expect(drawing.arrows.at(-1)?.role).toBe('chain');
  const ends = drawing.arrows.map(({ from, to }) => `${from} ${to}`);
  expect(new Set(ends).size).toBe(ends.length);
  expect(drawing.arrows.some(({ to, role }) => to === 2_500 && role === 'chain')).toBe(true);
  const all = drawWindow(state, spans, columns, { top: 0, bottom: state.layout.heightPx });
  expect(all.bands).toHaveLength(20);
});

it('names the knobs that are not as usual', () => {
  const [rates, limits, settings] = knobsOf(sampleTrace.header.scenario);
  expect(rates?.knobs.map(({ name }) => name)).toEqual([
    'latencyMaxMs',
    'slowPerMillion',
    'slowFactor',
  ]);
  expect(limits?.knobs.map(({ name, value }) => [name, value])).toEqual([
    ['windowOperations', '3'],
    ['roomIdleMs', '40'],
  ]);
  expect(settings?.knobs.map(({ name }) => name)).toContain('backoffMinMs');
  expect(grouped(1_234_567)).toBe('1\u202f234\u202f567');
});
