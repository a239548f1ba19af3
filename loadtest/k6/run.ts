/// <reference types="k6" />
/**
 * What every scenario shares: who takes part, when it begins and ends, and what must be true afterwards. From the
 * environment:
 *
 *   NODES    addresses of the hub's nodes, comma separated
 *   EVENT    id of an event that is on sale
 *   TOKENS   a file with a JSON array of access tokens, one for each buyer
 *   PROFILE  smoke, load, stress or soak
 *   SIZE     JSON that changes some of the profile's numbers; may be left out
 */
import { SharedArray } from 'k6/data';
import exec from 'k6/execution';
import http from 'k6/http';
import type { Options } from 'k6/options';
import type { Event } from '../../src/contracts.gen.ts';
import { Buyer } from './buyer.ts';
import { checkSales } from './check-sales.ts';
import { compareMaps } from './compare-maps.ts';
import { at, closeJournal, elapsed, openJournal, pause } from './journal.ts';
import { type Profile, profileOf, type ScenarioName, thresholdsOf } from './profiles.ts';
import { Visitor } from './visitor.ts';

/**
 * A VU costs megabytes, a socket kilobytes, and what one socket of a VU has read the others need not; but all sockets
 * of a VU share one thread.
 */
const socketsPerVu = 100;
/** Some of the sockets of each VU show what their screen shows when. */
const measuredPerVu = 10;
/** Between the last who should be in and the beginning. */
const breathMs = 2000;
/** From the last request to the comparison of the maps. */
const settleMs = 2500;
/** For those who come late, and for comparing. */
const marginMs = 90_000;

const required = (name: string): string => {
  const value = __ENV[name];
  if (value) return value;
  throw new Error(`${name} is not set: see the head of loadtest/k6/run.ts, or use npm run loadtest.`);
};
const nodes = required('NODES').split(',');
const eventId = required('EVENT');
const tokens = new SharedArray<string>('tokens', () => JSON.parse(open(required('TOKENS'))) as string[]);

function readProfile(scenario: ScenarioName): Profile {
  const name = required('PROFILE');
  const profile = profileOf(scenario, name);
  if (!profile) throw new Error(`${scenario} has no profile ${name}.`);
  return { ...profile, ...(JSON.parse(__ENV.SIZE ?? '{}') as Partial<Profile>) };
}

/** Those who share a VU, and the moments that all VUs share. */
export interface Cast {
  viewers: Visitor[];
  buyers: Buyer[];
  profile: Profile;
  /** ms since the test began; everybody should be in by then. */
  beginsAt: number;
  endsAt: number;
}

/** All that k6 wants to find in a script; `act` is what the people of one VU do once they are coming in. */
export function scenario(name: ScenarioName, act: (cast: Cast) => Promise<void>) {
  const profile = readProfile(name);
  const { viewers, buyers, entrySeconds, seconds } = profile;
  const people = viewers + buyers;
  if (tokens.length < buyers) throw new Error(`${buyers} buyers, but only ${tokens.length} tokens.`);
  const vus = Math.ceil(people / socketsPerVu);
  const beginsAt = entrySeconds * 1000 + breathMs;
  const endsAt = beginsAt + seconds * 1000;
  const options: Options = {
    scenarios: {
      [name]: {
        executor: 'per-vu-iterations',
        vus,
        iterations: 1,
        maxDuration: `${endsAt + marginMs}ms`,
        gracefulStop: '0s',
      },
    },
    thresholds: thresholdsOf(name, profile).k6,
    summaryTrendStats: ['min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max', 'count'],
    // Every tag makes a metric dearer, and there is one sample a message.
    systemTags: ['scenario'],
    batchPerHost: 20,
    teardownTimeout: '10m',
    setupTimeout: '30s',
  };

  return {
    options,
    setup(): void {
      const response = http.get(`${nodes[0]}/api/v1/events/${eventId}`);
      const event = response.status === 200 ? (response.json() as unknown as Event) : undefined;
      if (event?.status !== 'published') throw new Error(`Event ${eventId} is not on sale at ${nodes[0]}.`);
    },
    async play(): Promise<void> {
      const mine = Array.from({ length: people }, (_, i) => i).filter(
        (i) => i % vus === exec.vu.idInTest % vus,
      );
      const visitors = mine.map((index, i) => {
        // Buyers come first in the count, so that every VU has its share.
        const token = index < buyers ? tokens[index] : undefined;
        const visitor = new Visitor({ nodes, index, eventId, token, measured: i < measuredPerVu });
        return { index, visitor, isBuyer: index < buyers };
      });
      const cast: Cast = {
        viewers: visitors.filter(({ isBuyer }) => !isBuyer).map(({ visitor }) => visitor),
        buyers: visitors.filter(({ isBuyer }) => isBuyer).map(({ visitor }) => new Buyer(visitor, eventId)),
        profile,
        beginsAt,
        endsAt,
      };
      openJournal();
      await Promise.all(
        visitors.map(async ({ index, visitor }) => {
          // In an order of its own, so that buyers do not all come before the viewers.
          const turn = (index * 7919) % people;
          await at((turn / people) * entrySeconds * 1000);
          visitor.enter();
        }),
      );
      await act(cast);
      await Promise.all(visitors.map(({ visitor }) => visitor.entered));
      await pause(settleMs);
      await compareMaps(
        visitors.map(({ visitor }) => visitor),
        { node: nodes[exec.vu.idInTest % nodes.length] as string, eventId },
      );
      for (const buyer of cast.buyers) await buyer.checkPromises();
      for (const { visitor } of visitors) visitor.leave();
      closeJournal();
    },
    teardown(): void {
      checkSales(nodes[0] as string, eventId, tokens.slice(0, buyers));
      closeJournal();
    },
  };
}

/** Until the end, for scenarios that have nothing else to wait for. */
export const untilEnd = async ({ endsAt }: Cast): Promise<void> => pause(endsAt - elapsed());
