/**
 * Every scenario in every size, as data: read by the scripts in k6 and by the command that runs them. A size that
 * makes no sense for a scenario is left out.
 */

export interface Profile {
  /** Connections that watch. */
  viewers: number;
  /** Connections that watch, hold, book and cancel, each with an account of its own. */
  buyers: number;
  /** Of the event. */
  seats: number;
  /** Everybody comes in within this time, evenly. */
  entrySeconds: number;
  /** From then on; `on-sale` ends earlier when all is sold. */
  seconds: number;
  /** How often everybody is cut off, evenly over `seconds`. */
  storms?: number;
}

export const profileNames = ['smoke', 'load', 'stress', 'soak'] as const;
export type ProfileName = (typeof profileNames)[number];

export const scenarios = {
  viewers: {
    about: 'Many watch the map while a few buyers change it.',
    profiles: {
      smoke: { viewers: 100, buyers: 4, seats: 500, entrySeconds: 3, seconds: 12 },
      load: { viewers: 1000, buyers: 10, seats: 2000, entrySeconds: 15, seconds: 60 },
      stress: { viewers: 4000, buyers: 20, seats: 5000, entrySeconds: 40, seconds: 120 },
      soak: { viewers: 500, buyers: 10, seats: 2000, entrySeconds: 15, seconds: 1800 },
    },
  },
  'on-sale': {
    about: 'Everybody wants the same few seats at one moment, until all are sold.',
    profiles: {
      smoke: { viewers: 0, buyers: 100, seats: 20, entrySeconds: 3, seconds: 15 },
      load: { viewers: 0, buyers: 2000, seats: 200, entrySeconds: 20, seconds: 60 },
      stress: { viewers: 0, buyers: 5000, seats: 500, entrySeconds: 50, seconds: 120 },
    },
  },
  booking: {
    about: 'Buyers hold, confirm, list and cancel, and think in between.',
    profiles: {
      smoke: { viewers: 0, buyers: 20, seats: 500, entrySeconds: 2, seconds: 12 },
      load: { viewers: 0, buyers: 300, seats: 5000, entrySeconds: 10, seconds: 60 },
      stress: { viewers: 0, buyers: 1500, seats: 20_000, entrySeconds: 20, seconds: 120 },
      soak: { viewers: 0, buyers: 200, seats: 5000, entrySeconds: 10, seconds: 1800 },
    },
  },
  'reconnect-storm': {
    about: 'All viewers are cut off at one moment, several times, while buyers change the map.',
    profiles: {
      smoke: { viewers: 100, buyers: 4, seats: 500, entrySeconds: 3, seconds: 12, storms: 3 },
      load: { viewers: 1000, buyers: 10, seats: 2000, entrySeconds: 15, seconds: 60, storms: 5 },
      stress: { viewers: 4000, buyers: 20, seats: 5000, entrySeconds: 40, seconds: 150, storms: 10 },
      soak: { viewers: 500, buyers: 10, seats: 2000, entrySeconds: 15, seconds: 1800, storms: 120 },
    },
  },
  soak: {
    about: 'Viewers and buyers together, for long: what grows?',
    profiles: {
      smoke: { viewers: 60, buyers: 10, seats: 500, entrySeconds: 3, seconds: 15 },
      load: { viewers: 300, buyers: 50, seats: 2000, entrySeconds: 10, seconds: 300 },
      stress: { viewers: 1000, buyers: 200, seats: 5000, entrySeconds: 20, seconds: 900 },
      soak: { viewers: 300, buyers: 50, seats: 2000, entrySeconds: 10, seconds: 7200 },
    },
  },
} as const satisfies Record<
  string,
  { about: string; profiles: Partial<Record<ProfileName, Profile>> & { smoke: Profile } }
>;

export type ScenarioName = keyof typeof scenarios;
export const scenarioNames = Object.keys(scenarios) as ScenarioName[];

export const isScenario = (name: string): name is ScenarioName => Object.hasOwn(scenarios, name);

/** undefined when the scenario has no such size. */
export function profileOf(scenario: ScenarioName, name: string): Profile | undefined {
  const sizes: Record<string, Profile | undefined> = scenarios[scenario].profiles;
  return Object.hasOwn(sizes, name) ? sizes[name] : undefined;
}

/**
 * What must hold. In k6's words, except for what only the whole run shows (`overall`): that is joined from what all
 * VUs wrote down. Times are those of one machine that plays hub, services and people at once.
 */
export function thresholdsOf(
  scenario: ScenarioName,
  { viewers, buyers, seats, storms = 0 }: Profile,
): { k6: Record<string, string[]>; overall: { screenP99Ms: number; loserToldP99Ms?: number } } {
  const zero = ['count==0'];
  const k6: Record<string, string[]> = {
    visitors_in: [`count==${viewers + buyers}`],
    maps_compared: [`count==${viewers + buyers}`],
    maps_wrong: zero,
    seats_sold_twice: zero,
    bookings_lost: zero,
    requests_failed: zero,
    answer_watch: ['p(99)<2000'],
    answer_hold: ['p(99)<1000'],
    answer_confirm: ['p(99)<2000'],
  };
  if (scenario === 'on-sale') {
    k6.seats_sold = [`count==${seats}`];
    k6.answer_refusal = ['p(99)<1000'];
    return { k6, overall: { screenP99Ms: 1000, loserToldP99Ms: 1000 } };
  }
  k6.holds = ['count>0'];
  k6.connections_lost = zero;
  if (scenario === 'booking' || scenario === 'soak') {
    k6.bookings = ['count>0'];
    k6.answer_cancel = ['p(99)<2000'];
  }
  if (scenario === 'reconnect-storm') {
    k6.returns = [`count==${viewers * storms}`];
    k6.connections_lost = [`count==${viewers * storms}`];
    k6.map_right_again = ['p(99)<5000'];
  }
  return { k6, overall: { screenP99Ms: 1000 } };
}
