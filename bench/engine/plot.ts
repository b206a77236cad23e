/**
 * A line plot as SVG: x on a logarithmic scale, so that cost that grows with log n is a straight
 * line, and y from 0 on a linear one. Medians are joined; a bar goes from the least to the greatest
 * value of each.
 */
import { must } from '../../engine/assert.ts';
import type { Summary } from './statistics.ts';

export interface Series {
  readonly name: string;
  /** Ascending in x. */
  readonly points: readonly (Summary & { readonly x: number })[];
}

export interface AxisLabels {
  readonly x: string;
  readonly y: string;
}

const width = 720;
const height = 400;
/** The plotted area. */
const left = 64;
const right = width - 140;
const top = 48;
const bottom = height - 56;
export const colours = ['#0b6bcb', '#c2410c', '#15803d', '#7e22ce'];

/** The picture; every series has at least one point. */
export function plot(title: string, labels: AxisLabels, series: readonly Series[]): string {
  const points = series.flatMap(({ points }) => points);
  const sizes = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const low = Math.log10(must(sizes[0], 'a point'));
  const span = Math.log10(must(sizes.at(-1), 'a point')) - low || 1;
  const step = niceStep(Math.max(...points.map(({ max }) => max)) / 5);
  const steps = Math.ceil(Math.max(...points.map(({ max }) => max)) / step);
  const atX = (x: number) => round(left + ((Math.log10(x) - low) / span) * (right - left));
  const atY = (y: number) => round(bottom - (y / (steps * step)) * (bottom - top));
  const grid = Array.from({ length: steps + 1 }, (_, line) => {
    const y = line * step;
    return [
      `<path d="M${left} ${atY(y)}H${right}" stroke="#d4d4d8"/>`,
      `<text x="${left - 8}" y="${atY(y) + 4}" text-anchor="end">${round(y)}</text>`,
    ].join('');
  });
  const ticks = sizes.map((x) => {
    return `<text x="${atX(x)}" y="${bottom + 20}" text-anchor="middle">${sizeName(x)}</text>`;
  });
  const ends = series.map(({ points }) => must(points.at(-1), 'a series has a point').median);
  const labelYs = apart(ends.map(atY));
  const lines = series.map(({ name, points }, index) => {
    const colour = colours[index % colours.length] ?? '';
    const path = points.map(({ x, median }) => `${atX(x)} ${atY(median)}`).join('L');
    const ranges = points.map(({ x, min, max }) => `M${atX(x)} ${atY(min)}V${atY(max)}`);
    const dots = points.map(({ x, median }) => {
      return `<circle cx="${atX(x)}" cy="${atY(median)}" r="3.5" fill="${colour}"/>`;
    });
    const labelY = must(labelYs[index], 'a label per series');
    return [
      `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<path d="${ranges.join('')}" stroke="${colour}"/>${dots.join('')}`,
      `<text x="${right + 10}" y="${labelY + 4}" fill="${colour}">${name}</text>`,
    ].join('\n');
  });
  const middle = (top + bottom) / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img"
  font-family="system-ui, sans-serif" font-size="13" fill="#3f3f46">
<title>${title}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${left}" y="24" font-size="15" font-weight="600">${title}</text>
${[...grid, ...ticks, ...lines].join('\n')}
<text x="${(left + right) / 2}" y="${height - 12}" text-anchor="middle">${labels.x}</text>
<text transform="translate(18 ${middle}) rotate(-90)" text-anchor="middle">${labels.y}</text>
</svg>
`;
}

/** The same heights, moved down where two would be closer than a line of text. */
function apart(heights: readonly number[]): number[] {
  const moved = [...heights];
  const downwards = [...heights.keys()].sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  let free = 0;
  for (const index of downwards) {
    const height = Math.max(heights[index] ?? 0, free);
    moved[index] = height;
    free = height + 16;
  }
  return moved;
}

/** The least of 1, 2, 5 · 10^n that is not below `least`. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return (
    power *
    must(
      [1, 2, 5, 10].find((factor) => factor * power >= least * 0.999),
      'a step',
    )
  );
}

/** 10,000 as 10 k, 10,000,000 as 10 M. */
function sizeName(size: number): string {
  if (size >= 1e6) return `${size / 1e6} M`;
  return size >= 1000 ? `${size / 1000} k` : String(size);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
