/** What the load test is asked to do. Everything wrong is told in one sentence. */
import { parseArgs } from 'node:util';
import {
  isScenario,
  type Profile,
  type ProfileName,
  profileNames,
  profileOf,
  type ScenarioName,
  scenarioNames,
  scenarios,
} from '../k6/profiles.ts';

export interface LoadtestOptions {
  scenario: ScenarioName;
  profileName: ProfileName;
  /** With what was changed on the command line. */
  profile: Profile;
  nodes: number;
}

/** Ends with its sentence instead of a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const maxNodes = 16;
const counts = { viewers: 20_000, buyers: 10_000, seats: 100_000, seconds: 86_400 } as const;

/** Throws `UsageError`. undefined: help was asked for. */
export function readOptions(args: string[]): LoadtestOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [scenario = '', ...more] = positionals;
  if (!isScenario(scenario) || more.length > 0) {
    throw new UsageError(
      `${scenario ? `There is no scenario "${positionals.join(' ')}"` : 'Which scenario'}: ${scenarioNames.join(', ')}? --help says what each does.`,
    );
  }
  const profile = profileOf(scenario, values.profile);
  if (!profile) {
    const there = Object.keys(scenarios[scenario].profiles).join(', ');
    throw new UsageError(`${scenario} has no profile "${values.profile}", but ${there}.`);
  }
  const nodes = whole('nodes', values.nodes, 1, maxNodes);
  const changed: Profile = { ...profile };
  for (const [name, most] of Object.entries(counts)) {
    const text = values[name as keyof typeof counts];
    if (text !== undefined) changed[name as keyof typeof counts] = whole(name, text, 0, most);
  }
  if (changed.viewers + changed.buyers === 0) throw new UsageError('Nobody would come.');
  if (changed.seats === 0) throw new UsageError('There would be no seats.');
  return { scenario, profileName: values.profile as ProfileName, profile: changed, nodes };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        profile: { type: 'string', default: 'smoke' },
        nodes: { type: 'string', default: '2' },
        viewers: { type: 'string' },
        buyers: { type: 'string' },
        seats: { type: 'string' },
        seconds: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (--help says what there is.)`);
  }
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} is "${text}", but it must be a whole number from ${min} to ${max}.`);
}

/** A profile in words, such as "2,000 buyers, 200 seats, in within 20 s, then 60 s". */
export function profileInWords({ viewers, buyers, seats, entrySeconds, seconds, storms }: Profile): string {
  const number = (value: number) => value.toLocaleString('en');
  return [
    ...(viewers ? [`${number(viewers)} viewers`] : []),
    ...(buyers ? [`${number(buyers)} buyers`] : []),
    `${number(seats)} seats`,
    `in within ${entrySeconds} s`,
    `then ${number(seconds)} s${storms ? ` with ${storms} storms` : ''}`,
  ].join(', ');
}

export function usage(): string {
  const list = scenarioNames.map((name) => {
    const sizes = profileNames.flatMap((size) => {
      const profile = profileOf(name, size);
      return profile ? [`    ${size.padEnd(8)}${profileInWords(profile)}`] : [];
    });
    return [`  ${name}: ${scenarios[name].about}`, ...sizes].join('\n');
  });
  return `npm run loadtest -- <scenario> [--profile smoke] [--nodes 2] [--viewers N] [--buyers N] [--seats N] [--seconds N]

Starts PostgreSQL, Redis and the nodes by itself, plays the scenario with k6, and writes a report. --viewers and
so on change single numbers of the profile. Exit code 0: all thresholds held; 99: not all; 1: it broke; 2: wrong use.

${list.join('\n\n')}
`;
}
