/** One number over time, as an area that can be pointed at. Drawn anew when its width changes. */
import { el } from './dom.ts';

export interface TimeSeries {
  /** What the chart shows, for screen readers. */
  label: string;
  values: readonly number[];
  /** Of each value, in full and as short as an axis has room for. */
  names: readonly string[];
  marks: readonly string[];
  format(value: number): string;
  /** Without decimals, for the axis. */
  short(value: number): string;
}

const svg = 'http://www.w3.org/2000/svg';
const height = 280;
const room = { top: 16, right: 12, bottom: 28, left: 60 };

const draw = (tag: string, attributes: Record<string, string | number>, text?: string): SVGElement => {
  const element = document.createElementNS(svg, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  if (text !== undefined) element.textContent = text;
  return element;
};

/** The next 1, 2, 2.5 or 5 times a power of ten: where an axis ends well. */
export function niceTop(highest: number, steps: number): number {
  const least = Math.max(highest, 1) / steps;
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 2.5, 5, 10].find((each) => each * power >= least) ?? 10;
  return factor * power * steps;
}

export function timeChart(series: TimeSeries): HTMLElement {
  const tip = el('div', { class: 'chart-tip', hidden: true });
  const place = el('div', { class: 'chart', role: 'img', 'aria-label': series.label }, tip);
  let drawn: SVGElement | undefined;
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width < 80) return;
    const next = picture(series, width, tip);
    if (drawn) drawn.replaceWith(next);
    else place.prepend(next);
    drawn = next;
  }).observe(place);
  return place;
}

function picture(series: TimeSeries, width: number, tip: HTMLElement): SVGElement {
  const { values } = series;
  const inner = { width: width - room.left - room.right, height: height - room.top - room.bottom };
  const top = niceTop(Math.max(...values, 0), 4);
  const x = (i: number) =>
    room.left + (values.length > 1 ? (i / (values.length - 1)) * inner.width : inner.width / 2);
  const y = (value: number) => room.top + inner.height * (1 - value / top);
  const image = draw('svg', { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });

  const fade = draw('linearGradient', { id: 'area-fade', x1: 0, y1: 0, x2: 0, y2: 1 });
  fade.append(
    draw('stop', { offset: '0%', class: 'fade-top' }),
    draw('stop', { offset: '100%', class: 'fade-bottom' }),
  );
  image.append(fade);
  for (let step = 0; step <= 4; step++) {
    const value = (top / 4) * step;
    image.append(
      draw('line', { class: 'grid', x1: room.left, x2: width - room.right, y1: y(value), y2: y(value) }),
      draw(
        'text',
        { class: 'axis', x: room.left - 10, y: y(value) + 4, 'text-anchor': 'end' },
        series.short(value),
      ),
    );
  }
  const every = Math.max(1, Math.ceil(values.length / Math.max(2, Math.floor(inner.width / 84))));
  for (let i = 0; i < values.length; i += every) {
    const anchor = i === 0 ? 'start' : x(i) > width - 40 ? 'end' : 'middle';
    image.append(
      draw('text', { class: 'axis', x: x(i), y: height - 8, 'text-anchor': anchor }, series.marks[i]),
    );
  }
  const line = values
    .map((value, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`)
    .join('');
  image.append(
    draw('path', {
      class: 'area',
      fill: 'url(#area-fade)',
      d: `${line}L${x(values.length - 1)} ${y(0)}L${x(0)} ${y(0)}Z`,
    }),
    draw('path', { class: 'line', d: line }),
  );

  const cursor = draw('g', { class: 'cursor', visibility: 'hidden' });
  const rule = draw('line', { class: 'rule', y1: room.top, y2: room.top + inner.height });
  const dot = draw('circle', { class: 'point', r: 4.5 });
  cursor.append(rule, dot);
  image.append(cursor);
  image.addEventListener('pointermove', (event) => {
    const at = (event.offsetX - room.left) / inner.width;
    const i = Math.min(values.length - 1, Math.max(0, Math.round(at * (values.length - 1))));
    const value = values[i] ?? 0;
    for (const name of ['x1', 'x2']) rule.setAttribute(name, `${x(i)}`);
    dot.setAttribute('cx', `${x(i)}`);
    dot.setAttribute('cy', `${y(value)}`);
    cursor.setAttribute('visibility', 'visible');
    tip.replaceChildren(el('span', {}, series.names[i] ?? ''), el('strong', {}, series.format(value)));
    tip.hidden = false;
    // Beside the pointer, and never past an edge.
    const left = Math.min(Math.max(x(i) - tip.offsetWidth / 2, 0), width - tip.offsetWidth);
    tip.style.translate = `${left}px ${Math.max(0, y(value) - tip.offsetHeight - 14)}px`;
  });
  image.addEventListener('pointerleave', () => {
    cursor.setAttribute('visibility', 'hidden');
    tip.hidden = true;
  });
  return image;
}
