/** That pictures are well-formed and show all that they are given. */
import { expect, it } from 'vitest';
import { Histogram } from '../cluster/histogram.ts';
import { spreadPlot, timePlot } from './plots.ts';

it('draws a bar for each class of latencies, and marks the quantiles', () => {
  const histogram = new Histogram();
  for (const ms of [0.3, 2, 2, 2, 40]) histogram.add(ms);
  const picture = spreadPlot('Load', [
    { name: 'A to B', histogram },
    { name: 'acknowledged', histogram },
  ]);
  expect(picture).toMatch(/^<svg .*<\/svg>\n$/s);
  expect(picture).toContain('A to B: p50 2');
  expect(picture.match(/stroke-dasharray/g)).toHaveLength(4);
  expect(picture.match(/fill-opacity/g)).toHaveLength(2);
  expect(picture).not.toMatch(/NaN|Infinity|undefined/);
});

it('draws values over time, also when all are 0', () => {
  const panels = [
    { name: 'heap', values: [1, 2, 3] },
    { name: 'nothing', values: [0, 0, 0] },
  ];
  const picture = timePlot('Soak', [1, 2, 3], panels);
  expect(picture).toContain('>heap<');
  expect(picture).not.toMatch(/NaN|Infinity|undefined/);
});
