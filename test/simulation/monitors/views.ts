/** What viewers see is what there was: for each epoch and position there is one map, and they show that one. */
import { lettersOfStates } from '../../../src/seats/codec.ts';
import type { ScriptRun } from '../redis.ts';
import type { SimViewer } from '../viewer.ts';
import type { World } from '../world.ts';
import type { Report } from './report.ts';

export class ViewsMonitor {
  readonly #world: World;
  readonly #report: Report;
  /** Every map there ever was, by epoch and position. */
  readonly #maps = new Map<string, string>();
  readonly #epochs = new Set<string>();
  #last = '';

  constructor(world: World, report: Report) {
    this.#world = world;
    this.#report = report;
  }

  ran({ twin, name }: ScriptRun): void {
    const { meta } = twin;
    if (!meta) return;
    const key = `${meta.epoch} ${meta.position}`;
    if (key === this.#last && name !== 'load-event') return;
    this.#last = key;
    this.#epochs.add(meta.epoch);
    this.#maps.set(key, twin.seats.join(''));
  }

  seen(viewer: SimViewer): void {
    const { replica } = viewer.map;
    const { name } = viewer.process;
    const shown = lettersOfStates(replica.seats);
    if (this.#epochs.has(replica.epoch)) {
      const there = this.#maps.get(`${replica.epoch} ${replica.position}`);
      if (shown !== there) {
        const where = `${replica.epoch} at ${replica.position}`;
        this.#report('VIEW', `${name} shows ${shown} for ${where}, where there was ${there}`);
      }
    }
    const { tables } = this.#world.postgres;
    for (let seat = 0; seat < shown.length; seat++) {
      if (shown[seat] !== 's') continue;
      const isSold = [...tables.bookings.values()].some(({ seats }) =>
        seats.some((line) => line.seat === seat),
      );
      if (!isSold) this.#report('TRUTH-ORDER', `${name} shows seat ${seat} as sold, which nobody has bought`);
    }
  }

  /** Everything has come together: PostgreSQL, Redis, and every screen. */
  atRest(): void {
    const { redis, postgres, eventId, viewers } = this.#world;
    const { twin } = redis;
    const { meta } = twin;
    if (!meta || meta.run !== redis.runId) {
      this.#report('CONVERGE', 'the map is not loaded');
      return;
    }
    const truth = twin.seats.map((_, seat) =>
      postgres.tables.activeBookings(eventId, seat).length > 0 ? 's' : 'f',
    );
    const seats = twin.seats.join('');
    for (const hold of twin.holds.values()) {
      const isBooking = hold.state === 'c' ? 'being booked' : 'held';
      this.#report('STUCK', `${hold.id} of ${hold.owner} is still ${isBooking}: ${hold.seats}`);
    }
    if (seats.replaceAll('h', 'f') !== truth.join('')) {
      this.#report('CONVERGE', `Redis shows ${seats}, and PostgreSQL has ${truth.join('')}`);
    } else if (twin.holds.size === 0 && seats.includes('h')) {
      this.#report('STUCK', `seats without a hold are held: ${seats}`);
    }
    const isCancelled = postgres.tables.events.get(eventId)?.status === 'cancelled';
    if (isCancelled && truth.includes('s'))
      this.#report('EVENT', `it is cancelled, but sold: ${truth.join('')}`);
    for (const { map, process } of viewers) {
      const shown = lettersOfStates(map.replica.seats);
      const at = `${map.replica.epoch} ${map.replica.position}`;
      if (!map.fresh || shown !== seats || at !== `${meta.epoch} ${meta.position}`) {
        const freshness = map.fresh ? 'fresh' : 'not fresh';
        this.#report(
          'CONVERGE',
          `${process.name} shows ${shown} at ${at} (${freshness}), Redis has ${seats}`,
        );
      }
    }
    // What a Redis that restarted gets wrong is put right where nodes compare it with PostgreSQL.
    const isExact = redis.life === 1 && this.#world.nemesis.losses === 0;
    if (isExact || this.#world.settings.reconciles) this.#quotas();
  }

  /** What counts against a buyer's limit is what they have. */
  #quotas(): void {
    const { redis, postgres } = this.#world;
    const has = new Map<string, number>();
    for (const { userId, seats } of postgres.tables.bookings.values()) {
      const active = seats.filter((line) => line.cancelledAt === null).length;
      has.set(userId, (has.get(userId) ?? 0) + active);
    }
    for (const owner of new Set([...has.keys(), ...redis.twin.buyers.keys()])) {
      const counted = redis.twin.buyers.get(owner)?.booked ?? 0;
      const booked = has.get(owner) ?? 0;
      if (counted !== booked)
        this.#report('QUOTA', `${owner} has ${booked} seats, and Redis counts ${counted}`);
    }
  }
}
