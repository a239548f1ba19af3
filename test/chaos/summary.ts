/** What a run found, as a table for people. */
import type { Finding } from './checks/evidence.ts';
import type { RoundResult } from './round.ts';

interface Row {
  fault: string;
  injections: number;
  acked: number;
  lost: number;
  phantoms: number;
  'double sold': number;
  stuck: number;
  'wrong maps': number;
  other: number;
  'worst heal': string;
}

const headings: (keyof Row)[] = [
  'fault',
  'injections',
  'acked',
  'lost',
  'phantoms',
  'double sold',
  'stuck',
  'wrong maps',
  'other',
  'worst heal',
];

type Column = 'lost' | 'phantoms' | 'double sold' | 'stuck' | 'wrong maps' | 'other';

function columnOf({ check, sentence }: Finding): Column {
  if (check === 'C1')
    return sentence.includes('phantom') ? 'phantoms' : sentence.includes('lost') ? 'lost' : 'other';
  if (check === 'C2') return 'double sold';
  if (check === 'C11') return sentence.startsWith('stuck') ? 'stuck' : 'wrong maps';
  if (check === 'C6') return 'wrong maps';
  return 'other';
}

export function summaryOf(results: readonly RoundResult[]): string {
  const rows = [...Map.groupBy(results, ({ fault }) => fault.id)].map(([id, rounds]) => rowOf(id, rounds));
  if (rows.length > 1) rows.push(rowOf('all', results));
  const lines = [headings.map(String), ...rows.map((row) => headings.map((name) => String(row[name])))];
  const widths = headings.map((_, i) => Math.max(...lines.map((line) => (line[i] as string).length)));
  return lines.map((line) => line.map((cell, i) => cell.padStart(widths[i] as number)).join('  ')).join('\n');
}

function rowOf(fault: string, rounds: readonly RoundResult[]): Row {
  const found = rounds.flatMap(({ findings }) => findings.map(columnOf));
  const count = (column: Column) => found.filter((each) => each === column).length;
  const worst = Math.max(...rounds.map(({ viewersMs }) => viewersMs));
  return {
    fault,
    injections: rounds.length,
    acked: rounds.reduce((sum, { acked }) => sum + acked, 0),
    lost: count('lost'),
    phantoms: count('phantoms'),
    'double sold': count('double sold'),
    stuck: count('stuck'),
    'wrong maps': count('wrong maps'),
    other: count('other'),
    'worst heal': Number.isFinite(worst) ? `${(worst / 1000).toFixed(1)} s` : 'never',
  };
}

export function progressOf(result: RoundResult): string {
  const { fault, seed, acked, requests, unanswered, unchecked, findings, notes, viewersMs, restMs } = result;
  const heal = Number.isFinite(viewersMs) ? `${(viewersMs / 1000).toFixed(1)} s` : 'never';
  const rest = Number.isFinite(restMs) ? `${(restMs / 1000).toFixed(1)} s` : 'never';
  return [
    `${fault.id} seed ${seed}`,
    `${requests} requests, ${unanswered} unanswered, ${acked} booked`,
    `right after ${heal}, at rest after ${rest}`,
    ...(unchecked > 0 ? [`${unchecked} seats with too many open ends for C3`] : []),
    ...notes,
    findings.length === 0 ? 'all right' : `${findings.length} VIOLATIONS`,
  ].join('; ');
}
