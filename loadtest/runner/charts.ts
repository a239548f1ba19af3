/** Charts as inline SVG. Colours and letters come from the page's style, so they are right by day and by night. */
import type { Series } from './over-time.ts';

const box = { width: 640, height: 270, left: 66, right: 16, top: 14, bottom: 40 };
const innerWidth = box.width - box.left - box.right;
const innerHeight = box.height - box.top - box.bottom;
/** Fewer points than this are shown as dots as well. */
const fewPoints = 30;

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Round numbers from 0 (or `from`) to at least `to`, about `count` of them. */
export function ticks(to: number, count: number, from = 0): number[] {
  const span = Math.max(to - from, 1e-9);
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => span / each <= count) as number;
  const list: number[] = [];
  for (let i = Math.floor(from / step); list.length === 0 || (list.at(-1) as number) < to; i++)
    list.push(Number((i * step).toPrecision(12)));
  return list;
}

interface ChartOptions {
  title: string;
  /** What the numbers are, in a few words. */
  unit: string;
  format: (value: number) => string;
}

/** Lines over seconds. */
export function lineChart({ title, unit, format, series }: ChartOptions & { series: Series[] }): string {
  const points = series.flatMap((each) => each.points).filter(([, y]) => Number.isFinite(y));
  if (points.length === 0) return '';
  const xs = points.map(([x]) => x);
  const [left, right] = [xs.reduce((a, b) => Math.min(a, b)), xs.reduce((a, b) => Math.max(a, b))];
  const xTicks = ticks(right, 6, left);
  const yTicks = ticks(points.map(([, y]) => y).reduce((a, b) => Math.max(a, b)) || 1, 4);
  const [x0, x1, y1] = [
    Math.min(left, xTicks[0] as number),
    xTicks.at(-1) as number,
    yTicks.at(-1) as number,
  ];
  const x = (value: number) => round(box.left + ((value - x0) / (x1 - x0 || 1)) * innerWidth);
  const y = (value: number) => round(box.top + innerHeight - (value / y1) * innerHeight);
  const dotted = Math.max(...series.map((each) => each.points.length)) <= fewPoints;
  const lines = series.map(({ name, points: own }, i) => {
    const shown = own.filter(([, value]) => Number.isFinite(value));
    const path = shown.map(([at, value], j) => `${j === 0 ? 'M' : 'L'}${x(at)} ${y(value)}`).join('');
    const dots = dotted ? shown : [];
    return `<g class="s${i % 6}"><title>${escaped(name)}</title><path class="line" d="${path}"/>${dots
      .map(
        ([at, value]) =>
          `<circle cx="${x(at)}" cy="${y(value)}" r="3.5"><title>${escaped(`${name}: ${format(value)} at ${format1(at)} s`)}</title></circle>`,
      )
      .join('')}</g>`;
  });
  const axes = [
    ...yTicks.map(
      (value) =>
        `<line class="grid" x1="${box.left}" x2="${box.width - box.right}" y1="${y(value)}" y2="${y(value)}"/>` +
        `<text x="${box.left - 8}" y="${y(value) + 4}" text-anchor="end">${escaped(format(value))}</text>`,
    ),
    ...xTicks.map(
      (value, i) =>
        `<text x="${x(value)}" y="${box.height - box.bottom + 20}" text-anchor="${i === xTicks.length - 1 ? 'end' : 'middle'}">${format1(value)}${i === xTicks.length - 1 ? ' s' : ''}</text>`,
    ),
  ];
  const legend = series.map(({ name, points: own }, i) => {
    const most = own.map(([, value]) => value).reduce((a, b) => Math.max(a, b), 0);
    return { name, note: `at most ${format(most)}`, i };
  });
  return figure({ title, unit, legend, body: [...axes, ...lines].join('') });
}

/** How often each of a row of classes came. */
export function barChart(options: ChartOptions & { bars: { label: string; value: number }[] }): string {
  const { title, unit, format, bars } = options;
  const total = bars.reduce((sum, { value }) => sum + value, 0);
  if (total === 0) return '';
  const yTicks = ticks(Math.max(...bars.map(({ value }) => value / total)) * 100, 4);
  const y1 = yTicks.at(-1) as number;
  const y = (value: number) => round(box.top + innerHeight - (value / y1) * innerHeight);
  const width = innerWidth / bars.length;
  const body = [
    ...yTicks.map(
      (value) =>
        `<line class="grid" x1="${box.left}" x2="${box.width - box.right}" y1="${y(value)}" y2="${y(value)}"/>` +
        `<text x="${box.left - 8}" y="${y(value) + 4}" text-anchor="end">${value} %</text>`,
    ),
    ...bars.map(({ label, value }, i) => {
      const top = y((value / total) * 100);
      const left = round(box.left + i * width + 2);
      const height = round(box.top + innerHeight - top);
      return (
        `<g class="s0"><rect class="bar" x="${left}" y="${top}" width="${round(width - 4)}" height="${height}" rx="2">` +
        `<title>${escaped(`${label}: ${format(value)}`)}</title></rect></g>` +
        `<text class="${i % 2 === 0 ? '' : 'second'}" x="${round(left + width / 2 - 2)}" y="${box.height - box.bottom + 20}" text-anchor="middle">${escaped(label)}</text>`
      );
    }),
  ].join('');
  return figure({ title, unit, legend: [], body });
}

function figure(parts: {
  title: string;
  unit: string;
  legend: { name: string; note: string; i: number }[];
  body: string;
}): string {
  const { title, unit, legend, body } = parts;
  const keys = legend
    .map(
      ({ name, note, i }) =>
        `<li class="s${i % 6}"><i></i>${escaped(name)} <small>${escaped(note)}</small></li>`,
    )
    .join('');
  return `<figure><figcaption><h3>${escaped(title)}</h3><p>${escaped(unit)}</p></figcaption>
${keys ? `<ul class="legend">${keys}</ul>` : ''}
<svg viewBox="0 0 ${box.width} ${box.height}" role="img" aria-label="${escaped(title)}">${body}</svg></figure>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
const format1 = (value: number): string =>
  (Math.abs(value) < 10 ? Math.round(value * 10) / 10 : Math.round(value)).toLocaleString('en');
