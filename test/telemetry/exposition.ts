/** Reads the text format of Prometheus as strictly as promtool does, and throws at what is not in it. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}
export interface Family {
  type: string;
  help: string;
  samples: Sample[];
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (NaN|[+-]Inf|[+-]?[\d.]+(?:e[+-]?\d+)?)$/;
const suffixes: Record<string, string[]> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

export function readExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let current: [name: string, family: Family] | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'HELP') {
        if (families.has(name)) throw new Error(`${name} comes twice`);
        current = [name, { type: 'untyped', help: rest, samples: [] }];
        families.set(...current);
      } else if (current?.[0] === name && /^(counter|gauge|histogram|summary)$/.test(rest))
        current[1].type = rest;
      else throw new Error(`TYPE without its HELP: ${line}`);
      continue;
    }
    const [, name = '', labelText = '', value = ''] = sampleLine.exec(line) ?? [];
    if (name === '' || !current) throw new Error(`no sample: ${line}`);
    const [familyName, family] = current;
    if (!(suffixes[family.type] ?? ['']).some((suffix) => familyName + suffix === name))
      throw new Error(`${name} is not of ${familyName}`);
    if (family.type === 'counter' && !/_total$/.test(name) && name.startsWith('seatcast_'))
      throw new Error(`the counter ${name} does not end in _total`);
    const labels = readLabels(labelText);
    const sample = { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
    if (
      family.samples.some(
        (other) => other.name === name && JSON.stringify(other.labels) === JSON.stringify(labels),
      )
    )
      throw new Error(`twice: ${line}`);
    family.samples.push(sample);
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family);
  return families;
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const [all = '', name = '', value = ''] =
      /^([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/.exec(rest) ?? [];
    if (all === '') throw new Error(`no labels: ${text}`);
    labels[name] = value;
    rest = rest.slice(all.length);
  }
  return labels;
}

/** Buckets grow, the last one is +Inf and has as much as the count says. */
function checkHistogram(name: string, { samples }: Family): void {
  const series = new Map<string, Sample[]>();
  for (const sample of samples.filter((each) => each.name === `${name}_bucket`)) {
    const { le: _, ...others } = sample.labels;
    const key = JSON.stringify(others);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, buckets] of series) {
    buckets.reduce((before, { value }) => {
      if (value < before) throw new Error(`${name} shrinks`);
      return value;
    }, 0);
    const last = buckets.at(-1);
    const count = samples.find(
      (each) => each.name === `${name}_count` && JSON.stringify(each.labels) === key,
    );
    if (last?.labels.le !== '+Inf' || last.value !== count?.value) throw new Error(`${name} does not add up`);
  }
}

/** The sum of the samples whose labels fit. */
export function total(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const family = families.get(name) ?? families.get(name.replace(/_(count|sum|bucket)$/, ''));
  if (!family) throw new Error(`there is no ${name}`);
  return family.samples
    .filter((each) => each.name === name)
    .filter((each) => Object.entries(labels).every(([label, value]) => each.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
