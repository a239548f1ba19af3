/** What the tests of the waitlist share: an event whose seats are all held, and people who wait for them. */
import type { Tells } from '../../../src/contracts.gen.ts';
import { releaseSeats } from '../../../src/redis/scripts/release-seats.ts';
import { holdSeats } from '../../../src/redis/scripts/hold-seats.ts';
import { newHoldId } from '../../../src/ids.ts';
import { requestId, type TestClient } from '../../support/client.ts';
import type { EventOptions, TestHubs, TestUser } from '../../support/hub.ts';
import { node } from '../support.ts';

export interface FullEvent {
  eventId: string;
  /** Frees seats, each in a call of its own on the first node. */
  free(...seats: number[]): Promise<void>;
}

/** Nobody signed in as: holds whatever is not free. */
const holder = 'holder';

/** An event of 10 seats, held one by one. */
export async function fullEvent(hubs: TestHubs, options: EventOptions = {}): Promise<FullEvent> {
  const { seats = 10, rules = {} } = options;
  const eventId = await hubs.event({ ...options, seats, rules: { ...rules, seatsPerBuyer: 1000, ...rules } });
  const { inventory } = node(hubs).engine;
  const holds: string[] = [];
  for (let seat = 0; seat < seats; seat++) {
    const args = {
      // Each a buyer of its own: none has more than the event allows.
      owner: `${holder}-${seat}`,
      requestId: requestId(),
      fingerprint: '',
      holdId: newHoldId(),
      into: undefined,
      seats: [seat],
    };
    await inventory.run(holdSeats, eventId, args);
    holds.push(args.holdId);
  }
  return {
    eventId,
    async free(...list) {
      for (const seat of list) {
        const args = {
          owner: `${holder}-${seat}`,
          requestId: requestId(),
          fingerprint: '',
          holdId: holds[seat] ?? '',
          seats: [],
        };
        await inventory.run(releaseSeats, eventId, args);
      }
    },
  };
}

export interface Waiter {
  user: TestUser;
  client: TestClient;
  entryId: string;
}

/** Somebody new who waits. */
export async function waiting(
  hubs: TestHubs,
  eventId: string,
  wish: { quantity?: number; together?: boolean } = {},
  onNode = 0,
): Promise<Waiter> {
  const user = await hubs.user();
  const client = await hubs.connect(user, onNode);
  const { entry } = await client.request('waitlist:join', {
    eventId,
    quantity: 1,
    ...wish,
    requestId: requestId(),
  });
  return { user, client, entryId: entry.id };
}

/** Somebody new who waits and is offered a seat of their own. */
export async function offered(
  hubs: TestHubs,
  event: FullEvent,
  seat: number,
): Promise<Waiter & { offer: Tells['waitlist:promoted']['offer'] }> {
  const waiter = await waiting(hubs, event.eventId);
  const told = waiter.client.next('waitlist:promoted');
  await event.free(seat);
  return { ...waiter, offer: (await told).offer };
}

/** The steps of the waitlist of an event as the audit log has them. */
export async function audited(hubs: TestHubs, eventId: string): Promise<Record<string, unknown>[]> {
  return hubs.sql(
    `select action, actor_id, seats, details from audit
     where event_id = $1 and action like 'waitlist-%' order by at, id`,
    [eventId],
  );
}
