/** A report as one page that needs nothing else: for the desk and the phone, by day and by night, and offline. */
import { readFileSync } from 'node:fs';
import { scenarios } from '../k6/profiles.ts';
import { barChart, escaped, lineChart } from './charts.ts';
import { profileInWords } from './options.ts';
import { inMs, inWords, type Report } from './report.ts';

const style = readFileSync(new URL('./report-page.css', import.meta.url), 'utf8');
const whole = (value: number): string => Math.round(value).toLocaleString('en');
/** Below this many hours a line through memory says nothing about growth. */
const growthFromSeconds = 240;

export function renderPage(report: Report): string {
  const { scenario, profileName, ok, startedAt } = report;
  const title = `${scenario}, ${profileName}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}: ${ok ? 'all held' : 'not all held'}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<p class="kind">Seatcast load test</p>
<h1>${escaped(title)} <span class="verdict ${ok ? 'held' : 'crossed'}">${verdict(report)}</span></h1>
<p>${escaped(scenarios[scenario].about)} ${escaped(profileInWords(report.profile))}; ${report.nodes} node${report.nodes > 1 ? 's' : ''}.
<time datetime="${startedAt}">${startedAt.slice(0, 16).replace('T', ' ')} UTC</time></p>
</header>
${problems(report)}
<section class="tiles">${tiles(report)}</section>
<section><h2>What had to hold</h2>${checksTable(report)}</section>
<section><h2>How it went</h2><div class="charts">${charts(report)}</div></section>
<section><h2>Answers</h2>${answersTable(report)}</section>
${growth(report)}
<footer>
<p>A change on the screens: from the moment a buyer has the answer that it was accepted, to the moment a screen shows it,
over ${whole(report.screens.changes)} changes on all screens that were measured (ten in each virtual user of k6). People,
nodes, Redis and PostgreSQL share this machine, so all times include waiting for each other.</p>
<dl>${Object.entries(report.machine)
    .map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`)
    .join('')}</dl>
</footer>
</main>
</body>
</html>
`;
}

function verdict({ checks, problems, ok }: Report): string {
  if (ok) return `all ${checks.length} held`;
  if (problems.length > 0) return 'broke';
  return `${checks.filter((check) => !check.ok).length} of ${checks.length} crossed`;
}

const problems = ({ problems: list, failures }: Report): string => {
  const failed = Object.entries(failures).map(([what, times]) => `${whole(times)} × ${what}`);
  const sentences = [...list, ...(failed.length > 0 ? [`Requests that failed: ${failed.join(', ')}.`] : [])];
  return sentences.length > 0
    ? `<ul class="problems">${sentences.map((each) => `<li>${escaped(each)}</li>`).join('')}</ul>`
    : '';
};

function tiles(report: Report): string {
  const { counts, profile, screens, answers, losers, scenario } = report;
  const p99 = (name: string) => answers.find((each) => each.name === name)?.p99 ?? Number.NaN;
  const list: [string, string, string][] = [
    [
      scenario === 'on-sale'
        ? `${whole(counts.sold ?? 0)} of ${whole(profile.seats)}`
        : whole(counts.sold ?? 0),
      'seats sold at the end',
      `${whole(counts.soldTwice ?? 0)} of them twice`,
    ],
    [inMs(screens.p99), 'a change on 99 % of screens', `half: ${inMs(screens.p50)}`],
    [
      inMs(p99('hold')),
      '99 % of holds answered',
      `${whole(counts.holds ?? 0)} held, ${whole(counts.conflicts ?? 0)} conflicts`,
    ],
  ];
  if (losers) {
    list.push([
      inMs(losers.p99),
      '99 % told that all is gone',
      `${whole(losers.count)} people without a seat`,
    ]);
  } else if (answers.some(({ name }) => name === 'return')) {
    list.push([inMs(p99('return')), '99 % of maps right again', `${whole(counts.returns ?? 0)} returns`]);
  } else {
    list.push([inMs(p99('confirm')), '99 % of confirms answered', `${whole(counts.bookings ?? 0)} bookings`]);
  }
  const rightMaps = (counts.compared ?? 0) - (counts.wrong ?? 0);
  list.push([
    whole(rightMaps),
    'maps right at the end',
    `${whole(counts.wrong ?? 0)} wrong, ${whole(counts.gaps ?? 0)} gaps healed`,
  ]);
  return list
    .map(
      ([value, what, more]) =>
        `<div class="tile"><strong>${escaped(value)}</strong><span>${escaped(what)}</span><small>${escaped(more)}</small></div>`,
    )
    .join('');
}

const checksTable = ({ checks }: Report): string => `<div class="table"><table>
<thead><tr><th></th><th>What</th><th>Limit</th><th class="number">Found</th></tr></thead><tbody>${checks
  .map(
    (check) =>
      `<tr class="${check.ok ? '' : 'crossed'}"><td class="mark">${check.ok ? '<b class="held" title="held">✓</b>' : '<b title="crossed">✗</b>'}</td><td>${escaped(check.what)}</td><td>${escaped(limit(check.limit, check.unit))}</td><td class="number">${escaped(inWords(check))}</td></tr>`,
  )
  .join('')}</tbody></table></div>`;

/** "p(99)<1000" as people write it. */
const limit = (text: string, unit: string): string => {
  const [, name = '', sign = '', value = ''] = /^(.*?)(==|<=?|>=?)(.*)$/.exec(text) ?? [];
  const signs: Record<string, string> = { '==': '=', '<': '<', '>': '>', '<=': '≤', '>=': '≥' };
  const of = name.startsWith('p(') ? `${name.slice(2, -1)} % ` : '';
  return `${of}${signs[sign]} ${Number(value).toLocaleString('en')}${unit ? ` ${unit}` : ''}`;
};

function charts({ overTime, screens, scenario }: Report): string {
  const { upToMs, counts } = screens.distribution;
  const cores = (value: number) => `${whole(value * 100)} %`;
  return [
    lineChart({
      title: 'The sale',
      unit: 'People, by seconds since it opened',
      format: whole,
      series: overTime.sale,
    }),
    lineChart({
      title: 'Maps right again',
      unit: 'ms after a cut, at the moment of the cut',
      format: whole,
      series: overTime.returns,
    }),
    lineChart({
      title: 'A change on the screens',
      unit: 'ms after it was accepted',
      format: whole,
      series: overTime.screens,
    }),
    barChart({
      title: 'How long changes took to the screens',
      unit: 'Share of all, by ms up to which',
      format: whole,
      bars: upToMs.map((ms, i) => ({ label: ms === null ? 'more' : String(ms), value: counts[i] as number })),
    }),
    lineChart({
      title: 'Answers',
      unit: 'ms within which 99 % came',
      format: whole,
      series: overTime.answersP99,
    }),
    // All at one moment: the sale shows it better.
    scenario === 'on-sale'
      ? ''
      : lineChart({
          title: 'What was done',
          unit: 'A second',
          format: (value) => String(Math.round(value * 10) / 10),
          series: overTime.perSecond,
        }),
    lineChart({ title: 'Processor', unit: '100 % is one core', format: cores, series: overTime.cores }),
    lineChart({ title: 'Memory', unit: 'MB', format: whole, series: overTime.megabytes }),
  ].join('\n');
}

const answersTable = ({ answers }: Report): string => `<div class="table"><table>
<thead><tr><th>What</th><th class="number">How many</th><th class="number">Half</th><th class="number">90 %</th><th class="number">99 %</th><th class="number">Longest</th></tr></thead><tbody>${answers
  .map(
    ({ what, count, p50, p90, p99, max }) =>
      `<tr><td>${escaped(what)}</td>${[whole(count), inMs(p50), inMs(p90), inMs(p99), inMs(max)]
        .map((text) => `<td class="number">${text}</td>`)
        .join('')}</tr>`,
  )
  .join('')}</tbody></table></div>`;

function growth({ growth: perHour, profile }: Report): string {
  if (profile.seconds < growthFromSeconds) return '';
  const rows = Object.entries(perHour).filter(([, value]) => Number.isFinite(value));
  return `<section><h2>Memory that grows</h2><p>The straight line through the second half of the time.</p><div class="table"><table>
<thead><tr><th>Process</th><th class="number">MB an hour</th></tr></thead><tbody>${rows
    .map(([name, value]) => `<tr><td>${escaped(name)}</td><td class="number">${value.toFixed(1)}</td></tr>`)
    .join('')}</tbody></table></div></section>`;
}
