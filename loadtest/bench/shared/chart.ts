/** Bars with a dot for every round, as SVG. */

export interface Bar {
  label: string;
  /** How long the bar is. */
  value: number;
  /** What is written behind it. */
  text: string;
  /** One a round. */
  dots: readonly number[];
  /** Ours, as against what it is compared with. */
  ours: boolean;
}

const width = 860;
const labelWidth = 330;
const textWidth = 150;
const rowHeight = 34;
const top = 52;
const colors = { ours: '#2f6fde', others: '#9aa3b2', dot: '#1b2230', text: '#1b2230', quiet: '#5b6473' };

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export function barChart(options: { title: string; unit: string; bars: readonly Bar[] }): string {
  const { title, unit, bars } = options;
  const height = top + bars.length * rowHeight + 16;
  const most = Math.max(...bars.flatMap(({ value, dots }) => [value, ...dots]).filter(Number.isFinite));
  const scale = (value: number) => Math.round((value / most) * (width - labelWidth - textWidth));
  const rows = bars.map(({ label, value, text, dots, ours }, i) => {
    const y = top + i * rowHeight;
    const end = labelWidth + Math.max(scale(value), ...dots.map(scale));
    return [
      `<text x="${labelWidth - 10}" y="${y + 16}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${labelWidth}" y="${y + 2}" width="${scale(value)}" height="20" rx="2" fill="${ours ? colors.ours : colors.others}"/>`,
      ...dots.map(
        (dot) => `<circle cx="${labelWidth + scale(dot)}" cy="${y + 12}" r="2.5" fill="${colors.dot}"/>`,
      ),
      `<text x="${end + 10}" y="${y + 16}" font-weight="600">${escaped(text)}</text>`,
    ].join('\n');
  });
  // A ground of its own: it is looked at on light and on dark pages.
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="13" fill="${colors.text}">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="16" y="24" font-size="15" font-weight="600">${escaped(title)}</text>
<text x="16" y="41" font-size="12" fill="${colors.quiet}">${escaped(unit)}</text>
${rows.join('\n')}
</svg>
`;
}
