import { barChart } from '../shared/chart.ts';
import { decimal, median, type Result, verdict, whole, withSpread } from '../shared/results.ts';

export const names = { ours: 'ours', wholeMap: 'socket.io on uWebSockets.js, whole map as JSON' } as const;

export interface Turn {
  /** Until half of them, and all, had their map again. */
  halfMs: number;
  allMs: number;
  /** Of the server, for each viewer. */
  cpuMicros: number;
  /** The busiest tenth of a second, as a share of a core. */
  peak: number;
  /** What reached PostgreSQL from the node meanwhile, and how many of those its own clock lets expect in this time. */
  statements?: { asked: Map<string, number>; byClock: Map<string, number> };
}

export function reportReconnect(
  turns: Map<string, Turn[]>,
  { viewers, rounds, changeEveryMs }: { viewers: number; rounds: number; changeEveryMs: number },
): Result {
  const of = (name: string) => turns.get(name) ?? [];
  const values = (name: string, what: 'halfMs' | 'allMs' | 'cpuMicros' | 'peak') =>
    of(name).map((turn) => turn[what]);
  const { ours, wholeMap } = names;
  const stock = values(wholeMap, 'cpuMicros');
  const share = median(values(ours, 'cpuMicros').map((micros, i) => micros / (stock[i] ?? Number.NaN)));
  const beyond = [...beyondClock(of(ours))];
  const because = sumOf(beyond.map(([, count]) => count));
  const all = of(ours).map(({ statements }) => sumOf(statements?.asked.values() ?? []));
  const shown = [ours, wholeMap];
  return {
    title: 'What does it take when all viewers come back at once?',
    answer: `${because === 0 ? `Not one statement reaches PostgreSQL because of them (${verdict(true, 0)})` : `Because of them PostgreSQL ran ${whole(because)} ${because === 1 ? 'statement' : 'statements'} in ${rounds} rounds (${verdict(false, 0)})`}, and all ${whole(viewers)} maps are right each time, while seats go on changing. Half of the viewers have theirs again after ${whole(median(values(ours, 'halfMs')))} ms, all after ${whole(median(values(ours, 'allMs')))} ms. Each takes ${whole(median(values(ours, 'cpuMicros')))} µs of the node's CPU time, ${decimal(share)} × what stock Socket.IO on uWebSockets.js takes to answer with the whole map as JSON.`,
    table: {
      columns: [
        'server',
        'half back, ms',
        'all back, ms',
        'CPU µs a viewer',
        'busiest 0.1 s, of a core',
        'statements because of it',
      ],
      rows: shown.map((name) => [
        name,
        withSpread(values(name, 'halfMs')),
        withSpread(values(name, 'allMs')),
        withSpread(values(name, 'cpuMicros')),
        percent(median(values(name, 'peak'))),
        name === ours ? whole(because) : '–',
      ]),
    },
    notes: [
      `${rounds} rounds, in turns. ${whole(viewers)} connections are cut at one moment and all come back at once, each anew: handshake, and the whole map of 20,000 seats, half of them sold at random. A fifth of ours are signed in, with a session each and their own holds to be read from Redis. A seat changes every ${changeEveryMs} ms; on ours by a buyer on another node. Then the changes stop, and every viewer's map is compared with the other node's, seat by seat; a tick that one of them missed ends the bench.`,
      `The viewers share one core with everything but the server, and often it is they who are slow: the times are an upper bound. CPU time is that of the server from the cut until the last one is back; it includes closing the old connections and the ticks.`,
      `*Statements*: a relay before PostgreSQL reads the protocol and knows each statement that the node runs, by name. What it runs by its own clock (outbox, payments, comparison) was listened to for 125 s before anybody came back, longer than what it has read of an event counts as fresh and than it takes until an idle event is compared again; any other statement, and any of those more often than then, is there because of the viewers. ${because === 0 ? `Of the others there were ${withSpread(all)} a round.` : `They were: ${beyond.map(([statement, count]) => `${count} × \`${withoutIds(statement)}\``).join('; ')}.`}`,
      `One viewer stays: without any, the node lets the map go, and reads it from Redis for the first who comes. *Whole map as JSON*: \`[0,2,…]\`, 40 KB, from an array in memory, nobody is checked or known, and the viewers do not read it; ours read theirs.`,
    ],
    chart: barChart({
      title: `CPU time when ${whole(viewers)} viewers come back at once`,
      unit: 'µs of the server for each, median; a dot for every round; shorter is better',
      bars: shown.map((name) => ({
        label: name === wholeMap ? 'stock socket.io, whole map as JSON' : name,
        value: median(values(name, 'cpuMicros')),
        text: `${whole(median(values(name, 'cpuMicros')))} µs`,
        dots: values(name, 'cpuMicros'),
        ours: name === ours,
      })),
    }),
  };
}

/**
 * What a node asks of its own accord, all the same whether anybody comes, does not count: a statement that was heard
 * before, in all turns together as often as then, and up to twice more, since it may fall on either side of a border.
 */
function beyondClock(turns: readonly Turn[]): Map<string, number> {
  const total = (of: 'asked' | 'byClock') => {
    const sums = new Map<string, number>();
    for (const { statements } of turns) {
      for (const [text, count] of statements?.[of] ?? []) sums.set(text, (sums.get(text) ?? 0) + count);
    }
    return sums;
  };
  const byClock = total('byClock');
  const beyond = new Map<string, number>();
  for (const [statement, count] of total('asked')) {
    const usual = byClock.get(statement);
    const allowed = usual === undefined ? 0 : Math.ceil(usual) + 2;
    if (count > allowed) beyond.set(statement, count - allowed);
  }
  return beyond;
}

const sumOf = (counts: Iterable<number>): number => [...counts].reduce((sum, count) => sum + count, 0);
const percent = (share: number): string => `${whole(100 * share)} %`;
const withoutIds = (statement: string): string =>
  statement
    .replaceAll(/'[\da-f-]{36}'/g, '…')
    .replaceAll('"', '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 100);
